"""A line was given to another rep: both hear of it, each once, and only what two persons agreed to."""

from contextlib import suppress

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update

from flows.telling_reassigned import GAINED, LOST
from members.joining import join_member
from members.operations import ensure_identity
from org.invites import bind_rep, unbind_rep
from org.models import Rep, RepStatus
from referral.reassignment_models import Reassignment
from templates_msg.models import Message
from templates_msg.operations import drop_template, set_template
from tests.console.conftest import Desks
from tests.console.upheld import REASON, Upheld, agree, asked_for, dispute_of
from tests.console.world import APPID, World
from tests.jobs import dies, run_jobs
from wx_backend import clock, outbox
from wx_backend.claims import LEASE
from wx_backend.db import db, retried, transaction

FIELDS = {"number": "character_string1", "goods": "thing2", "amount": "amount3", "at": "time4"}


@pytest.fixture
def upheld(world: World) -> Upheld:
    """Alice and Sue each on a WeChat of theirs, at an account with messages for both."""
    upheld = dispute_of(world)
    with transaction():
        for rep_id in (upheld.alice_id, upheld.sue_id):
            openid, now = f"oHands{rep_id:0>8}", clock.now()
            identity_id = ensure_identity(appid=APPID, openid=openid, now=now)
            bind_rep(
                rep_id=rep_id, member_id=join_member(identity_id=identity_id, now=now), now=now
            )
        for purpose in (GAINED, LOST):
            set_template(appid=APPID, purpose=purpose, template_id=f"T{purpose}", fields=FIELDS)
    run_jobs()
    return upheld


def told() -> dict[str, Message]:
    """The messages both get about it, by purpose, however many there are."""
    db.session.rollback()
    found = db.session.scalars(select(Message).where(Message.purpose.in_((GAINED, LOST)))).all()
    by_purpose = {each.purpose: each for each in found}
    assert len(by_purpose) == len(found)
    return by_purpose


def test_both_are_told_once_a_second_person_agreed(
    desk_of: Desks, world: World, upheld: Upheld
) -> None:
    waiting = asked_for(upheld, world.tree.south)
    run_jobs()
    assert told() == {}
    path = f"/disputes/reassignments/{waiting}/approved"
    assert desk_of("south").post(path).status_code == 302
    run_jobs()

    messages = told()
    assert messages.keys() == {GAINED, LOST}
    assert messages[GAINED].identity_id != messages[LOST].identity_id
    for message in messages.values():
        data = message.content["data"]
        assert data["character_string1"] == world.southern.number
        assert data["amount3"] == "99.95元"
        assert message.key == f"{message.purpose}:{waiting}"
        assert "/terminal/" in message.content["url"]

    assert desk_of("south").post(path).status_code == 409
    run_jobs()
    assert len(told()) == 2


@pytest.mark.parametrize("login", ["manager", "south"])
def test_nobody_hears_of_what_came_to_nothing(desk_of: Desks, upheld: Upheld, login: str) -> None:
    """Taken back by who asked, or rejected by another."""
    form = {"to_rep": upheld.sue_number, "reason": REASON}
    asked = desk_of("manager").post(f"/disputes/{upheld.dispute_id}/reassign", **form)
    assert asked.status_code == 302
    db.session.rollback()
    waiting = db.session.scalars(select(Reassignment.id)).one()
    ends = "withdraw" if login == "manager" else "rejected"
    path = f"/disputes/reassignments/{waiting}/{ends}"
    assert desk_of(login).post(path, note="证据不足").status_code == 302
    run_jobs()
    assert told() == {}


def test_a_crash_before_the_commit_tells_nobody(world: World, upheld: Upheld) -> None:
    waiting = asked_for(upheld, world.tree.south)
    with suppress(KeyboardInterrupt), transaction():
        agree(waiting, world.tree.south)
        raise KeyboardInterrupt
    run_jobs()
    assert told() == {}
    retried(lambda: agree(waiting, world.tree.south))
    run_jobs()
    assert told().keys() == {GAINED, LOST}


@pytest.mark.parametrize("after", [0, 1])
@pytest.mark.parametrize("point", [outbox.BEFORE_DONE, outbox.AFTER_DONE])
def test_a_worker_that_dies_between_the_two_tells_each_once(
    app: Flask, world: World, upheld: Upheld, after: int, point: str
) -> None:
    assert app.testing
    waiting = asked_for(upheld, world.tree.south)
    retried(lambda: agree(waiting, world.tree.south))
    dies(outbox.WORK, after=after, point=point)
    with time_machine.travel(clock.now() + 2 * LEASE):
        run_jobs()
    assert told().keys() == {GAINED, LOST}


@pytest.mark.parametrize("status", [RepStatus.DISABLED, RepStatus.LEFT])
def test_who_may_not_use_the_terminal_is_told_nothing_and_the_other_is(
    world: World, upheld: Upheld, status: RepStatus
) -> None:
    waiting = asked_for(upheld, world.tree.south)
    with transaction() as session:
        session.execute(update(Rep).where(Rep.id == upheld.alice_id).values(status=status))
    retried(lambda: agree(waiting, world.tree.south))
    run_jobs()
    assert told().keys() == {GAINED}


def test_who_has_no_wechat_bound_is_passed_over_and_the_other_is_told(
    world: World, upheld: Upheld
) -> None:
    waiting = asked_for(upheld, world.tree.south)
    with transaction():
        assert unbind_rep(rep_id=upheld.sue_id, now=clock.now())
    retried(lambda: agree(waiting, world.tree.south))
    run_jobs()
    assert told().keys() == {LOST}


def test_an_account_without_a_message_for_one_of_them_tells_the_other(
    world: World, upheld: Upheld
) -> None:
    with transaction():
        drop_template(appid=APPID, purpose=LOST)
    waiting = asked_for(upheld, world.tree.south)
    retried(lambda: agree(waiting, world.tree.south))
    run_jobs()
    assert told().keys() == {GAINED}
