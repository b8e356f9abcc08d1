"""Commands for what is counted: hold figures and balances against what happened, and mend them."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import partial

import click

from wx_backend.cli_app import ReadConfig, app_of

DAY = click.DateTime(["%Y-%m-%d"])


@click.command("compare-figures")
@click.option("--from", "first", type=DAY, required=True, help="first Shanghai day of the sums")
@click.option("--until", "last", type=DAY, required=True, help="last one")
@click.option("--mend", is_flag=True, help="count what is missing, make wrong sums anew")
@click.pass_obj
def compare_figures(
    read_config: ReadConfig, first: datetime, last: datetime, *, mend: bool
) -> None:
    """Hold facts against all orders, refunds and touches, and the sums of days, of their weeks and months against their facts."""
    days = list(_days(first.date(), last.date()))
    with app_of(read_config()):
        missing, differing = _missing(mend=mend), _differing(days, mend=mend)
    click.echo(f"{missing} facts missing, {differing} sums wrong{' (mended)' if mend else ''}")
    if (missing or differing) and not mend:
        raise SystemExit(1)


@click.command("compare-balances")
@click.option("--mend", is_flag=True, help="store what the entries make")
@click.pass_obj
def compare_balances(read_config: ReadConfig, *, mend: bool) -> None:
    """Hold the stored balance of every account against its entries."""
    with app_of(read_config()):
        from ledger.balances import compare_balances
        from wx_backend.db import retried

        differing = retried(partial(compare_balances, mend=mend))
    click.echo(f"{differing} balances wrong{' (mended)' if mend else ''}")
    if differing and not mend:
        raise SystemExit(1)


def _missing(*, mend: bool) -> int:
    from flows.figures.counting import look_for_missing
    from wx_backend import clock

    missing = rows = 0
    for looked in look_for_missing(mend=mend, now=clock.now()):
        missing, rows = missing + looked.missing, rows + looked.rows
        click.echo(f"\r{rows} rows", nl=False, err=True)
    click.echo(err=True)
    return missing


def _differing(days: list[date], *, mend: bool) -> int:
    from flows.figures.counting import compare_day, compare_month, compare_week
    from insights.values import monday_of
    from wx_backend import clock

    with click.progressbar(days, label="days") as bar:
        wrong = sum(compare_day(on=day, mend=mend, now=clock.now()) for day in bar)
    weeks, months = {monday_of(day) for day in days}, {day.replace(day=1) for day in days}
    for week in sorted(weeks):
        wrong += compare_week(of=week, mend=mend, now=clock.now())
    return wrong + sum(compare_month(of=of, mend=mend, now=clock.now()) for of in sorted(months))


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


COMMANDS = (compare_figures, compare_balances)
