"""Farming is flagged once, with every row it was flagged for; people decide, and nobody loses credit by it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import blake2s

import pytest
from flask import Flask
from sqlalchemy import select

from flows.farming.finding import find_farming
from members.operations import ensure_identity, follow, unfollow
from orders.models import OrderLine
from referral.farming.models import (
    FarmingEvidence,
    FarmingFlag,
    FarmingKind,
    FarmingVerdict,
    Source,
)
from referral.models import Touch
from referral.operations import Contact, record_touch
from referral.values import Certainty, TouchKind
from settlement.accruals import start_vesting, vest
from settlement.models import Milestone
from settlement.queries import accruals_of_line
from settlement.refunds import take_back
from tests.console.conftest import Desks
from tests.console.world import APPID, World, buy, count_figures, share
from tests.racing import race
from tests.rows import rows
from wx_backend import clock
from wx_backend.audit import AuditEntry
from wx_backend.config import Config
from wx_backend.config_farming import Farming, Newcomers, Refunds
from wx_backend.db import db, retried, transaction

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FOUND = ("farming_flag", "farming_evidence")


@pytest.fixture
def few() -> None:
    """Thirty newcomers within an hour, and two refunds, are a pattern here."""


@pytest.fixture
def config(request: pytest.FixtureRequest, config: Config) -> Config:
    if "few" not in request.fixturenames:
        return config
    return replace(config, farming=Farming(Newcomers(count=30), refunds=Refunds(count=2)))


def key_of(*parts: object) -> bytes:
    return blake2s(repr(parts).encode(), digest_size=16).digest()


def touched(share_id: int, identity_id: int, kind: TouchKind, at: datetime) -> None:
    record_touch(
        Contact(
            key=key_of(share_id, identity_id, kind, at),
            kind=kind,
            certainty=Certainty.PLATFORM,
            event_at=at,
            known_at=at,
            identity_id=identity_id,
            share_id=share_id,
        )
    )


def newcomers(rep_id: int, count: int, *, over: timedelta, name: str = "oNew") -> None:
    """So many people nobody knew scan a rep's code, the first one ten hours ago."""
    share_id, begin = share(rep_id), clock.now() - 10 * HOUR
    with transaction():
        for number in range(count):
            at = begin + over * number / count
            identity_id = ensure_identity(appid=APPID, openid=f"{name}{number}", now=at)
            touched(share_id, identity_id, TouchKind.SCAN, at)
    count_figures()


def followers(rep_id: int, people: int, *, times: int, name: str = "") -> None:
    """So many people follow by a rep's code and leave, so many times."""
    share_id, begin = share(rep_id), clock.now() - 2 * DAY
    with transaction():
        for number in range(people):
            openid = f"{name or f'o{rep_id}-{times}-'}{number}"
            for turn in range(times):
                at = begin + turn * HOUR
                identity_id = follow(
                    key=key_of(openid, at), appid=APPID, openid=openid, event_at=at, known_at=at
                )
                touched(share_id, identity_id, TouchKind.SUBSCRIBE, at)
                at += HOUR / 2
                unfollow(
                    key=key_of(openid, at), appid=APPID, openid=openid, event_at=at, known_at=at
                )
    count_figures()


def find(ahead: timedelta = timedelta()) -> int:
    """What the chore does; how many rows of evidence were new."""
    found = retried(lambda: find_farming(now=clock.now() + ahead))
    db.session.rollback()
    return found


def flags() -> Sequence[FarmingFlag]:
    return db.session.scalars(select(FarmingFlag).order_by(FarmingFlag.id)).all()


def evidence(source: Source, flag_id: int | None = None) -> list[int]:
    query = select(FarmingEvidence.row_id).where(FarmingEvidence.source == source)
    if flag_id is not None:
        query = query.where(FarmingEvidence.flag_id == flag_id)
    return sorted(db.session.scalars(query))


def test_five_hundred_new_people_at_one_code_are_one_flag_with_all_of_them(
    desk_of: Desks, world: World
) -> None:
    newcomers(world.alice_id, 500, over=HOUR)
    before = rows(but=FOUND)
    assert find() == 500
    [flag] = flags()
    assert (flag.rep_id, flag.kind, flag.verdict) == (world.alice_id, FarmingKind.NEWCOMERS, None)
    scans = select(Touch.id).where(Touch.kind == TouchKind.SCAN).order_by(Touch.id)
    assert evidence(Source.SCAN) == db.session.scalars(scans).all()
    assert find() == 0, "a pattern that was flagged is not flagged again"
    assert len(flags()) == 1
    assert rows(but=FOUND) == before, "nothing else comes of it"

    manager = desk_of("manager")
    assert "500 条记录，500 个微信" in manager.get("/farming").text
    shown = manager.get(f"/farming/{flag.id}", page="25").text
    assert f"scan {max(evidence(Source.SCAN))}" in shown
    assert "第 25 / 25 页" in shown


