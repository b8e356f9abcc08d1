"""Two who proved one phone, one of whom has something to see: asked once, joined by both, or never."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from members.join_requests import JoinOver, waiting_for
from members.models import PhoneJoin
from members.phone_joining import PROOF_COUNTS_FOR, answer_join, join_by_phone, prove_phone
from members.queries import member_ids_of
from members.vault import Vault
from tests.members.cast import BOB, CITY, NOON, PROVINCE
from tests.members.test_joining import PHONE, join, vault
from tests.racing import race
from wx_backend.db import db, retried, transaction
from wx_backend.errors import NotFound

__all__ = ["vault"]
pytestmark = pytest.mark.usefixtures("app")


def prove(member_id: int, vault: Vault, *, having: set[int], now: datetime = NOON) -> None:
    """A member proves the phone; `having` are those with something to see."""
    prove_phone(member_id=member_id, phone=PHONE, vault=vault, now=now)
    join_by_phone(
        member_id=member_id,
        has_rights=lambda _: False,
        has_things=lambda ids: bool(ids & having),
        now=now,
    )


@pytest.fixture
def two(vault: Vault) -> tuple[int, int]:
    """Bob, who has something, and another WeChat that has something too."""
    with transaction():
        bob, other = join(CITY, BOB)[1], join(PROVINCE, "oOther")[1]
        for each in (bob, other):
            prove(each, vault, having={bob, other})
    return bob, other


def answer(
    member_id: int,
    *,
    agrees: bool = True,
    now: datetime = NOON + timedelta(minutes=1),
    rights: frozenset[int] = frozenset(),
    having: frozenset[int] = frozenset(),
) -> bool:
    db.session.rollback()
    join_id = db.session.scalars(select(PhoneJoin.id)).one()
    db.session.rollback()
    return retried(
        lambda: answer_join(
            join_id,
            member_id=member_id,
            agrees=agrees,
            has_rights=lambda ids: bool(ids & rights),
            has_things=lambda ids: bool(ids & having),
            now=now,
        )
    )


def test_both_have_to_agree(two: tuple[int, int]) -> None:
    bob, other = two
    assert member_ids_of(bob) == {bob}
    assert [answer(bob), answer(bob), answer(other)] == [False, False, True]
    assert member_ids_of(bob) == {bob, other}


def test_those_with_nothing_are_joined_at_once(vault: Vault) -> None:
    with transaction():
        people = [join(CITY, BOB)[1], join(PROVINCE, "oOther")[1], join("wxThird", "oThird")[1]]
        for each in people:
            prove(each, vault, having={people[1]})
    bob, rich, third = people
    assert member_ids_of(bob) == {bob, third}
    assert member_ids_of(rich) == {rich}
    asked = db.session.scalars(select(PhoneJoin)).all()
    assert {(row.first_id, row.second_id) for row in asked} == {(bob, rich)}
    assert len(waiting_for(rich, since=NOON - timedelta(days=1))) == 1
    assert waiting_for(bob, since=NOON - timedelta(days=1)) == []
    assert answer(rich) is True
    assert member_ids_of(bob) == set(people)


def test_who_has_something_by_now_is_asked_after_all(vault: Vault) -> None:
    """Nothing to see when it came up was his agreement; whoever has ordered since has to say so."""
    with transaction():
        bob, other = join(CITY, BOB)[1], join(PROVINCE, "oOther")[1]
        for each in (bob, other):
            prove(each, vault, having={bob})
    today, since = frozenset({bob, other}), NOON - timedelta(days=1)
    assert waiting_for(other, since=since) == []
    assert [answer(bob, having=today), answer(bob, having=today)] == [False, False]
    assert member_ids_of(bob) == {bob}
    assert waiting_for(bob, since=since) == []
    assert len(waiting_for(other, since=since)) == 1
    assert answer(other, having=today) is True
    assert member_ids_of(bob) == {bob, other}


def test_who_says_himself_that_he_agrees_is_not_asked_again(vault: Vault) -> None:
    with transaction():
        bob, other = join(CITY, BOB)[1], join(PROVINCE, "oOther")[1]
        for each in (bob, other):
            prove(each, vault, having={bob})
    today = frozenset({bob, other})
    assert [answer(other, having=today), answer(bob, having=today)] == [False, True]


def test_a_question_nobody_answered_is_asked_anew(two: tuple[int, int], vault: Vault) -> None:
    """Ninety days later both prove the phone again: what one of them said then counts no more."""
    bob, other = two
    assert answer(bob) is False
    later = NOON + PROOF_COUNTS_FOR
    with transaction():
        for each in two:
            prove(each, vault, having=set(two), now=later)
    since = later - PROOF_COUNTS_FOR
    assert [len(waiting_for(each, since=since)) for each in two] == [1, 1]
    after = later + timedelta(minutes=1)
    assert [answer(other, now=after), answer(bob, now=after)] == [False, True]
    assert member_ids_of(bob) == {bob, other}


def test_a_no_is_for_good_however_old(two: tuple[int, int], vault: Vault) -> None:
    answer(two[0], agrees=False)
    later = NOON + 2 * PROOF_COUNTS_FOR
    with transaction():
        for each in two:
            prove(each, vault, having=set(two), now=later)
    assert waiting_for(two[1], since=NOON) == []
    with pytest.raises(JoinOver):
        answer(two[1], now=later)


def test_proving_again_asks_no_more(two: tuple[int, int], vault: Vault) -> None:
    with transaction():
        for each in two:
            prove(each, vault, having=set(two))
    assert len(db.session.scalars(select(PhoneJoin)).all()) == 1


def test_a_proof_that_is_too_old_joins_nobody(two: tuple[int, int]) -> None:
    bob, other = two
    later = NOON + PROOF_COUNTS_FOR
    assert waiting_for(bob, since=later - PROOF_COUNTS_FOR) == []
    for each in two:
        with pytest.raises(JoinOver):
            answer(each, now=later)
    assert member_ids_of(bob) == {bob}
    assert other


def test_a_phone_proven_anew_elsewhere_joins_nobody(two: tuple[int, int], vault: Vault) -> None:
    bob, other = two
    with transaction():
        prove_phone(member_id=other, phone="13900139000", vault=vault, now=NOON)
    answer(bob)
    with pytest.raises(JoinOver):
        answer(other)
    assert member_ids_of(bob) == {bob}


def test_who_got_rights_meanwhile_is_joined_with_nobody(two: tuple[int, int]) -> None:
    bob, other = two
    answer(bob)
    with pytest.raises(JoinOver):
        answer(other, rights=frozenset({bob}))
    assert member_ids_of(bob) == {bob}


def test_it_concerns_two_alone(two: tuple[int, int]) -> None:
    with transaction():
        _, stranger = join("wxThird", "oThird")
    for agrees in (True, False):
        with pytest.raises(NotFound):
            answer(stranger, agrees=agrees)
    assert two


def test_the_database_joins_nobody_who_has_not_agreed(two: tuple[int, int]) -> None:
    assert two
    with pytest.raises(IntegrityError), transaction():
        db.session.execute(update(PhoneJoin).values(joined_at=NOON))


@pytest.mark.parametrize("no", [False, True])
def test_answers_at_one_moment_have_one_outcome(app: Flask, two: tuple[int, int], no: bool) -> None:
    """Both agree many times at once; or one agrees while the other says no."""
    bob, other = two
    if no:
        answer(bob)

    def say(n: int) -> bool | None:
        try:
            return answer((bob, other)[n % 2] if not no else other, agrees=not (no and n % 2))
        except JoinOver:
            return None

    outcomes = race(app, say, times=12)
    db.session.rollback()
    row = db.session.scalars(select(PhoneJoin)).one()
    is_one = member_ids_of(bob) == {bob, other}
    assert is_one is (row.joined_at is not None)
    assert (row.joined_at is None) or (row.refused_at is None)
    assert is_one is (True in outcomes)
    assert no or is_one
