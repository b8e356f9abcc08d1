"""The command that brings phone numbers into a pool."""

from pathlib import Path

import click

from wx_backend.cli_app import ReadConfig, app_of
from wx_backend.errors import AppError


@click.command("import-numbers")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--node", required=True, help="code of the city or outlet whose pool it is")
@click.pass_obj
def import_numbers(read_config: ReadConfig, file: Path, node: str) -> None:
    """Bring phone numbers from a CSV or XLSX file into a pool; all rows of it, or none."""
    from flows.number_file import import_number_file  # the app is heavy: for this command only
    from wx_backend import clock
    from wx_backend.db import retried

    with app_of(read_config()):
        try:
            done = retried(lambda: import_number_file(file, node_code=node, now=clock.now()))
        except AppError as error:
            rows = error.details.get("rows", [])
            raise click.ClickException("\n".join([error.message, *rows])) from error
    click.echo(f"{done.read} numbers read, {done.new} new")
