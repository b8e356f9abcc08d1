"""Rates by volume: counted once per line and month, for the rep or the outlet, up the tree too."""

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial

from flask import Flask
from sqlalchemy import select

from ledger.models import AccountKind
from ledger.queries import balance
from ledger.values import of_node
from settlement.accruals import accrue
from settlement.cascade import Above
from settlement.models import Accrual, RateVolume, Receiver, VolumeOf
from settlement.rates import Tiers, add_rate
from settlement.rules import LineFacts, Scope
from tests.ledger.accounts import at_once
from tests.settlement.world import (
    NOON,
    World,
    assert_books_balance,
    free,
    held,
    refund,
    vest_all,
)
from wx_backend.db import db, transaction


def tiered(world: World, *, volume_of: VolumeOf = VolumeOf.REP) -> None:
    """Fifty yuan a piece, from the third piece of the month on eighty."""
    with transaction():
        add_rate(
            valid_from=date(2026, 1, 1), piece_fen=5_000, tiers=Tiers(volume_of, ((2, 8_000),))
        )
    assert world


def earn(world: World, line: LineFacts) -> bool:
    with transaction():
        return accrue(line=line, shares=world.alone(), now=NOON)


def volumes() -> list[tuple[date, int]]:
    db.session.rollback()
    found = db.session.scalars(select(RateVolume).order_by(RateVolume.month_on))
    return [(row.month_on, row.volume) for row in found]


def test_from_the_third_piece_of_the_month_on_a_rep_earns_more(world: World) -> None:
    tiered(world)
    lines = [world.line() for _ in range(3)]
    for line in lines + lines:
        earn(world, line)

    assert held(world.alice) == 5_000 + 5_000 + 8_000
    assert volumes() == [(date(2026, 3, 1), 3)]


def test_a_new_month_begins_anew_at_midnight_in_shanghai(world: World) -> None:
    tiered(world)
    for paid_at in (NOON, NOON, datetime(2026, 3, 31, 16, tzinfo=UTC)):
        earn(world, replace(world.line(), paid_at=paid_at))

    assert held(world.alice) == 3 * 5_000
    assert volumes() == [(date(2026, 3, 1), 2), (date(2026, 4, 1), 1)]


def test_an_outlets_volume_counts_for_everybody_in_it(world: World) -> None:
    tiered(world, volume_of=VolumeOf.OUTLET)
    for share in (world.alone(), world.both()[1:], world.alone()):
        line = replace(world.line(), outlet_id=world.outlet_id)
        with transaction():
            accrue(line=line, shares=[replace(share[0], share_bp=10_000)], now=NOON)

    assert held(world.alice) == 5_000 + 8_000


def test_a_late_refund_takes_its_own_line_back_and_leaves_the_others(world: World) -> None:
    tiered(world)
    first, second, third = (world.line() for _ in range(3))
    for line in (first, second, third):
        earn(world, line)
    vest_all(first)
    refund(first, first.paid_fen)

    assert (free(world.alice), held(world.alice)) == (0, 5_000 + 8_000)
    earn(world, world.line())
    assert held(world.alice) == 5_000 + 8_000 + 8_000


def test_a_line_that_brings_nothing_yet_counts_for_the_tier(world: World) -> None:
    with transaction():
        add_rate(
            valid_from=date(2026, 1, 1),
            piece_fen=0,
            tiers=Tiers(VolumeOf.REP, ((1, 100),)),
        )
    assert not earn(world, world.line())
    assert earn(world, world.line())
    assert held(world.alice) == 100


def test_lines_of_one_rep_at_once_count_one_after_the_other(app: Flask, world: World) -> None:
    tiered(world)
    lines = [world.line() for _ in range(8)]
    db.session.rollback()

    works = [partial(accrue, line=line, shares=world.alone(), now=NOON) for line in lines]
    assert at_once(app, works + works).count(True) == 8

    assert volumes() == [(date(2026, 3, 1), 8)]
    assert held(world.alice) == 2 * 5_000 + 6 * 8_000
    assert_books_balance()


def test_the_outlet_is_held_the_difference_and_loses_it_with_a_refund(world: World) -> None:
    world.rate(500)
    world.rate(650, scope=Scope(receiver=Receiver.OUTLET))
    line = replace(world.line(100_000), outlet_id=world.outlet_id)
    above = Above(nodes={Receiver.OUTLET: world.outlet_id})
    with transaction():
        accrue(line=line, shares=world.alone(), above=above, now=NOON)
    held_by_outlet = of_node(AccountKind.COMMISSION_HELD, world.outlet_id)

    assert (held(world.alice), -balance(held_by_outlet)) == (5_000, 1_500)
    assert db.session.scalar(select(Accrual.commission_fen)) == 6_500
    refund(line, 50_000)
    assert (held(world.alice), -balance(held_by_outlet)) == (2_500, 750)
    assert_books_balance()
