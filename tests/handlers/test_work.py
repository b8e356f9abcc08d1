"""The work of stored pushes: one that always fails harms no other, and is there to be replayed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from flows.arrival import work
from members.models import Consent
from tests.handlers.conftest import Count, desk_of
from tests.handlers.platform import Platform, event, text
from wechat import pushes
from wx_backend import backlog, claims, clock
from wx_backend.db import db, transaction
from wx_backend.inbox import Push

RunJobs = Callable[[], None]
CHOICE = event(
    "subscribe_msg_popup_event",
    SubscribeMsgPopupEvent={
        "List": {"TemplateId": "T1", "SubscribeStatusString": "accept", "PopupScene": "1"}
    },
)


def fail(*_: Any) -> None:
    raise ZeroDivisionError


def status_of(kind: str) -> str:
    db.session.rollback()
    return db.session.scalars(select(Push.status).where(Push.kind == kind)).one()


def test_a_push_whose_work_always_fails_is_given_up_and_can_be_replayed(
    *,
    app: Flask,
    city: Platform,
    run_jobs: RunJobs,
    count: Count,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk, now = desk_of(app), clock.now
    ahead = timedelta()
    monkeypatch.setattr(clock, "now", lambda: now() + ahead)
    with monkeypatch.context() as broken:
        broken.setattr(work, "WORKS", {**work.WORKS, pushes.Text: fail})
        desk(city.safe(text("海报")))
        desk(city.safe(CHOICE))
        for attempt in range(1, claims.ATTEMPTS_MAX + 1):
            run_jobs()
            assert count(Consent) == 1
            ahead += claims.backoff(attempt)

    assert status_of("text") == "dead"
    (dead,) = backlog.dead_rows(Push, limit=5)
    assert "ZeroDivisionError" in dead.last_error
    with transaction():
        assert backlog.bring_back(Push, dead.id, now=clock.now())
    run_jobs()
    assert status_of("text") == "done"


def test_the_work_of_an_account_that_is_gone_is_over(
    app: Flask, city: Platform, run_jobs: RunJobs
) -> None:
    desk_of(app)(city.safe(text("海报")))
    with transaction():
        db.session.scalars(select(Push)).one().account = "closed"
    run_jobs()

    assert status_of("text") == "done"
