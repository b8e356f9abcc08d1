"""Every sequence of up to four touches over three reps, decided twice: by the code, by the text."""

from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from itertools import product

import pytest

from referral.rules import decide
from referral.values import OrderFacts, Touch, TouchKind
from tests.referral.cast import ALICE, CAROL, DAVE, ERIN, POLICY, START, order, touch
from tests.referral.oracle import DAY, PROTECTION, RECENT, WINDOW, Contact, Line, World

REPS = (ALICE, DAVE, ERIN)
OPENED, SUBSCRIBED, PUSHED, IMPORTED = "opened", "subscribed", "pushed", "imported"
KINDS = (OPENED, SUBSCRIBED, PUSHED)
WEIGHTS = {OPENED: 1, SUBSCRIBED: 4, PUSHED: 1, IMPORTED: 0}
TOUCH_KINDS = {SUBSCRIBED: TouchKind.SUBSCRIBE, IMPORTED: TouchKind.IMPORTED}

# Seconds between one touch and the next, and from the last touch to the order: the edges, both
# sides of each, the same second, and an order placed before the last touch.
FINE_GAPS = (0, 1, PROTECTION - 1, PROTECTION, WINDOW - PROTECTION, WINDOW, WINDOW + 1)
COARSE_GAPS = (0, PROTECTION - 1, PROTECTION)
FINE_ENDS = (-1, 0, PROTECTION - 1, PROTECTION, WINDOW - PROTECTION, WINDOW, WINDOW + 1)
COARSE_ENDS = (0, PROTECTION, WINDOW - PROTECTION, WINDOW)
HELD_GAPS = (0, RECENT, RECENT + 1, PROTECTION, WINDOW)
HELD_ENDS = (-1, 0, RECENT - 1, RECENT, RECENT + 1, WINDOW - RECENT)

Sequence = tuple[tuple[int, str, int], ...]


def sequences(
    length: int, gaps: tuple[int, ...], kinds_of: tuple[str, ...] = KINDS
) -> Iterator[Sequence]:
    """All (rep, kind, second) in time order; reps are named in order of their first touch.

    Renaming reps changes nothing but names, which a property test shows.
    """
    for reps in product(REPS, repeat=length):
        if list(dict.fromkeys(reps)) != list(REPS[: len(set(reps))]):
            continue
        for kinds in product(kinds_of, repeat=length):
            for steps in product(gaps, repeat=length - 1):
                seconds = [sum(steps[:i]) for i in range(length)]
                yield tuple(zip(reps, kinds, seconds, strict=True))


@cache
def as_touch(number: int, rep: int, kind: str, second: int) -> Touch:
    return touch(
        number,
        rep,
        TOUCH_KINDS.get(kind, TouchKind.LINK_OPENED),
        START + timedelta(seconds=second),
        is_push=kind == PUSHED,
    )


@cache
def as_contact(number: int, rep: int, kind: str, second: int) -> Contact:
    key = as_touch(number, rep, kind, second).key
    return Contact(
        number,
        rep,
        second,
        WEIGHTS[kind],
        key,
        kind == SUBSCRIBED,
        is_push=kind == PUSHED,
        is_imported=kind == IMPORTED,
    )


@cache
def as_order(line: Line) -> OrderFacts:
    instant = START + timedelta(seconds=line.second)
    return order(
        instant,
        hold_at=instant if line.is_held else None,
        acceptor_rep_id=line.acceptor,
        own_rep_ids=line.own,
    )


def assert_agree(sequence: Sequence, line: Line) -> None:
    decision = decide(
        (as_touch(i, *each) for i, each in enumerate(sequence)), as_order(line), POLICY
    )
    world = World([as_contact(i, *each) for i, each in enumerate(sequence)], line)
    paid: dict[int | None, int] = {}
    for part in decision.portions:
        paid[part.rep_id] = paid.get(part.rep_id, 0) + part.share_bp
    assert paid == world.parts(), (sequence, line, decision)
    if line.acceptor is None and not line.own:
        last = world.last()
        assert decision.winning_touch_id == (last and last.name), (sequence, line, decision)


def compare_all(
    length: int, gaps: tuple[int, ...], lines: list[Line], kinds_of: tuple[str, ...] = KINDS
) -> int:
    """Compare every sequence with every line, its second counted from the last touch."""
    compared = 0
    for sequence in sequences(length, gaps, kinds_of):
        last_second = sequence[-1][2] if sequence else 0
        for line in lines:
            ended = Line(last_second + line.second, line.is_held, line.acceptor, line.own)
            assert_agree(sequence, ended)
            compared += 1
    return compared


def test_no_touches_at_all() -> None:
    for acceptor, own in product((None, CAROL), (frozenset[int](), frozenset({CAROL}))):
        assert_agree((), Line(0, acceptor=acceptor, own=own))


@pytest.mark.parametrize("length", [1, 2, 3])
def test_all_sequences_on_the_fine_grid(length: int) -> None:
    gaps = FINE_GAPS if length < 3 else (0, PROTECTION - 1, PROTECTION, WINDOW, WINDOW + 1)
    assert compare_all(length, gaps, [Line(end) for end in FINE_ENDS]) > 20


@pytest.mark.parametrize("end", COARSE_ENDS)
def test_all_sequences_of_four_on_the_coarse_grid(end: int) -> None:
    assert compare_all(4, COARSE_GAPS, [Line(end)]) == 14 * 3**4 * 3**3


@pytest.mark.parametrize("length", [1, 2, 3])
def test_all_sequences_before_a_hold(length: int) -> None:
    lines = [Line(end, is_held=True) for end in HELD_ENDS]
    assert compare_all(length, HELD_GAPS if length < 3 else HELD_GAPS[:4], lines) > 10


@pytest.mark.parametrize("length", [1, 2, 3])
def test_all_sequences_with_what_was_imported(length: int) -> None:
    lines = [Line(end, is_held=held) for end in FINE_ENDS[1:] for held in (False, True)]
    gaps = FINE_GAPS if length < 3 else (0, PROTECTION - 1, WINDOW - PROTECTION, WINDOW + 1)
    assert compare_all(length, gaps, lines, (*KINDS, IMPORTED)) > 40


@pytest.mark.parametrize("length", [1, 2])
def test_all_sequences_at_the_counter_and_for_oneself(length: int) -> None:
    ends = (0, PROTECTION - 1, PROTECTION, WINDOW + 1, 3 * DAY)
    lines = [
        Line(end, acceptor=acceptor, own=own)
        for end, acceptor, own in product(
            ends,
            (None, ALICE, CAROL),
            (frozenset[int](), frozenset({ALICE}), frozenset({CAROL}), frozenset({ALICE, CAROL})),
        )
    ]
    assert compare_all(length, FINE_GAPS, lines) > 100
