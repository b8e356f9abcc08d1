"""The command that brings phone numbers into a pool, or takes them out of it."""

from pathlib import Path

import click

from wx_backend.cli_app import ReadConfig, app_of
from wx_backend.errors import AppError


@click.command("import-numbers")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--node", required=True, help="code of the city or outlet whose pool it is")
@click.option(
    "--gone", "what", flag_value="gone", help="take them out: sold elsewhere, ported away"
)
@click.option("--back", "what", flag_value="back", help="offer again what was taken out")
@click.pass_obj
def import_numbers(read_config: ReadConfig, file: Path, node: str, what: str | None) -> None:
    """Bring phone numbers from a CSV or XLSX file into a pool; all rows of it, or none."""
    from wx_backend.db import retried  # the app is heavy: for this command only

    work = {"gone": _withdrawn, "back": _put_back}.get(what or "", _imported)
    with app_of(read_config()):
        try:
            said = retried(lambda: work(file, node))
        except AppError as error:
            rows = error.details.get("rows", [])
            raise click.ClickException("\n".join([error.message, *rows])) from error
    click.echo(said)


def _imported(file: Path, node: str) -> str:
    from flows.number_file import import_number_file
    from wx_backend import clock

    done = import_number_file(file, node_code=node, now=clock.now())
    return f"{done.read} numbers read, {done.new} new"


def _withdrawn(file: Path, node: str) -> str:
    from flows.number_file import withdraw_number_file
    from wx_backend import clock

    done = withdraw_number_file(file, node_code=node, now=clock.now())
    said = f"{done.read} numbers read, {done.out} taken out"
    if not done.taken:
        return said
    return "\n".join([f"{said}; held, ordered or sold, and left as they are:", *done.taken])


def _put_back(file: Path, node: str) -> str:
    from flows.number_file import put_back_number_file
    from wx_backend import clock

    done = put_back_number_file(file, node_code=node, now=clock.now())
    return f"{done.read} numbers read, {done.new} put back"
