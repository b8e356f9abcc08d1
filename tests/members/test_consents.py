"""The consent book: what may still be sent, whatever the order in which answers arrive."""

from datetime import timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from members.consents import (
    Answer,
    count_free,
    free_consents,
    record_consents,
    use_consent,
)
from members.models import ConsentKind
from members.operations import ensure_identity
from tests.members.cast import BOB, CITY, NOON, SECOND, key
from tests.racing import race
from wx_backend.db import retried, transaction

pytestmark = pytest.mark.usefixtures("app")

NEWS = "template-news"


@pytest.fixture
def bob(app: Flask) -> int:
    assert app.testing
    with transaction():
        return ensure_identity(appid=CITY, openid=BOB, now=NOON)


def answer(bob: int, number: int, *accepted: bool, second: int = 0) -> None:
    with transaction():
        record_consents(
            push_key=key(number),
            identity_id=bob,
            answers=[Answer(NEWS, each) for each in accepted],
            event_at=NOON + second * SECOND,
            known_at=NOON,
        )


def use(bob: int, notice: str, second: int = 0) -> bool:
    return retried(
        lambda: use_consent(
            key=notice, identity_id=bob, template_id=NEWS, now=NOON + second * SECOND
        )
    )


def test_repeated_push_counts_once(bob: int) -> None:
    for _ in range(3):
        answer(bob, 1, True, True)

    assert free_consents(bob, NEWS) == 2
    assert free_consents(bob, "template-other") == 0


def test_each_notice_uses_one_yes(bob: int) -> None:
    answer(bob, 1, True, True)

    assert [use(bob, notice, 1) for notice in ("a", "a", "b", "c")] == [True, True, True, False]
    assert free_consents(bob, NEWS) == 0


def test_refusal_voids_what_was_agreed_before(bob: int) -> None:
    answer(bob, 1, True, True, second=0)
    answer(bob, 2, False, second=5)
    assert not use(bob, "a", 6)

    answer(bob, 3, True, second=7)
    assert use(bob, "a", 8)


def test_late_yes_from_before_the_refusal_does_not_count(bob: int) -> None:
    answer(bob, 2, False, second=5)
    answer(bob, 1, True, second=4)

    assert free_consents(bob, NEWS) == 0


def test_one_yes_is_used_once_by_many_senders(app: Flask, bob: int) -> None:
    answer(bob, 1, True)
    used = race(app, lambda n: use(bob, f"notice-{n}", 1), times=6)

    assert sorted(used) == [False] * 5 + [True]


@given(entries=st.lists(st.tuples(st.sampled_from(ConsentKind), st.integers(0, 5))), data=st.data())
def test_order_of_entries_does_not_matter(
    entries: list[tuple[ConsentKind, int]], data: st.DataObject
) -> None:
    book = [(kind, NOON + timedelta(seconds=second)) for kind, second in entries]
    free = count_free(book)

    assert free == count_free(data.draw(st.permutations(book)))
    assert 0 <= free <= len(book)
