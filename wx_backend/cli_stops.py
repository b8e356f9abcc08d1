"""Commands that hold what goes out of the house, and let it go on."""

import getpass
from collections.abc import Callable

import click

from wx_backend.cli_app import ReadConfig, app_of

LINES = click.Choice(["everything", "messages", "refunds", "payouts"])
PLACE = click.option(
    "--place", default="", help="payouts of the province or city of this code alone"
)


@click.command("stop")
@click.argument("line", type=LINES)
@click.option("--reason", required=True, help="for those who wonder why nothing goes out")
@PLACE
@click.pass_obj
def stop_line(read_config: ReadConfig, line: str, reason: str, place: str) -> None:
    """Hold a LINE: its work waits and is not lost. A restored copy begins with `everything`."""
    _check(line, place)
    with app_of(read_config()):
        from flows.payout.places import stop_place
        from wx_backend import clock, stops

        def held() -> None:
            now, by = clock.now(), _who()
            if not place:
                stops.stop(line=stops.Line(line), reason=reason, by=by, now=now)
                return
            node_id = _node(place)
            stop_place(node_id=node_id, scope_id=node_id, reason=reason, by=by, now=now)

        _done(held)
    click.echo(f"{line}{_of(place)}: stopped")


@click.command("resume")
@click.argument("line", type=LINES)
@PLACE
@click.pass_obj
def resume_line(read_config: ReadConfig, line: str, place: str) -> None:
    """Let a stopped LINE go on; what waited goes out now."""
    _check(line, place)
    with app_of(read_config()):
        from flows.payout.places import lift_place
        from wx_backend import clock, stops

        def lifted() -> None:
            now, by = clock.now(), _who()
            if not place:
                stops.lift(line=stops.Line(line), by=by, now=now)
                return
            lift_place(node_id=_node(place), by=by, now=now)

        _done(lifted)
    click.echo(f"{line}{_of(place)}: goes on")


COMMANDS = (stop_line, resume_line)


def _check(line: str, place: str) -> None:
    if place and line != "payouts":
        raise click.UsageError("only payouts can be stopped for one place")


def _node(code: str) -> int:
    from org.queries import node_by_code

    found = node_by_code(code)
    if found is None:
        raise click.ClickException(f"there is no place {code}")
    return found.id


def _done(work: Callable[[], None]) -> None:
    from wx_backend.db import retried
    from wx_backend.errors import AppError

    try:
        retried(work)
    except AppError as error:
        raise click.ClickException(str(error)) from error


def _of(place: str) -> str:
    return f" of {place}" if place else ""


def _who() -> str:
    return f"command:{getpass.getuser()}"[:40]
