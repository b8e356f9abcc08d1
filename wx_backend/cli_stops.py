"""Commands that hold what goes out of the house, and let it go on."""

import getpass

import click

from wx_backend.cli_app import ReadConfig, app_of

LINES = click.Choice(["everything", "messages", "refunds", "payouts"])


@click.command("stop")
@click.argument("line", type=LINES)
@click.option("--reason", required=True, help="for those who wonder why nothing goes out")
@click.pass_obj
def stop_line(read_config: ReadConfig, line: str, reason: str) -> None:
    """Hold a LINE: its work waits and is not lost. A restored copy begins with `everything`."""
    with app_of(read_config()):
        from wx_backend import clock, stops
        from wx_backend.db import retried
        from wx_backend.errors import AppError

        try:
            retried(
                lambda: stops.stop(line=stops.Line(line), reason=reason, by=_who(), now=clock.now())
            )
        except AppError as error:
            raise click.ClickException(str(error)) from error
    click.echo(f"{line}: stopped")


@click.command("resume")
@click.argument("line", type=LINES)
@click.pass_obj
def resume_line(read_config: ReadConfig, line: str) -> None:
    """Let a stopped LINE go on; what waited goes out now."""
    with app_of(read_config()):
        from wx_backend import clock, stops
        from wx_backend.db import retried
        from wx_backend.errors import AppError

        try:
            retried(lambda: stops.lift(line=stops.Line(line), by=_who(), now=clock.now()))
        except AppError as error:
            raise click.ClickException(str(error)) from error
    click.echo(f"{line}: goes on")


COMMANDS = (stop_line, resume_line)


def _who() -> str:
    return f"command:{getpass.getuser()}"[:40]
