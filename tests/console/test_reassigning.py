"""A dispute is upheld: two persons give a paid line to another rep, and the commission follows."""

import json
from contextlib import suppress
from functools import partial
from typing import Any, cast

import pytest
from flask import Flask
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from demo.story import books, credit, sums
from demo.story.frame import Story
from org.invites import bind_rep
from org.models import ChannelClass, Rep, RepStatus
from org.queries import rep_card
from referral.models import Attribution, Dispute
from referral.reassignment_models import Reassignment, ReassignmentVerdict
from settlement.queries import holdings_of
from settlement.rates import add_rate
from settlement.reassigning import stake_in
from settlement.refunds import take_back
from settlement.rules import Scope
from tests.console.conftest import Desks
from tests.console.upheld import REASON, Upheld, agree, asked_for, dispute_of
from tests.console.world import World
from tests.racing import race
from tests.rows import rows
from wx_backend import clock
from wx_backend.audit import AuditEntry
from wx_backend.clock import business_on
from wx_backend.db import db, retried, transaction
from wx_backend.errors import AppError

PART = 9_995  # 5 % of 1,999.00 yuan
PASSING = ("staff_session", "audit_entry")
HOLD = (
    *(credit.lines_have_one_winner, credit.commission_follows_credit),
    *(credit.attributions_are_proven_and_in_time, sums.commission_follows_from_its_rate),
    *(sums.take_backs_follow_from_refunds, sums.shares_add_up, sums.floors_hold),
    *(sums.stored_sums_are_right, books.orders_settled_once, books.refunds_take_back),
)


@pytest.fixture
def upheld(world: World) -> Upheld:
    return dispute_of(world)


def held(rep_id: int) -> int:
    db.session.rollback()
    return holdings_of(rep_id).held_fen


def ask(desks: Desks, upheld: Upheld, login: str = "manager", rep: str = "") -> int:
    """Somebody asks that the line be Sue's, or another rep's; what the console answers."""
    form = {"to_rep": rep or upheld.sue_number, "reason": REASON}
    return desks(login).post(f"/disputes/{upheld.dispute_id}/reassign", **form).status_code


def test_two_persons_give_the_line_and_its_commission_to_another_rep(
    app: Flask, desk_of: Desks, world: World, upheld: Upheld
) -> None:
    manager, south = desk_of("manager"), desk_of("south")
    path = f"/disputes/{upheld.dispute_id}"
    assert path in manager.get("/disputes").text
    page = manager.get(path).text
    for words in ("爱丽丝，99.95 元", "苏的接触", f'value="{upheld.sue_number}"'):
        assert words in page
    before = rows(but=PASSING)
    assert ask(desk_of, upheld) == 302
    assert held(upheld.alice_id) == PART
    assert "改判待审批" in south.get("/disputes").text
    assert "改判 <strong>1</strong>" in south.get("/").text
    assert "改判 <strong>" not in manager.get("/").text

    reassignment_id = db.session.scalars(select(Reassignment.id)).one()
    agreed = f"/disputes/reassignments/{reassignment_id}/approved"
    assert manager.post(agreed).status_code == 403
    assert south.post(agreed, note="已核对").status_code == 302

    assert (held(upheld.alice_id), held(upheld.sue_id)) == (0, PART)
    after = rows(but=PASSING)
    changed = {table for table in before if before[table] != after[table]}
    books_too = {"account", "posting", "posting_sum", "posting_delta", "entry"}
    assert changed == {"dispute", "reassignment", "commission", "job"} | books_too
    for check in HOLD:
        check(Story(cast(Any, None), cast(Any, None), db.engine, app))
    closed = manager.get("/disputes", state="closed").text
    assert "已改判给 <strong>苏</strong>" in closed
    assert REASON in closed
    receipt = manager.get(f"/receipts/{world.southern.receipt}").text
    assert "由 爱丽丝 改判给 <strong>苏</strong>（99.95 元）" in receipt
    assert "本单归爱丽丝" in receipt
    said = json.loads(manager.get(f"/receipts/{world.southern.receipt}.json").text)
    (told,) = said["reassignments"]
    assert (told["to_rep_id"], told["moved_fen"], told["reason"]) == (upheld.sue_id, PART, REASON)
    assert said["stands"]
    assert "已同意" in manager.get(path).text


def test_both_persons_are_in_the_trail(desk_of: Desks, upheld: Upheld) -> None:
    assert ask(desk_of, upheld) == 302
    (path,) = (f"/disputes/reassignments/{each}" for each in _ids())
    assert desk_of("south").post(f"{path}/approved", note="已核对").status_code == 302
    db.session.rollback()
    entries = {
        each.what: each
        for each in db.session.scalars(select(AuditEntry))
        if each.what.startswith("console.disputes.")
    }
    asked, agreed = entries["console.disputes.reassign"], entries["console.disputes.decide"]
    assert asked.actor != agreed.actor
    assert asked.reason == REASON
    told = {change["table"] for change in agreed.changes}
    assert {"reassignment", "dispute", "commission"} <= told
    assert db.session.get_one(Dispute, upheld.dispute_id).closed_by == agreed.actor


