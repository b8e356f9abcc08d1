"""Commands for what went wrong or got old: dead work, bodies to purge, touches to compare."""

import json
from functools import partial
from typing import Any

import click

from wx_backend.cli_app import ReadConfig, app_of


@click.command()
@click.option("--limit", default=50, show_default=True, help="rows of each kind at most")
@click.pass_obj
def dead(read_config: ReadConfig, limit: int) -> None:
    """List the work that gave up (pushes, notices, jobs): table, id, kind, tries, last error."""
    with app_of(read_config()):
        from flows.repair import TABLES
        from wx_backend.backlog import dead_rows, kind_of

        for label, table in TABLES.items():
            for row in dead_rows(table, limit=limit):
                click.echo(f"{label} {row.id}  {kind_of(row)}  x{row.attempts}  {row.last_error}")


@click.command()
@click.argument("table", type=click.Choice(["push", "notice", "job"]))
@click.option("--id", "row_id", type=int, help="this row only")
@click.option("--kind", help="all dead rows of this kind, as `dead` shows it")
@click.pass_obj
def replay(read_config: ReadConfig, table: str, row_id: int | None, kind: str | None) -> None:
    """Have dead work tried again: one row by its --id, or all of a --kind."""
    if (row_id is None) == (kind is None):
        raise click.UsageError("give either --id or --kind")
    with app_of(read_config()):
        revived = _revived(table, row_id, kind)
    click.echo(f"{revived} brought back")


@click.command()
@click.pass_obj
def purge(read_config: ReadConfig) -> None:
    """Drop bodies of pushes and notices after 90 days, done jobs after 30; the clock does it hourly."""
    from wx_backend import clock
    from wx_backend.purge import EXPIRING

    with app_of(read_config()):
        now = clock.now()
        for each in EXPIRING:
            with click.progressbar(length=each.count(now), label=each.name) as bar:
                for done in each.batches(now):
                    bar.update(done)


@click.command("rebuild-touches")
@click.option(
    "--dry-run", is_flag=True, help="say that nothing is to be changed: there is no other way"
)
@click.pass_obj
def rebuild_touches(read_config: ReadConfig, *, dry_run: bool) -> None:
    """Play the stored pushes again and show where their touches differ; changes nothing."""
    if not dry_run:
        raise click.UsageError("touches are never rewritten: say --dry-run and read what differs")
    found = []
    with app_of(read_config()):
        from flows.arrival.replay import pushes_to_replay, replayed

        length = pushes_to_replay()
        with click.progressbar(length=length, label="pushes") as bar:
            for done, differences in replayed():
                found += differences
                bar.update(done)
    for each in found:
        click.echo(
            f"push {each.push_id}: stored {_shown(each.stored)}, now {_shown(each.replayed)}"
        )
    click.echo(f"{length} pushes, {len(found)} differences")
    if found:
        raise SystemExit(1)


COMMANDS = (dead, replay, purge, rebuild_touches)


def _revived(label: str, row_id: int | None, kind: str | None) -> int:
    from flows.repair import TABLES
    from wx_backend import backlog, clock
    from wx_backend.db import db, retried

    table = TABLES[label]
    ids = [row_id] if row_id else backlog.dead_ids(table, kind=kind or "")
    db.session.rollback()
    revived = 0
    with click.progressbar(ids, label="replay") as bar:
        for each in bar:
            revived += retried(partial(backlog.bring_back, table, each, now=clock.now()))
    return revived


def _shown(touch: dict[str, Any] | None) -> str:
    return "no touch" if touch is None else json.dumps(touch, default=str, ensure_ascii=False)
