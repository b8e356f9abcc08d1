"""Rates, parts and take-back as tables: whole fen, nothing lost, nothing invented."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from settlement.models import ShareRole
from settlement.rules import (
    LineFacts,
    Rate,
    Scope,
    Share,
    commission_of,
    parts,
    rate_of,
    taken_back,
)

LINE = LineFacts(
    order_line_id=1,
    product_id=5,
    category_id=3,
    channel_class="own_hall",
    paid_fen=199_900,
    product_kind="goods",
    paid_at=datetime(2026, 3, 2, 4, tzinfo=UTC),
)
ANY, OWN = Scope(), Scope(channel_class="own_hall")
CATEGORY, CATEGORY_OWN = Scope(category_id=3), Scope(category_id=3, channel_class="own_hall")
PRODUCT, PRODUCT_OWN = Scope(product_id=5), Scope(product_id=5, channel_class="own_hall")
NARROWER = [ANY, OWN, CATEGORY, CATEGORY_OWN, PRODUCT, PRODUCT_OWN]
DEVELOPER, ACCEPTOR = ShareRole.DEVELOPER, ShareRole.ACCEPTOR


def rate(id_: int, scope: Scope = ANY, *, since: date = date(2026, 1, 1)) -> Rate:
    return Rate(id_, scope, rate_bp=100, piece_fen=None, valid_from=since, valid_until=None)


@pytest.mark.parametrize("narrowest", range(1, len(NARROWER) + 1))
@pytest.mark.parametrize("step", [1, -1])
def test_the_narrowest_rate_wins_in_whatever_order_they_come(narrowest: int, step: int) -> None:
    rates = [rate(id_, scope) for id_, scope in enumerate(NARROWER[:narrowest], start=1)]

    chosen = rate_of(LINE, rates[::step])
    assert chosen is not None
    assert chosen.id == narrowest


@pytest.mark.parametrize(
    "scope",
    [
        Scope(product_id=6),
        Scope(category_id=4),
        Scope(channel_class="franchise"),
        Scope(product_id=5, channel_class="franchise"),
    ],
)
def test_a_rate_for_something_else_does_not_fit(scope: Scope) -> None:
    assert rate_of(LINE, [rate(1, scope)]) is None


@pytest.mark.parametrize(
    ("paid_at", "chosen"),
    [
        (datetime(2026, 2, 28, 15, 59, 59, tzinfo=UTC), None),
        (datetime(2026, 2, 28, 16, 0, 0, tzinfo=UTC), 1),
        (datetime(2026, 3, 31, 15, 59, 59, tzinfo=UTC), 1),
        (datetime(2026, 3, 31, 16, 0, 0, tzinfo=UTC), 2),
    ],
)
def test_the_rate_of_the_shanghai_day_of_payment_counts(
    paid_at: datetime, chosen: int | None
) -> None:
    march = replace(rate(1, since=date(2026, 3, 1)), valid_until=date(2026, 4, 1))
    april = rate(2, since=date(2026, 4, 1))

    found = rate_of(replace(LINE, paid_at=paid_at), [april, march])
    assert (found.id if found else None) == chosen


@pytest.mark.parametrize(
    ("paid_fen", "rate_bp", "commission_fen"),
    [(199_900, 333, 6_656), (1, 333, 0), (30, 333, 0), (31, 333, 1), (100, 10_000, 100)],
)
def test_a_rate_counts_on_what_was_paid_cut_to_whole_fen(
    paid_fen: int, rate_bp: int, commission_fen: int
) -> None:
    by_rate = replace(rate(1), rate_bp=rate_bp)
    assert commission_of(replace(LINE, paid_fen=paid_fen), by_rate) == commission_fen


def test_a_fixed_amount_counts_per_piece_whatever_was_paid() -> None:
    fixed = replace(rate(1), rate_bp=None, piece_fen=5_000)
    assert commission_of(replace(LINE, paid_fen=0, quantity=3), fixed) == 15_000


def test_parts_add_up_for_every_amount_up_to_a_hundred_yuan() -> None:
    shares = [Share(1, DEVELOPER, 7_000), Share(2, ACCEPTOR, 3_000)]
    for paid_fen in range(1, 10_001):
        total = commission_of(replace(LINE, paid_fen=paid_fen), replace(rate(1), rate_bp=333))
        developer, acceptor = parts(total, shares).values()
        assert developer + acceptor == total
        assert developer >= acceptor >= 0
        assert abs(developer * 10_000 - total * 7_000) < 10_000


@given(
    st.integers(0, 10**9),
    st.lists(st.integers(1, 5_000), min_size=2, max_size=2),
)
def test_parts_are_the_same_whatever_part_is_named_first(amount: int, bp: list[int]) -> None:
    shares = [Share(1, DEVELOPER, bp[0]), Share(2, ACCEPTOR, bp[1])]
    there, back = parts(amount, shares), parts(amount, shares[::-1])

    assert there == back
    assert sum(there.values()) <= amount
    for share, fen in there.items():
        assert isinstance(fen, int)
        assert abs(fen * 10_000 - amount * share.share_bp) <= 10_000


def test_the_fen_that_does_not_divide_is_the_developers() -> None:
    shares = [Share(2, ACCEPTOR, 5_000), Share(1, DEVELOPER, 5_000)]
    assert list(parts(7, shares).values()) == [4, 3]


@pytest.mark.parametrize(
    "shares",
    [
        [Share(1, DEVELOPER, 7_000), Share(2, ACCEPTOR, 3_001)],
        [Share(1, DEVELOPER, 5_000), Share(2, DEVELOPER, 5_000)],
        [Share(1, DEVELOPER, 10_000), Share(2, ACCEPTOR, 0)],
        [Share(1, DEVELOPER, 10_001), Share(2, ACCEPTOR, -1)],
    ],
)
def test_shares_beyond_the_whole_are_a_bug(shares: list[Share]) -> None:
    with pytest.raises(ValueError, match="shares"):
        parts(100, shares)


@settings(max_examples=300)
@given(st.data())
def test_refunds_in_pieces_take_back_what_one_refund_does(data: st.DataObject) -> None:
    paid_fen = data.draw(st.integers(1, 10**7))
    amount_fen = data.draw(st.integers(0, paid_fen))
    cuts = sorted(data.draw(st.lists(st.integers(0, paid_fen), max_size=8)))

    gone = 0
    for refunded_fen in [*cuts, paid_fen]:
        now_gone = taken_back(amount_fen, refunded_fen=refunded_fen, paid_fen=paid_fen)
        assert gone <= now_gone <= amount_fen
        gone = now_gone
    assert gone == amount_fen


def test_a_refund_never_takes_more_than_its_part() -> None:
    for refunded_fen in range(100):
        gone = taken_back(33, refunded_fen=refunded_fen, paid_fen=99)
        assert gone * 99 <= 33 * refunded_fen < (gone + 1) * 99
