"""Command for the working calendar: take over a list of holidays and of days worked instead."""

from pathlib import Path

import click

from wx_backend.cli_app import ReadConfig, app_of


@click.command("import-calendar")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", default="import", show_default=True, help="who published the list")
@click.pass_obj
def import_calendar(read_config: ReadConfig, file: Path, source: str) -> None:
    """Take over a list of days: `2026-10-01,holiday,国庆节` or `...,workday,...` per line, UTF-8."""
    from fulfilment.calendar import BadCalendar, import_days, read_days
    from wx_backend.db import retried

    try:
        days = read_days(file.read_text("utf-8-sig").splitlines())
    except BadCalendar as error:
        raise click.ClickException(
            f"line {error.details['line']} is not like `2026-10-01,holiday,国庆节` (or workday)"
        ) from error
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file} is not UTF-8") from error
    with app_of(read_config()):
        count = retried(lambda: import_days(days, source=source[:60]))
    click.echo(f"{count} days in the calendar")


COMMANDS = (import_calendar,)
