"""Difference up the tree: nobody gets less than nothing, and all together get the highest rate."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from settlement.cascade import Above, awards_of, rates_on
from settlement.models import Receiver, ShareRole, VolumeOf
from settlement.rules import Rate, Scope, Share, commission_of, differences
from tests.settlement.test_rules import LINE

DEVELOPER, ACCEPTOR = ShareRole.DEVELOPER, ShareRole.ACCEPTOR
TREE = {Receiver.OUTLET: 11, Receiver.CITY: 12, Receiver.PROVINCE: 13}


def rate(receiver: Receiver, *, bp: int | None = None, piece: int | None = None) -> Rate:
    number = list(Receiver).index(receiver) + 1
    return Rate(number, Scope(receiver=receiver), bp, piece, date(2026, 1, 1), None)


def awarded(
    rates: list[Rate], shares: list[Share], above: Above, *, paid_fen: int
) -> dict[ShareRole, int]:
    line = replace(LINE, paid_fen=paid_fen)
    fitting = rates_on(line, rates, shares, above)
    return {
        award.role: award.amount_fen
        for award in awards_of(line, fitting, shares, above, lambda _: 0)
    }


def test_a_three_tier_split_of_333_basis_points_sums_exactly_for_every_amount() -> None:
    rates = [
        rate(Receiver.REP, bp=150),
        rate(Receiver.OUTLET, bp=211),
        rate(Receiver.CITY, bp=290),
        rate(Receiver.PROVINCE, bp=333),
    ]
    shares = [Share(1, DEVELOPER, 7_000), Share(2, ACCEPTOR, 3_000)]
    for paid_fen in range(1, 10_001):
        got = awarded(rates, shares, Above(nodes=TREE), paid_fen=paid_fen)
        assert sum(got.values()) == paid_fen * 333 // 10_000
        assert all(type(fen) is int and fen >= 0 for fen in got.values())


@settings(max_examples=300)
@given(
    st.dictionaries(st.sampled_from(Receiver), st.integers(0, 10_000)),
    st.integers(0, 10**9),
    st.integers(1, 9_999),
    st.permutations(list(Receiver)),
)
def test_any_tree_shares_out_the_highest_rate_and_no_fen_more(
    rates_bp: dict[Receiver, int], paid_fen: int, developer_bp: int, order: list[Receiver]
) -> None:
    rates = [rate(receiver, bp=rates_bp[receiver]) for receiver in order if receiver in rates_bp]
    shares = [Share(1, DEVELOPER, developer_bp), Share(2, ACCEPTOR, 10_000 - developer_bp)]
    above = Above(manager_id=3, nodes=TREE)

    got = awarded(rates, shares, above, paid_fen=paid_fen)

    highest = max(rates_bp.values(), default=0)
    assert sum(got.values()) == paid_fen * highest // 10_000
    assert min(got.values(), default=0) >= 0
    assert got == awarded(rates[::-1], shares[::-1], above, paid_fen=paid_fen)


def test_each_tier_gets_what_its_rate_is_above_those_below() -> None:
    rates = [rate(Receiver.REP, bp=500), rate(Receiver.OUTLET, bp=600), rate(Receiver.CITY, bp=650)]
    got = awarded(rates, [Share(1, DEVELOPER, 10_000)], Above(nodes=TREE), paid_fen=100_000)

    assert got == {DEVELOPER: 5_000, ShareRole.OUTLET: 1_000, ShareRole.CITY: 500}


def test_a_tier_below_whose_rate_is_higher_leaves_nothing_for_the_one_above() -> None:
    rates = [rate(Receiver.REP, bp=500), rate(Receiver.OUTLET, bp=400), rate(Receiver.CITY, bp=550)]
    got = awarded(rates, [Share(1, DEVELOPER, 10_000)], Above(nodes=TREE), paid_fen=100_000)

    assert got == {DEVELOPER: 5_000, ShareRole.CITY: 500}


def test_of_a_pools_line_the_outlet_gets_its_whole_rate_and_no_rep_anything() -> None:
    rates = [rate(Receiver.REP, bp=500), rate(Receiver.OUTLET, bp=600)]

    assert awarded(rates, [], Above(nodes=TREE), paid_fen=100_000) == {ShareRole.OUTLET: 6_000}


@pytest.mark.parametrize(("seller", "override_fen"), [(1, 500), (3, 0)])
def test_a_manager_has_one_override_and_none_on_what_he_sold_himself(
    seller: int, override_fen: int
) -> None:
    rates = [rate(Receiver.REP, bp=500), rate(Receiver.MANAGER, bp=550)]
    got = awarded(rates, [Share(seller, DEVELOPER, 10_000)], Above(manager_id=3), paid_fen=100_000)

    assert got.get(ShareRole.MANAGER, 0) == override_fen


def test_pieces_and_basis_points_cascade_by_what_they_come_to() -> None:
    rates = [rate(Receiver.REP, piece=3_000), rate(Receiver.OUTLET, bp=500)]
    share = [Share(1, DEVELOPER, 10_000)]

    assert awarded(rates, share, Above(nodes=TREE), paid_fen=100_000)[ShareRole.OUTLET] == 2_000
    assert ShareRole.OUTLET not in awarded(rates, share, Above(nodes=TREE), paid_fen=50_000)


@given(st.lists(st.integers(0, 10**9)))
def test_differences_add_up_to_the_highest(amounts: list[int]) -> None:
    assert sum(differences(amounts)) == max(amounts, default=0)


def by_volume(**said: object) -> Rate:
    base = {"rate_bp": None, "piece_fen": 5_000, "tiers": ((10, 8_000), (20, 10_000)), **said}
    return replace(rate(Receiver.REP, bp=1), volume_of=VolumeOf.REP, **base)  # type: ignore[arg-type]  # by name


def test_a_tier_begins_with_the_piece_after_its_volume() -> None:
    line = replace(LINE, quantity=1)
    assert [
        commission_of(line, by_volume(), volume_before=sold) for sold in (0, 9, 10, 19, 20, 500)
    ] == [5_000, 5_000, 8_000, 8_000, 10_000, 10_000]


def test_a_line_across_a_tier_has_each_piece_at_its_own_rate() -> None:
    line = replace(LINE, quantity=15)
    assert commission_of(line, by_volume(), volume_before=8) == 2 * 5_000 + 10 * 8_000 + 3 * 10_000


@settings(max_examples=200)
@given(st.lists(st.integers(1, 10**7), min_size=1, max_size=12))
def test_a_months_sum_is_exact_whatever_the_order_of_its_lines(
    amounts: list[int],
) -> None:
    tiered = by_volume(rate_bp=333, piece_fen=None, tiers=((1_000_000, 400), (5_000_000, 450)))

    def month(order: list[int]) -> int:
        total = before = 0
        for paid_fen in order:
            line = replace(LINE, paid_fen=paid_fen)
            total += commission_of(line, tiered, volume_before=before)
            before += paid_fen
        return total

    shuffled = sorted(amounts)
    assert month(amounts) == month(shuffled) == month(shuffled[::-1])
    whole = sum(amounts)
    first, second = min(whole, 1_000_000), min(max(whole - 1_000_000, 0), 4_000_000)
    third = max(whole - 5_000_000, 0)
    assert month(amounts) == (first * 333 + second * 400 + third * 450) // 10_000
