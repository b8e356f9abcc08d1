"""Commands for codes that are printed."""

from pathlib import Path

import click

from wx_backend.cli_app import ReadConfig, app_of


@click.command("outlet-code")
@click.argument("outlet")
@click.option("--account", help="name of the Official Account; the first one by default")
@click.option("--svg", type=click.Path(path_type=Path), help="write the picture to this file too")
@click.pass_obj
def outlet_code(
    read_config: ReadConfig, outlet: str, account: str | None, svg: Path | None
) -> None:
    """Make the permanent code of the outlet with this OUTLET code, once; show what it says."""
    config = read_config()
    chosen = config.account(account) if account else config.accounts[0]
    if chosen is None:
        raise click.UsageError(f"no account is named {account}")
    with app_of(config):
        url = _made(outlet, chosen.appid)
    if svg is not None:
        from wx_backend.qr_picture import qr_svg

        svg.write_text(qr_svg(url), "utf-8")
    click.echo(url)


COMMANDS = (outlet_code,)


def _made(outlet: str, appid: str) -> str:
    from flows.outlet_codes import outlet_code as steps
    from wx_backend.errors import AppError, PlatformError
    from wx_backend.outbox import done_here

    try:
        return str(done_here(steps(outlet=outlet, appid=appid)).url)
    except (AppError, PlatformError) as error:
        raise click.ClickException(str(error)) from error
