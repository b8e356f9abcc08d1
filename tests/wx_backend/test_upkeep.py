"""What gave up is listed and brought back, what is old goes, and touches can be held against pushes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import select, update

from flows.arrival.plan import Arrival
from payments.models import NoticeKind, PayNotice
from payments.notices import receive_notice
from referral.models import Touch
from tests.handlers.conftest import desk_of, platform_of
from tests.handlers.platform import follow, scan, text
from wx_backend import cli, cli_repair, clock
from wx_backend.config import Config
from wx_backend.db import db, transaction
from wx_backend.inbox import Push
from wx_backend.outbox import Job, defer, job
from wx_backend.purge import BODIES_KEPT, JOBS_KEPT, purge

Run = Callable[..., Result]


@job("test.upkeep")
def nothing(*, number: int) -> None:
    assert number


@pytest.fixture
def run(app: Flask, config: Config, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command on this test's database, in this process."""
    assert app.testing
    monkeypatch.setattr(cli, "_config", lambda: config)
    monkeypatch.setattr("wx_backend.log.configure", lambda: None)

    def command(*arguments: str) -> Result:
        db.session.rollback()
        result = CliRunner().invoke(cli.main, arguments)
        db.session.rollback()
        return result

    return command


def take(app: Flask, config: Config, *said: dict[str, Any]) -> None:
    desk, city = desk_of(app), platform_of(config, "city")
    for each in said:
        assert desk(city.safe(each)).status_code == 200


def kill(table: type[Push] | type[Job] | type[PayNotice]) -> None:
    with transaction() as session:
        session.execute(update(table).values(status="dead", last_error="no luck", attempts=12))


def statuses(table: Any) -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(table.status).order_by(table.id)))


def test_dead_work_is_listed_and_brought_back_by_kind(app: Flask, config: Config, run: Run) -> None:
    take(app, config, text("订单", number=1), text("海报", number=2), follow())
    with transaction():
        defer(nothing, number=1)
        receive_notice(notice_id="EV-1", kind=NoticeKind.PAYMENT, raw="{}", now=clock.now())
    for table in (Push, Job, PayNotice):
        kill(table)

    listed = run("dead").output
    assert listed.count("no luck") == 5
    assert "job 1  test.upkeep  x12" in listed
    assert "notice 1  payment" in listed

    assert "2 brought back" in run("replay", "push", "--kind", "text").output
    assert statuses(Push) == ["pending", "pending", "dead"]
    assert "1 brought back" in run("replay", "push", "--id", "3").output
    assert "0 brought back" in run("replay", "push", "--id", "3").output
    assert "1 brought back" in run("replay", "job", "--kind", "test.upkeep").output
    assert "1 brought back" in run("replay", "notice", "--id", "1").output


@pytest.mark.parametrize(
    "arguments", [("push",), ("push", "--id", "1", "--kind", "text"), ("user",)]
)
def test_replay_wants_to_know_what(run: Run, arguments: tuple[str, ...]) -> None:
    assert run("replay", *arguments).exit_code == 2


def test_old_bodies_go_their_digests_stay_and_a_repeat_is_still_one(
    app: Flask, config: Config, run: Run
) -> None:
    take(app, config, scan(), follow())
    digests = db.session.scalars(select(Push.digest).order_by(Push.id)).all()
    long_ago = clock.now() - BODIES_KEPT
    with transaction() as session:
        session.execute(update(Push).values(known_at=long_ago))
        worked_off = update(Push).where(Push.kind == "event.SCAN")
        session.execute(worked_off.values(status="done", done_at=long_ago))

    assert run("purge").exit_code == 0

    pushes = db.session.scalars(select(Push).order_by(Push.id)).all()
    assert (pushes[0].raw, pushes[0].reply) == (None, "")
    assert pushes[1].raw is not None  # its work is still to be done
    assert [p.digest for p in pushes] == digests
    take(app, config, scan())
    assert len(statuses(Push)) == 2


def test_done_jobs_go_after_thirty_days_and_others_stay(app: Flask) -> None:
    assert app.testing
    now = clock.now()
    with transaction() as session:
        for number in range(1, 5):
            defer(nothing, number=number)
        session.flush()
        old, new = now - JOBS_KEPT - timedelta(seconds=1), now - JOBS_KEPT + timedelta(minutes=1)
        for row_id, status, done_at in (
            *((1, "done", old), (2, "done", new)),
            *((3, "dead", None), (4, "pending", None)),
        ):
            session.execute(
                update(Job).where(Job.id == row_id).values(status=status, done_at=done_at)
            )

    assert purge(now=now) == 1
    assert statuses(Job) == ["done", "dead", "pending"]
    assert purge(now=now) == 0


def test_touches_equal_their_pushes(app: Flask, config: Config, run: Run) -> None:
    take(app, config, follow(), scan("nobody"), scan("other"), text())

    result = run("rebuild-touches", "--dry-run")

    assert result.exit_code == 0, result.output
    assert "4 pushes, 0 differences" in result.output


def test_a_missing_touch_is_shown_and_nothing_is_changed(
    app: Flask, config: Config, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Arrival, "has_touch", False)
        take(app, config, scan("alice"))
    take(app, config, follow())
    before = len(db.session.scalars(select(Touch)).all())

    result = run("rebuild-touches", "--dry-run")

    assert result.exit_code == 1
    assert "push 1: stored no touch" in result.output
    assert "2 pushes, 1 differences" in result.output
    assert len(db.session.scalars(select(Touch)).all()) == before
    assert len(statuses(Push)) == 2


def test_touches_are_not_rewritten(run: Run) -> None:
    assert run("rebuild-touches").exit_code == 2


def test_the_commands_are_on_the_command_line() -> None:
    assert {each.name for each in cli_repair.COMMANDS} <= set(cli.main.commands)
