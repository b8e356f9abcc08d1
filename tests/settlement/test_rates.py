"""Rates are dated data: added, ended early, never changed, never two for the same day."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError, IntegrityError

from settlement.models import Milestone, RateRule
from settlement.rates import RatesOverlap, add_rate, end_rate, set_vesting
from settlement.rules import ANYTHING, Scope
from tests.settlement.world import World
from wx_backend.db import db, transaction
from wx_backend.errors import BadInput, Conflict, NotFound

pytestmark = pytest.mark.usefixtures("world")

MARCH, APRIL, MAY = date(2026, 3, 1), date(2026, 4, 1), date(2026, 5, 1)
OWN = Scope(channel_class="own_hall")


def add(first: date, until: date | None, scope: Scope = ANYTHING) -> int:
    with transaction():
        return add_rate(valid_from=first, valid_until=until, rate_bp=100, scope=scope).id


def test_spans_may_touch_and_scopes_may_nest(world: World) -> None:
    add(MARCH, APRIL)
    add(APRIL, None)
    add(MARCH, None, OWN)
    add(MARCH, None, Scope(product_id=world.product_id))
    add(MARCH, None, Scope(product_id=world.product_id, channel_class="own_hall"))


@pytest.mark.parametrize(
    ("first", "until"),
    [(MARCH, None), (APRIL, None), (MARCH, date(2026, 4, 2)), (date(2026, 4, 30), MAY)],
)
@pytest.mark.parametrize("scope", [ANYTHING, OWN])
def test_overlapping_rates_for_the_same_are_refused(
    first: date, until: date | None, scope: Scope
) -> None:
    add(APRIL, MAY, scope)
    with pytest.raises(RatesOverlap):
        add(first, until, scope)


@pytest.mark.parametrize("until", [None, MAY])
def test_the_database_refuses_an_overlap_by_itself(until: date | None) -> None:
    add(MARCH, None, OWN)
    later = RateRule(channel_class="own_hall", rate_bp=5, valid_from=APRIL, valid_until=until)
    with pytest.raises(DBAPIError, match="overlap"), transaction():
        db.session.add(later)


@pytest.mark.parametrize(
    "change",
    [
        {"rate_bp": 9_000},
        {"rate_bp": None, "piece_fen": 1},
        {"valid_from": date(2025, 1, 1)},
        {"channel_class": "partner"},
        {"channel_class": None},
        {"product_id": 1},
        {"category_id": 1},
    ],
)
def test_what_a_rate_says_never_changes(change: dict[str, Any]) -> None:
    add(MARCH, None, OWN)
    with pytest.raises(IntegrityError, match="may end"), transaction():
        db.session.execute(update(RateRule).values(**change))


def test_a_rate_may_end_early_and_another_follow() -> None:
    rate_id = add(MARCH, None)
    with transaction():
        end_rate(rate_rule_id=rate_id, valid_until=APRIL)
    add(APRIL, None)

    with pytest.raises(DBAPIError, match="overlap"), transaction():
        db.session.execute(update(RateRule).where(RateRule.id == rate_id).values(valid_until=None))


@pytest.mark.parametrize("until", [MAY, MARCH])
def test_a_rate_never_ends_later_nor_before_it_began(until: date) -> None:
    rate_id = add(MARCH, APRIL)
    with pytest.raises(BadInput), transaction():
        end_rate(rate_rule_id=rate_id, valid_until=until)


def test_only_a_rate_that_exists_can_end() -> None:
    with pytest.raises(NotFound), transaction():
        end_rate(rate_rule_id=7, valid_until=MAY)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"rate_bp": 100, "piece_fen": 100},
        {"rate_bp": -1},
        {"rate_bp": 10_001},
        {"piece_fen": -1},
        {"rate_bp": 100, "valid_until": MARCH},
        {"rate_bp": 100, "scope": Scope(product_id=1, category_id=1)},
    ],
)
def test_a_rate_that_makes_no_sense_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(BadInput), transaction():
        add_rate(valid_from=MARCH, **said)


def test_terms_are_set_once_per_day_and_within_reason() -> None:
    received = Milestone.RECEIVED
    with transaction():
        set_vesting(product_kind="goods", milestone=received, hold_days=9, valid_from=MAY)
    with pytest.raises(Conflict), transaction():
        set_vesting(product_kind="goods", milestone=received, hold_days=8, valid_from=MAY)
    with pytest.raises(BadInput), transaction():
        set_vesting(product_kind="goods", milestone=received, hold_days=401, valid_from=MAY)