def test_a_good_day_of_sales_is_none(world: World) -> None:
    newcomers(world.alice_id, 299, over=HOUR, name="oRush")
    newcomers(world.nils_id, 600, over=8 * HOUR, name="oDay")
    assert find() == 0


def test_people_we_know_and_one_who_scans_all_day_are_none(world: World) -> None:
    share_id, now = share(world.alice_id), clock.now()
    with transaction():
        for number in range(310):
            at = now - HOUR + timedelta(seconds=10 * number)
            known = ensure_identity(appid=APPID, openid=f"oOld{number}", now=now - DAY)
            touched(share_id, known, TouchKind.SCAN, at)
            new = ensure_identity(appid=APPID, openid="oOnce", now=now - HOUR)
            touched(share_id, new, TouchKind.SCAN, now - HOUR + timedelta(seconds=number))
    count_figures()
    assert find() == 0


@pytest.mark.usefixtures("few")
def test_a_flag_takes_in_what_comes_later_until_somebody_finds_it_harmless(
    desk_of: Desks, world: World
) -> None:
    newcomers(world.alice_id, 30, over=HOUR)
    assert find() == 30
    newcomers(world.alice_id, 10, over=HOUR, name="oMore")
    assert find() == 10
    [flag] = flags()
    assert len(evidence(Source.SCAN, flag.id)) == 40
    said = desk_of("manager").post(f"/farming/{flag.id}/harmless", reason="广场地推", rows="40")
    assert said.status_code == 302
    newcomers(world.alice_id, 29, over=HOUR, name="oAfter")
    assert find() == 0, "what was found harmless makes no pattern with others"
    newcomers(world.alice_id, 1, over=HOUR, name="oLast")
    assert find() == 30
    assert [len(evidence(Source.SCAN, each.id)) for each in flags()] == [40, 30]


@pytest.mark.usefixtures("few")
def test_a_second_row_of_the_same_people_makes_no_new_flag_of_what_was_harmless(
    desk_of: Desks, world: World
) -> None:
    newcomers(world.alice_id, 30, over=HOUR)
    share_id = share(world.alice_id)
    with transaction() as session:
        for identity_id, at in session.execute(
            select(Touch.identity_id, Touch.event_at).where(Touch.kind == TouchKind.SCAN)
        ).all():
            assert identity_id is not None
            touched(share_id, identity_id, TouchKind.SCAN, at + timedelta(minutes=5))
    count_figures()
    assert find() == 30
    [flag] = flags()
    desk_of("manager").post(f"/farming/{flag.id}/harmless", reason="广场地推", rows="30")
    assert find() == 0
    assert len(flags()) == 1


@pytest.mark.usefixtures("few")
def test_rows_that_came_after_the_page_are_not_decided_on(desk_of: Desks, world: World) -> None:
    newcomers(world.alice_id, 30, over=HOUR)
    find()
    [flag] = flags()
    desk = desk_of("manager")
    assert 'name="rows" value="30"' in desk.get(f"/farming/{flag.id}").text
    newcomers(world.alice_id, 10, over=HOUR, name="oMore")
    assert find() == 10
    refused = desk.post(f"/farming/{flag.id}/harmless", reason="广场地推", rows="30")
    assert (refused.status_code, "又有新的记录" in refused.text) == (409, True)
    for typed in ("", "一", "-1", "4" * 10):
        untold = desk.post(f"/farming/{flag.id}/harmless", reason="r", rows=typed)
        assert (untold.status_code, "页面已过期" in untold.text) == (400, True), typed
    assert (
        desk.post(f"/farming/{flag.id}/harmless", reason="广场地推", rows="40").status_code == 302
    )


def test_the_same_people_who_leave_and_follow_again(world: World) -> None:
    followers(world.nils_id, 4, times=3)
    followers(world.alice_id, 9, times=2)
    assert find() == 0
    followers(world.alice_id, 5, times=3, name="oAgain")
    assert find() == 15 + 15
    [flag] = flags()
    assert flag.kind == FarmingKind.REFOLLOWS
    assert (len(evidence(Source.FOLLOW)), len(evidence(Source.UNFOLLOW))) == (15, 15)
    assert find() == 0


