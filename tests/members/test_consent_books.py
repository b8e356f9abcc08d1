"""The counted consent book is what all entries say, whatever came late, twice, or was forgotten."""

from dataclasses import replace
from functools import partial
from random import Random

import pytest
from flask import Flask
from sqlalchemy import func, select

from flows.chores import CHORES, ROUNDS
from members import consent_books
from members.consent_books import Book, books_of, count_consents, is_waiting
from members.consents import Answer, count_free, record_consents, use_consent
from members.erasure import erase_identity, erase_profile
from members.models import Consent, ConsentCount, ConsentDelta, ConsentKind, Identity
from members.operations import ensure_identity
from tests.members.cast import CITY, NOON, SECOND, key
from tests.racing import race
from wx_backend.db import db, retried, transaction

ELSEWHERE = "wxElsewhere"
TEMPLATES = ("template-news", "template-order")


@pytest.fixture
def people(app: Flask) -> list[int]:
    assert app
    with transaction():
        return [
            ensure_identity(appid=appid, openid=f"oPerson{n:05d}", now=NOON)
            for n, appid in enumerate((CITY, CITY, CITY, ELSEWHERE))
        ]


def count_all() -> int:
    counted = 0
    while some := retried(partial(count_consents, now=NOON)):
        counted += some
    return counted


def answer(identity_id: int, number: int, template: str, second: int, *, yes: bool) -> None:
    with transaction():
        record_consents(
            push_key=key(number),
            identity_id=identity_id,
            answers=[Answer(template, yes)],
            event_at=NOON + second * SECOND,
            known_at=NOON,
        )


def use(identity_id: int, notice: str, template: str, second: int) -> bool:
    return retried(
        lambda: use_consent(
            key=notice, identity_id=identity_id, template_id=template, now=NOON + second * SECOND
        )
    )


def plain(appid: str) -> dict[str, Book]:
    """Every entry, one by one."""
    db.session.rollback()
    found = {}
    for template in TEMPLATES:
        rows = db.session.execute(
            select(Consent.identity_id, Consent.kind, Consent.event_at)
            .join(Identity, Identity.id == Consent.identity_id)
            .where(Identity.appid == appid, Consent.template_id == template)
        ).all()
        kinds = [ConsentKind(kind) for _, kind, _ in rows]
        free = [
            count_free((ConsentKind(kind), at) for who, kind, at in rows if who == person)
            for person in {who for who, _, _ in rows}
        ]
        found[template] = Book(
            **{str(kind): kinds.count(kind) for kind in ConsentKind},
            people=len([each for each in free if each]),
        )
    return found


def assert_is_plain() -> None:
    for appid in (CITY, ELSEWHERE):
        counted = books_of(appid)
        assert {each: counted.get(each, Book()) for each in TEMPLATES} == plain(appid)


@pytest.mark.parametrize("seed", range(4))
def test_the_book_is_what_every_entry_says(people: list[int], seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - a made-up history
    for n in range(60):
        who, template = chance.choice(people), chance.choice(TEMPLATES)
        second = chance.randrange(40)
        deed = chance.randrange(10)
        if deed < 6:
            answer(who, chance.randrange(40), template, second, yes=chance.random() < 0.7)
        elif deed < 8:
            use(who, f"notice-{n}", template, second)
        elif deed == 8:
            until = NOON + second * SECOND
            retried(partial(erase_profile, identity_id=who, until=until))
        if chance.random() < 0.2:
            count_all()
            assert_is_plain()
    retried(partial(erase_identity, identity_id=people[0]))
    count_all()
    assert_is_plain()
    left = db.session.scalars(select(ConsentCount.identity_id)).all()
    assert people[0] not in left


def test_answers_and_counting_at_once_lose_nothing(app: Flask, people: list[int]) -> None:
    def one(n: int) -> int:
        if n % 2:
            return retried(partial(count_consents, now=NOON))
        answer(people[0], n, TEMPLATES[0], n, yes=True)
        return 0

    race(app, one, times=40)
    count_all()
    assert books_of(CITY) == {TEMPLATES[0]: Book(accepted=20, people=1)}
    assert_is_plain()


def test_a_crowd_is_counted_in_one_turn_of_the_clock_up_to_a_bound(
    people: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A campaign uses more in a minute than one batch holds; the clock has other work too."""
    monkeypatch.setattr(consent_books, "BATCH", 3)
    for n in range(40):
        answer(people[n % 3], n, TEMPLATES[0], n, yes=True)
    [chore] = [each for each in CHORES if each.name == "consents.count"]
    assert chore.batch == 1_000
    small = replace(chore, batch=3)
    assert small.do() == 3 * ROUNDS
    assert is_waiting(CITY)
    assert small.do() == 40 - 3 * ROUNDS
    assert not is_waiting(CITY)
    assert small.do() == 0
    assert_is_plain()


def test_who_dies_while_counting_has_counted_nothing(people: list[int]) -> None:
    def die() -> None:
        count_consents(now=NOON)
        raise RuntimeError("killed")

    answer(people[0], 1, TEMPLATES[0], 1, yes=True)
    with pytest.raises(RuntimeError, match="killed"):
        retried(die)
    assert books_of(CITY) == {}
    assert db.session.scalar(select(func.count()).select_from(ConsentDelta)) == 1
    count_all()
    assert_is_plain()
