"""Codes are made once per share and account, survive crashes and key changes, and are renewed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from flows.codes import CodeSteps, permanent_code, temporary_code
from org.models import OrgNode, Rep, Tier
from referral.models import Code, CodeBudget, Place, Subject
from referral.operations import CodesUsedUp, Sharer, Sharing, open_share
from tests.simulator.stage import Stage
from wx_backend import claims, clock, crash, outbox
from wx_backend.config import Config, ShareKey
from wx_backend.db import db, transaction
from wx_backend.outbox import Steps, defer, remote_job

CITY = "wx5ad0c1ee0a2b3f4d"
MAKE: dict[str, Callable[..., CodeSteps]] = {
    "permanent": permanent_code,
    "temporary": temporary_code,
}

pytestmark = pytest.mark.usefixtures("served")


@remote_job("test.make_code")
def make(*, kind: str, share_id: int) -> Steps:
    yield from MAKE[kind](share_id=share_id, appid=CITY)


@pytest.fixture
def share(app: Flask) -> int:
    """Alice's showroom."""
    assert app.testing
    with transaction() as session:
        outlet = OrgNode(tier=Tier.OUTLET, code="O1", name="人民路营业厅")
        session.add(outlet)
        session.flush()
        rep = Rep(
            number="RP1",
            name="Alice",
            outlet_id=outlet.id,
            channel_class="own_hall",
            joined_on=clock.now().date(),
        )
        session.add(rep)
        session.flush()
        sharing = Sharing(subject=Subject.SHOWROOM, place=Place.POSTER)
        return open_share(sharer=Sharer(rep_id=rep.id), sharing=sharing, now=clock.now()).id


def wish_for(kind: str, share_id: int) -> None:
    with transaction():
        defer(make, kind=kind, share_id=share_id)


def made() -> list[Code]:
    db.session.rollback()
    return list(db.session.scalars(select(Code).order_by(Code.id)))


def taken() -> int:
    db.session.rollback()
    return db.session.scalars(select(CodeBudget.used)).one()


def test_a_code_is_made_once_however_often_it_is_asked_for(
    wechat: Stage, share: int, run_jobs: Callable[[], None]
) -> None:
    for _ in range(3):
        wish_for("permanent", share)
    run_jobs()

    assert [code.ticket is not None for code in made()] == [True]
    assert taken() == 1
    assert len({fact["scene"] for fact in wechat.facts("qrcode*")}) <= 1


def test_a_crash_after_the_platform_made_it_takes_no_second_one_out_of_the_book(
    share: int, run_jobs: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    wish_for("permanent", share)
    (held,) = outbox.claim(outbox.CALL, limit=1)
    crash.arm(outbox.AFTER_CALL, crash.raise_crashed)
    with pytest.raises(crash.Crashed):
        outbox.run(held)
    crash.disarm()
    assert [code.ticket for code in made()] == [None]

    start = clock.now
    monkeypatch.setattr(clock, "now", lambda: start() + claims.LEASE + timedelta(seconds=1))
    run_jobs()

    assert [code.ticket is not None for code in made()] == [True]
    assert taken() == 1


def test_a_change_of_the_signing_key_makes_no_new_code(
    app: Flask, config: Config, share: int, run_jobs: Callable[[], None]
) -> None:
    wish_for("permanent", share)
    run_jobs()
    old = [replace(key, last_share_id=share + 100) for key in config.share_keys]
    keys = (*old, ShareKey("Z", "5" * 32 + "a1b2c3d4" * 4, None))
    app.extensions["wx_config"] = replace(config, share_keys=keys)
    wish_for("permanent", share)
    run_jobs()

    assert len(made()) == 1


def test_a_temporary_code_is_renewed_before_it_lapses(
    share: int, run_jobs: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    wish_for("temporary", share)
    run_jobs()
    (first,) = made()
    scene, ended = first.scene, first.expires_at
    assert ended is not None

    start = clock.now
    monkeypatch.setattr(clock, "now", lambda: start() + timedelta(days=28))
    wish_for("temporary", share)
    run_jobs()

    (second,) = made()
    assert second.scene == scene
    assert second.expires_at is not None
    assert second.expires_at > ended


def test_an_account_without_permanent_codes_left_says_so(share: int) -> None:
    with transaction() as session:
        session.add(CodeBudget(appid=CITY, capacity=3, used=3))
    steps = permanent_code(share_id=share, appid=CITY)

    with pytest.raises(CodesUsedUp), transaction():
        next(steps)

    assert made() == []