@pytest.mark.usefixtures("few")
def test_orders_refunded_as_soon_as_the_commission_is_free(desk_of: Desks, world: World) -> None:
    another = buy(world.bob, world.wares, world.tree.hall, "submit-2")
    lines = select(OrderLine.id).where(OrderLine.order_id.in_((world.southern.id, another.id)))
    now = clock.now()
    for number, line_id in enumerate(db.session.scalars(lines).all()):
        with transaction():
            start_vesting(
                order_line_id=line_id, milestone=Milestone.RECEIVED, reached_at=now - 8 * DAY
            )
            for accrual_id in accruals_of_line(line_id):
                assert vest(accrual_id=accrual_id, now=now)
            take_back(
                order_line_id=line_id, refunded_fen=100, refund_key="RF1", now=now + number * DAY
            )
    assert find(ahead=2 * DAY) == 2
    [flag] = flags()
    assert (flag.rep_id, flag.kind) == (world.alice_id, FarmingKind.REFUNDS)
    shown = desk_of("manager").get(f"/farming/{flag.id}").text
    assert world.southern.number in shown
    assert another.number in shown
    assert "到账" in shown


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(("after", "flagged"), [(3 * DAY, 2), (3 * DAY + HOUR, 0)])
def test_a_refund_long_after_is_none(world: World, after: timedelta, flagged: int) -> None:
    another = buy(world.bob, world.wares, world.tree.hall, "submit-2")
    lines = select(OrderLine.id).where(OrderLine.order_id.in_((world.southern.id, another.id)))
    now = clock.now()
    for line_id in db.session.scalars(lines).all():
        with transaction():
            start_vesting(
                order_line_id=line_id, milestone=Milestone.RECEIVED, reached_at=now - 8 * DAY
            )
            for accrual_id in accruals_of_line(line_id):
                vest(accrual_id=accrual_id, now=now)
            take_back(order_line_id=line_id, refunded_fen=100, refund_key="RF1", now=now + after)
    assert find(ahead=4 * DAY) == flagged


@pytest.mark.usefixtures("few")
def test_a_decision_needs_its_reason_and_stands_in_the_trail(desk_of: Desks, world: World) -> None:
    newcomers(world.alice_id, 30, over=HOUR)
    find()
    [flag] = flags()
    manager, city = desk_of("manager"), desk_of("city")
    path = f"/farming/{flag.id}"
    assert manager.post(f"{path}/held", rows="30").status_code == 400
    assert manager.post(f"{path}/guilty", reason="x", rows="30").status_code == 404
    assert manager.post(f"{path}/held", reason="同一批手机", rows="30").status_code == 302
    shown = city.get(path).text
    assert "同一批手机" in shown
    assert "核查中，暂缓发放" in shown
    stale = city.post(f"{path}/harmless", reason="没看到", rows="30")
    assert (stale.status_code, "其他人刚刚作出了判定" in stale.text) == (409, True)
    said = {"was": "held", "reason": "已核实", "rows": "30"}
    assert city.post(f"{path}/harmless", **said).status_code == 302
    db.session.rollback()
    acts = db.session.scalars(
        select(AuditEntry)
        .where(AuditEntry.what == "console.farming.decide")
        .order_by(AuditEntry.id)
    ).all()
    assert [each.reason for each in acts] == ["同一批手机", "已核实"]
    [change] = acts[1].changes
    assert (change["before"]["verdict"], change["after"]["verdict"]) == (
        FarmingVerdict.HELD,
        FarmingVerdict.HARMLESS,
    )


@pytest.mark.usefixtures("few")
def test_of_many_at_one_moment_one_decides(app: Flask, desk_of: Desks, world: World) -> None:
    newcomers(world.alice_id, 30, over=HOUR)
    find()
    [flag_id] = [flag.id for flag in flags()]
    desks = [desk_of(login) for login in ("manager", "south", "city", "head")]
    tokens = [desk.token() for desk in desks]
    db.session.rollback()

    def decide(n: int) -> int:
        verdict = ("harmless", "held")[n % 2]
        path = f"/farming/{flag_id}/{verdict}"
        return desks[n].post(path, tokens[n], reason="x", rows="30").status_code

    assert sorted(race(app, decide, times=4)) == [302, 409, 409, 409]


@pytest.mark.usefixtures("few")
def test_two_who_look_at_once_raise_one_flag(app: Flask, world: World) -> None:
    newcomers(world.alice_id, 30, over=HOUR)
    race(app, lambda _: find(), times=4)
    db.session.rollback()
    assert len(flags()) == 1
    assert len(evidence(Source.SCAN)) == 30


@pytest.mark.usefixtures("few")
def test_another_place_sees_and_decides_nothing(desk_of: Desks, world: World) -> None:
    assert "没有可疑的推广记录" in desk_of("manager").get("/farming").text
    newcomers(world.alice_id, 30, over=HOUR)
    find()
    [flag] = flags()
    north = desk_of("north")
    assert "没有可疑的推广记录" in north.get("/farming").text
    assert north.get(f"/farming/{flag.id}").status_code == 404
    assert north.post(f"/farming/{flag.id}/harmless", reason="x", rows="30").status_code == 404
    for login in ("finance", "clerk", "marketer"):
        assert desk_of(login).get("/farming").status_code == 403
