"""Commands for an account's menu and automatic replies."""

import click

from wx_backend.cli_app import ReadConfig, app_of


@click.command("adopt-account")
@click.argument("account")
@click.pass_obj
def adopt(read_config: ReadConfig, account: str) -> None:
    """Take over the menu and replies that ACCOUNT (a name of the configuration) has now.

    Nothing changes at WeChat. Until this is done no menu can be published.
    """
    config = read_config()
    chosen = config.account(account)
    if chosen is None:
        raise click.UsageError(f"no account is named {account}")
    with app_of(config):
        for line in _adopted(chosen.appid):
            click.echo(line)


COMMANDS = (adopt,)


def _adopted(appid: str) -> list[str]:
    from flows.menus.adopting import adopt_account
    from menus.tree import leaves
    from wx_backend.errors import AppError, PlatformError
    from wx_backend.outbox import done_here

    try:
        taken = done_here(adopt_account(appid=appid))
    except (AppError, PlatformError) as error:
        raise click.ClickException(str(error)) from error
    trees = (taken.menu.default, *(each.menu for each in taken.menu.personal))
    count = sum(1 for tree in trees for _ in leaves(tree))
    return [f"{count} buttons, {len(taken.rules)} reply rules", *(f"! {n}" for n in taken.notes)]