def _ids() -> list[int]:
    db.session.rollback()
    return list(db.session.scalars(select(Reassignment.id).order_by(Reassignment.id)))


def test_while_it_waits_nothing_else_is_decided(desk_of: Desks, upheld: Upheld) -> None:
    assert ask(desk_of, upheld) == 302
    (waiting,) = _ids()
    south, path = desk_of("south"), f"/disputes/{upheld.dispute_id}"
    assert ask(desk_of, upheld, "south") == 409
    assert south.post(f"{path}/close", reason="维持").status_code == 409
    assert south.post(f"/disputes/reassignments/{waiting}/rejected").status_code == 400
    for forged in ("withdrawn", "x", "APPROVED"):
        answer = south.post(f"/disputes/reassignments/{waiting}/{forged}", note="x")
        assert answer.status_code == 404
    declined = {"note": "证据不足"}
    answer = south.post(f"/disputes/reassignments/{waiting}/rejected", **declined)
    assert answer.status_code == 302
    assert "证据不足" in south.get(path).text
    assert held(upheld.sue_id) == 0
    assert ask(desk_of, upheld, "south") == 302
    newest = max(_ids())
    assert south.post(f"/disputes/reassignments/{newest}/withdraw").status_code == 302
    assert south.post(f"{path}/close", reason="维持").status_code == 302
    assert ask(desk_of, upheld) == 409


@pytest.mark.parametrize("ends", ["withdraw", "rejected"])
def test_what_waits_though_its_dispute_is_closed_can_be_ended_and_not_agreed_to(
    desk_of: Desks, upheld: Upheld, ends: str
) -> None:
    assert ask(desk_of, upheld) == 302
    (waiting,) = _ids()
    with transaction() as session:
        closed = {"closed_at": clock.now(), "closed_by": "staff:1", "resolution": "x"}
        session.execute(update(Dispute).values(**closed))
    manager, south = desk_of("manager"), desk_of("south")
    path = f"/disputes/reassignments/{waiting}"
    page = south.get(f"/disputes/{upheld.dispute_id}").text
    assert f"{path}/rejected" in page
    assert f"{path}/approved" not in page
    assert south.post(f"{path}/approved").status_code == 409
    assert held(upheld.alice_id) == PART
    desk = manager if ends == "withdraw" else south
    assert desk.post(f"{path}/{ends}", note="已有结论").status_code == 302
    assert "等待第二人审批" not in desk.get(f"/disputes/{upheld.dispute_id}").text


@pytest.mark.parametrize("login", ["north", "head", "clerk", "finance", "marketer"])
def test_who_leads_another_place_or_no_place_gets_nothing(
    desk_of: Desks, world: World, upheld: Upheld, login: str
) -> None:
    waiting = asked_for(upheld, world.tree.south)
    desk, before = desk_of(login), rows(but=PASSING)
    for path in (
        f"/disputes/{upheld.dispute_id}/reassign",
        f"/disputes/reassignments/{waiting}/approved",
        f"/disputes/reassignments/{waiting}/withdraw",
    ):
        answer = desk.post(path, to_rep=upheld.sue_number, reason=REASON, note="x")
        assert answer.status_code == (404 if login == "north" else 403)
    sees = {"north": 404, "head": 200}.get(login, 403)
    assert desk.get(f"/disputes/{upheld.dispute_id}").status_code == sees
    assert rows(but=PASSING) == before


def test_between_two_places_whoever_leads_both_decides(
    desk_of: Desks, world: World, upheld: Upheld
) -> None:
    """A rep of another city is not there for the city's people, nor what is asked for him."""
    path = f"/disputes/{upheld.dispute_id}/reassign"
    for number in ("RP0", world.nils_number):
        answer = desk_of("manager").post(path, to_rep=number, reason=REASON)
        assert answer.status_code == 400
        assert "没有这位员工" in answer.text
    waiting = asked_for(upheld, world.tree.south)
    with transaction() as session:
        moved = update(Rep).where(Rep.id == upheld.sue_id)
        session.execute(moved.values(outlet_id=world.tree.bay))
    agreed = f"/disputes/reassignments/{waiting}/approved"
    assert desk_of("city").post(agreed).status_code == 404
    assert desk_of("south").post(agreed).status_code == 302


def _disabled(_: World, upheld: Upheld) -> None:
    db.session.execute(update(Rep).where(Rep.id == upheld.sue_id).values(status=RepStatus.DISABLED))


def _buyer(world: World, upheld: Upheld) -> None:
    bind_rep(rep_id=upheld.sue_id, member_id=world.bob.member_id, now=clock.now())


def _refunded(_: World, upheld: Upheld) -> None:
    take_back(order_line_id=upheld.line_id, refunded_fen=199_900, refund_key="RF1", now=clock.now())


