"""Invitations: short, used once, guessed hardly, and never binding anybody twice."""

import re

import pytest
from flask import Flask
from sqlalchemy import func, select

from org.invites import (
    AlreadyBound,
    InviteOutcome,
    TooManyInvites,
    bind_rep,
    create_invite,
    unbind_rep,
    use_invite,
)
from org.models import Invite, RepBinding
from org.queries import member_of_rep, rep_of_member
from org.reps import RepHasLeft, disable_rep
from tests.org.cast import DAY, NOON, Tree, hire, person, plant
from tests.racing import race
from wx_backend.db import db, retried, transaction
from wx_backend.errors import NotFound


@pytest.fixture
def tree(app: Flask) -> Tree:
    assert app.testing
    return plant()


@pytest.fixture
def alice(tree: Tree) -> int:
    return hire(tree.hall)


@pytest.fixture
def bob(tree: Tree) -> int:
    assert tree
    return person("Bob")


def invite(rep_id: int) -> str:
    with transaction():
        return create_invite(rep_id=rep_id, now=NOON)


def attempt(rep_id: int, code: str, member_id: int, days: int = 0) -> InviteOutcome:
    def used() -> InviteOutcome:
        now = NOON + days * DAY
        outcome = use_invite(rep_id=rep_id, code=code, now=now)
        if outcome is InviteOutcome.BOUND:
            bind_rep(rep_id=rep_id, member_id=member_id, now=now)
        return outcome

    return retried(used)


def bind(rep_id: int, member_id: int) -> bool:
    try:
        retried(lambda: bind_rep(rep_id=rep_id, member_id=member_id, now=NOON))
    except AlreadyBound:
        return False
    return True


def test_code_binds_once(alice: int, bob: int) -> None:
    code = invite(alice)

    assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", code)
    assert attempt(alice, code, bob) is InviteOutcome.BOUND
    assert (rep_of_member(bob), member_of_rep(alice)) == (alice, bob)
    assert attempt(alice, code, person("Mallory")) is InviteOutcome.EXHAUSTED


def test_code_is_read_as_people_write_it(alice: int, bob: int) -> None:
    code = invite(alice)
    written = code.lower().replace("0", "o").replace("1", "l").replace("-", " ")

    assert attempt(alice, written, bob) is InviteOutcome.BOUND


def test_code_is_not_in_the_database(alice: int) -> None:
    code = invite(alice).replace("-", "").encode()

    assert code not in db.session.scalars(select(Invite.digest)).one()


def test_code_dies_after_a_week_and_by_a_newer_one(alice: int, bob: int) -> None:
    first = invite(alice)
    assert attempt(alice, first, bob, days=7) is InviteOutcome.EXHAUSTED

    second = invite(alice)
    assert attempt(alice, first, bob) is InviteOutcome.WRONG
    assert attempt(alice, second, bob) is InviteOutcome.BOUND


def test_code_of_one_rep_does_not_open_another(tree: Tree, alice: int, bob: int) -> None:
    other = hire(tree.bay, "二")
    invite(other)

    assert attempt(other, invite(alice), bob) is InviteOutcome.WRONG


def test_five_guesses_at_once_are_all_there_are(app: Flask, alice: int, bob: int) -> None:
    code = invite(alice)
    outcomes = race(app, lambda n: attempt(alice, f"WRONG{n:03d}", bob), times=12)

    assert sorted(outcomes) == [InviteOutcome.EXHAUSTED] * 7 + [InviteOutcome.WRONG] * 5
    assert attempt(alice, code, bob) is InviteOutcome.EXHAUSTED


def test_one_code_tried_by_many_binds_one(app: Flask, alice: int) -> None:
    code = invite(alice)
    members = [person(f"Bob{number}") for number in range(4)]
    outcomes = race(app, lambda n: attempt(alice, code, members[n]), times=4)

    assert sorted(outcomes) == [InviteOutcome.BOUND] + [InviteOutcome.EXHAUSTED] * 3


def test_ten_invitations_a_day(alice: int) -> None:
    for _ in range(10):
        invite(alice)
    with pytest.raises(TooManyInvites):
        invite(alice)


def test_rep_without_rights_is_not_invited(alice: int, bob: int) -> None:
    with transaction():
        disable_rep(rep_id=alice)
    with pytest.raises(RepHasLeft):
        invite(alice)
    with pytest.raises(RepHasLeft):
        bind(alice, bob)
    with pytest.raises(NotFound):
        invite(404)
    with pytest.raises(NotFound):
        bind(404, bob)


def test_binding_is_one_to_one(tree: Tree, alice: int, bob: int) -> None:
    other, mallory = hire(tree.bay, "二"), person("Mallory")

    assert bind(alice, bob)
    assert bind(alice, bob)
    assert not bind(alice, mallory)
    assert not bind(other, bob)
    assert db.session.scalar(select(func.count(RepBinding.id))) == 1


def test_taken_code_stays_good_when_binding_is_refused(tree: Tree, alice: int, bob: int) -> None:
    other, code = hire(tree.bay, "二"), invite(alice)
    bind(other, bob)
    with pytest.raises(AlreadyBound):
        attempt(alice, code, bob)

    assert attempt(alice, code, person("Eve")) is InviteOutcome.BOUND


def test_of_many_bindings_at_once_one_holds(app: Flask, alice: int) -> None:
    members = [person(f"Bob{number}") for number in range(6)]

    assert sum(race(app, lambda n: bind(alice, members[n]), times=6)) == 1


def test_of_many_reps_at_once_a_person_is_one(app: Flask, tree: Tree, bob: int) -> None:
    reps = [hire(tree.hall, f"代表{number}") for number in range(6)]

    assert sum(race(app, lambda n: bind(reps[n], bob), times=6)) == 1


def test_unbound_rep_can_be_bound_anew(alice: int, bob: int) -> None:
    bind(alice, bob)
    with transaction():
        assert unbind_rep(rep_id=alice, now=NOON + DAY)
        assert not unbind_rep(rep_id=alice, now=NOON + DAY)

    assert rep_of_member(bob) is None
    assert bind(alice, person("Eve"))
