"""Commands for the very beginning, and for who can no longer sign in."""

from collections.abc import Callable

import click

from wx_backend.cli_app import ReadConfig, app_of


@click.command("first-setup")
@click.option("--code", default="GROUP", show_default=True, help="code of the first place")
@click.option("--name", prompt="Name of the organisation", help="what the first place is called")
@click.option(
    "--login", default="admin", show_default=True, help="login of the first administrator"
)
@click.option("--staff-name", default="管理员", show_default=True, help="what he is called")
@click.pass_obj
def first_setup(read_config: ReadConfig, code: str, name: str, login: str, staff_name: str) -> None:
    """Make the organisation's first place and its first administrator; show his password, once."""

    def work() -> str:
        from org.first_setup import set_up
        from wx_backend import clock

        return set_up(code=code, name=name, login=login, staff_name=staff_name, now=clock.now())

    _say(login, _done(read_config, work))


@click.command("let-in-again")
@click.argument("login")
@click.pass_obj
def let_in_again(read_config: ReadConfig, login: str) -> None:
    """Give LOGIN a new password, shown once; his sessions, locks, second factor and briefing end."""

    def work() -> str:
        from flows.staff_desk import let_in_again
        from wx_backend import clock

        return let_in_again(login=login, now=clock.now())

    _say(login, _done(read_config, work))


@click.command("add-administrator")
@click.argument("login")
@click.option("--name", required=True, help="what he is called")
@click.option("--place", required=True, help="code of the place whose administrator he is")
@click.pass_obj
def add_administrator(read_config: ReadConfig, login: str, name: str, place: str) -> None:
    """Make LOGIN an administrator of a place, also the equal of one who is there; show his password."""

    def work() -> str:
        from org.first_setup import add_administrator
        from org.queries import node_by_code
        from wx_backend.errors import NotFound

        node = node_by_code(place)
        if node is None:
            raise NotFound("没有这个单位")
        return add_administrator(login=login, name=name, node_id=node.id)

    _say(login, _done(read_config, work))


COMMANDS = (first_setup, let_in_again, add_administrator)


def _done(read_config: ReadConfig, work: Callable[[], str]) -> str:
    """One transaction, and in a line why it was refused."""
    with app_of(read_config()):
        from wx_backend.db import retried
        from wx_backend.errors import AppError

        try:
            return retried(work)
        except AppError as error:
            raise click.ClickException(str(error)) from error


def _say(login: str, password: str) -> None:
    click.echo(f"login:    {login}\npassword: {password}")
    click.echo("It is shown this once, and has to be changed at the first login.")
