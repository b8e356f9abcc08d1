"""A letter leaves in a slot of its own: what one has no time for waits for another, and not for ever."""

from collections.abc import Callable, Sequence
from time import monotonic, sleep
from typing import cast

import pytest

from flows.campaign import posting
from flows.campaign.posting import AT_ONCE, Letter, Look, Outcome, Slot, post
from templates_msg.bulk import Begun
from templates_msg.models import MessageKind
from wechat.client import Client

RATE = 20.0
OVER = Slot(-10.0, RATE)
SOON_SECONDS = 10.0

pytestmark = pytest.mark.usefixtures("slots_are_short", "answers")


class Account:
    """An account as far as sending goes."""

    appid = "wx1"


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When each letter left; every one is taken at once."""
    at: list[float] = []

    def call(*_: object) -> str:
        at.append(monotonic())
        return "1"

    monkeypatch.setattr(posting, "CALLS", {MessageKind.TEMPLATE: call})
    monkeypatch.setattr(posting, "LOOK_EVERY_SECONDS", 0.05)
    return at


def letters(count: int) -> list[Letter]:
    """To so many people."""
    return [
        Letter(number, 0, f"o{number}", cast("Begun", Message(number))) for number in range(count)
    ]


class Message:
    """What of a message is looked at while it is sent."""

    kind, template_id, content = MessageKind.TEMPLATE, "t", ""

    def __init__(self, number: int) -> None:
        self.id = self.identity_id = number


def sent(
    count: int,
    another: Callable[[int], Slot],
    look: Callable[[Sequence[Letter]], Look] = lambda _: Look(goes_on=True),
) -> Outcome:
    """What comes of letters whose own slot is over."""
    start = monotonic()
    outcome = post(cast("Client", Account()), letters(count), OVER, another=another, look=look)
    assert monotonic() - start < SOON_SECONDS
    return outcome


def test_letters_that_are_late_leave_in_another_slot_at_the_same_rate(answers: list[float]) -> None:
    asked: list[tuple[int, float]] = []

    def another(count: int) -> Slot:
        asked.append((count, monotonic()))
        return Slot(0.2, RATE)

    outcome = sent(8, another)
    assert (len(outcome.posted), outcome.unsent) == (8, [])
    (count, at), *_ = asked
    assert count == 8
    for number, left in enumerate(sorted(answers)):
        assert left >= at + 0.2 + (number - 0.1) / RATE


def test_no_more_time_is_taken_than_can_be_used_at_once() -> None:
    asked: list[int] = []

    def another(count: int) -> Slot:
        asked.append(count)
        return Slot(3_600.0, RATE)

    assert len(sent(3 * AT_ONCE, another).unsent) == 3 * AT_ONCE
    assert asked == [AT_ONCE]


def test_the_last_letter_takes_more_time_than_a_commit() -> None:
    asked: list[int] = []

    def another(count: int) -> Slot:
        asked.append(count)
        return Slot(0.0, 200.0)

    one = post(
        cast("Client", Account()),
        letters(1),
        Slot(-10.0, 200.0),
        another=another,
        look=lambda _: Look(goes_on=True),
    )
    assert (len(one.posted), asked[0]) == (1, 20)


def test_a_slot_that_is_too_far_away_is_left_and_the_letters_given_back() -> None:
    """As after a clock that was set back."""
    outcome = sent(3, lambda _: Slot(120.0, RATE))
    assert (outcome.posted, len(outcome.unsent)) == ([], 3)


def test_without_another_slot_the_letters_are_given_back() -> None:
    def another(_: int) -> Slot:
        raise RuntimeError("the database is away")

    outcome = sent(3, another)
    assert (outcome.posted, len(outcome.unsent)) == ([], 3)


def test_whoever_waits_for_another_slot_stops_when_told_to() -> None:
    def look(_: Sequence[Letter]) -> Look:
        sleep(0.1)
        return Look(goes_on=False)

    outcome = sent(3, lambda _: Slot(20.0, RATE), look)
    assert (outcome.posted, len(outcome.unsent)) == ([], 3)