def _dearer(_: World, upheld: Upheld) -> None:
    channel = ChannelClass.FRANCHISE
    add_rate(valid_from=business_on(clock.now()), rate_bp=900, scope=Scope(channel_class=channel))
    db.session.execute(update(Rep).where(Rep.id == upheld.sue_id).values(channel_class=channel))


@pytest.mark.parametrize(
    ("meanwhile", "words"),
    [
        (_disabled, "已停用或离职"),
        (_buyer, "本人购买不计个人佣金"),
        (_refunded, "已随退款收回"),
        (_dearer, "适用另一条佣金规则"),
    ],
)
def test_what_would_not_be_right_is_refused_when_asked_for_and_when_agreed_to(
    desk_of: Desks, world: World, upheld: Upheld, meanwhile: Any, words: str
) -> None:
    waiting = asked_for(upheld, world.tree.south)
    with transaction():
        meanwhile(world, upheld)
    south, before = desk_of("south"), rows(but=PASSING)
    refused = south.post(f"/disputes/reassignments/{waiting}/approved")
    assert refused.status_code == 409
    assert words in refused.text
    assert rows(but=PASSING) == before
    path = f"/disputes/reassignments/{waiting}/rejected"
    assert south.post(path, note="不能改判").status_code == 302
    form = {"to_rep": upheld.sue_number, "reason": REASON}
    again = desk_of("manager").post(f"/disputes/{upheld.dispute_id}/reassign", **form)
    assert again.status_code == 409
    assert words in again.text


def test_whoever_has_it_already_is_given_nothing(
    desk_of: Desks, world: World, upheld: Upheld
) -> None:
    assert ask(desk_of, upheld, rep=world.alice_number) == 409


def test_a_refund_afterwards_is_taken_from_whoever_has_it(world: World, upheld: Upheld) -> None:
    waiting = asked_for(upheld, world.tree.south)
    retried(lambda: agree(waiting, world.tree.south))
    with transaction():
        _refunded(world, upheld)
    stake = stake_in(upheld.line_id)
    assert stake is not None
    assert (stake.rep_id, stake.left_fen) == (upheld.sue_id, 0)
    assert (held(upheld.alice_id), held(upheld.sue_id)) == (0, 0)


def test_of_many_who_agree_at_once_one_does(app: Flask, world: World, upheld: Upheld) -> None:
    waiting = asked_for(upheld, world.tree.south)
    db.session.rollback()

    def decide(number: int) -> bool:
        try:
            retried(partial(agree, waiting, world.tree.south, f"staff:{910 + number}"))
        except AppError:
            return False
        return True

    assert race(app, decide, times=4).count(True) == 1
    assert (held(upheld.alice_id), held(upheld.sue_id)) == (0, PART)


def test_many_who_ask_at_once_ask_once(app: Flask, world: World, upheld: Upheld) -> None:
    def asks(_: int) -> bool:
        with suppress(AppError):
            asked_for(upheld, world.tree.south)
            return True
        return False

    assert race(app, asks, times=4).count(True) == 1
    assert len(_ids()) == 1


def test_a_crash_in_the_middle_leaves_it_waiting(world: World, upheld: Upheld) -> None:
    """All of it is one transaction: whoever comes again does the whole of it, once."""
    waiting = asked_for(upheld, world.tree.south)
    before = rows()
    with suppress(KeyboardInterrupt), transaction():
        agree(waiting, world.tree.south)
        raise KeyboardInterrupt
    assert rows() == before
    retried(lambda: agree(waiting, world.tree.south))
    with pytest.raises(AppError):
        retried(lambda: agree(waiting, world.tree.south))
    assert (held(upheld.alice_id), held(upheld.sue_id)) == (0, PART)


def test_the_attribution_stays_and_what_was_decided_is_never_changed(
    world: World, upheld: Upheld
) -> None:
    waiting = asked_for(upheld, world.tree.south)
    alone = {"decided_by": Reassignment.asked_by, "decided_at": clock.now(), "moved_fen": 0}
    agreed = update(Reassignment).values(verdict=ReassignmentVerdict.APPROVED, **alone)
    with pytest.raises(DBAPIError), transaction() as session:
        session.execute(agreed)
    with pytest.raises(DBAPIError), transaction() as session:
        session.execute(update(Reassignment).values(to_rep_id=world.nils_id))
    retried(lambda: agree(waiting, world.tree.south))
    for change in (
        "UPDATE reassignment SET moved_fen = 1",
        "UPDATE reassignment SET verdict = 'rejected', moved_fen = NULL",
        "DELETE FROM reassignment",
    ):
        with pytest.raises(DBAPIError), transaction() as session:
            session.execute(text(change))
    db.session.rollback()
    stands = db.session.scalars(select(Attribution).filter_by(order_line_id=upheld.line_id)).one()
    assert stands.developer_rep_id == upheld.alice_id
    assert rep_card(upheld.alice_id).number == world.southern.rep_number
