"""The inbox of notices: stored once, done once, fenced, tried again after a crash."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from payments import notices
from payments.models import NoticeKind, PayNotice
from tests.racing import race
from wx_backend import clock, crash
from wx_backend.db import db, retried

RAW = '{"out_trade_no":"PY1"}'


@pytest.fixture(autouse=True)
def _calm(app: Flask) -> Iterator[None]:
    assert app.testing
    yield
    crash.disarm()


def receive(notice_id: str = "EV-1") -> bool:
    return retried(
        lambda: notices.receive_notice(
            notice_id=notice_id, kind=NoticeKind.PAYMENT, raw=RAW, now=clock.now()
        )
    )


def only_row() -> PayNotice:
    db.session.rollback()
    return db.session.scalars(select(PayNotice)).one()


def test_copies_of_a_notice_are_stored_once(app: Flask) -> None:
    assert race(app, lambda _: receive(), times=16).count(True) == 1
    assert only_row().raw == RAW


def test_a_notice_is_worked_on_once() -> None:
    receive()
    seen: list[str | None] = []
    [held] = notices.claim(limit=10)
    assert notices.claim(limit=10) == []
    assert notices.run(held, lambda notice: seen.append(notice.raw))
    assert not notices.run(held, lambda notice: seen.append(notice.raw))
    assert seen[0] == RAW
    assert only_row().status == "done"


def test_a_failed_notice_stays_to_be_tried_again() -> None:
    receive()
    [held] = notices.claim(limit=10)

    def fail(_: PayNotice) -> None:
        raise RuntimeError("a bug of ours")

    assert not notices.run(held, fail)
    row = only_row()
    assert (row.status, row.attempts) == ("pending", 1)
    assert "a bug of ours" in (row.last_error or "")


def test_a_crash_before_the_end_leaves_the_notice_to_the_next_worker() -> None:
    receive()
    [held] = notices.claim(limit=10)
    crash.arm(notices.BEFORE_DONE, crash.raise_crashed)
    with pytest.raises(crash.Crashed):
        notices.run(held, lambda _: None)
    assert only_row().status == "pending"
