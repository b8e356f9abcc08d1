"""Reps hear of what became free: each once, by an account he follows, however many there are."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from flows import telling_reps
from flows.telling_reps import FREED, tell_freed
from members.joining import join_member
from members.operations import ensure_identity, follow
from members.queries import identity_by_id
from org.invites import bind_rep
from templates_msg.models import Message
from templates_msg.operations import set_template
from tests.org.cast import NOON, hire, plant
from wx_backend.config import Config
from wx_backend.db import db, transaction

CITY, OTHER = "wx5ad0c1ee0a2b3f4d", "wx00000000000other"
MORNING = datetime.fromisoformat("2026-03-02T09:00:00+08:00")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def reps(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Seven bound reps, something of each free since yesterday, and two accounts that tell of it."""
    config: Config = app.extensions["wx_config"]
    accounts = [config.accounts[0], replace(config.accounts[0], appid=OTHER)]
    monkeypatch.setattr(telling_reps, "official_accounts", lambda: accounts)
    hall = plant().hall
    ids = [hire(hall, f"员工{n}") for n in range(7)]
    with transaction():
        for rep_id in ids:
            identity_id = ensure_identity(appid=CITY, openid=f"oRep{rep_id:0>8}", now=NOON)
            member_id = join_member(identity_id=identity_id, now=NOON)
            bind_rep(rep_id=rep_id, member_id=member_id, now=NOON)
        for account in accounts:
            set_template(
                appid=account.appid, purpose=FREED, template_id="T", fields={"amount": "amount1"}
            )
    monkeypatch.setattr(telling_reps, "freed_between", lambda *_: dict.fromkeys(ids, 100))
    return ids


def told(now: datetime) -> int:
    with transaction():
        return tell_freed(now=now)


def keys() -> list[str]:
    db.session.rollback()
    return sorted(db.session.scalars(select(Message.key)))


def test_of_many_each_minute_tells_some_and_everybody_hears_once(
    reps: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling_reps, "AT_ONCE", 2)
    counts = [told(MORNING + n * MINUTE) for n in range(4)]
    assert sum(counts) == 7
    assert max(counts) == 2
    monkeypatch.setattr(telling_reps, "tell_rep", None)  # nobody is looked at again
    assert [told(MORNING + n * MINUTE) for n in range(4, 8)] == [0, 0, 0, 0]

    assert keys() == sorted(f"{FREED}:{rep_id}:20260301" for rep_id in reps)


def test_a_rep_is_told_by_the_account_he_follows_else_by_one_that_knows_him(
    reps: list[int],
) -> None:
    """Of a follow from before our time nothing is known, so not to follow keeps nobody from it."""
    moved, _ = reps[:2]
    with transaction():
        both = identity_by_id(1).member_id
        other = follow(key=b"f" * 16, appid=OTHER, openid="oMoved000", event_at=NOON, known_at=NOON)
        identity_by_id(other).member_id = both
    assert told(MORNING) == 7

    db.session.rollback()
    by = dict(db.session.execute(select(Message.key, Message.appid)).all())
    assert by.pop(f"{FREED}:{moved}:20260301") == OTHER
    assert set(by.values()) == {CITY}
