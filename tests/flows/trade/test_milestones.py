"""Billing tells what becomes of a plan: signed, once per line and event, and commission follows."""

from typing import Any

import pytest

from billing.client import SIGNATURE_HEADER, signature
from orders.queries import order_by_id
from settlement.models import Milestone
from settlement.queries import commissions_of_line, income_of
from settlement.refunds import forfeit
from tests.flows.trade.market import Market, lines
from tests.flows.trade.test_billing import _billing, buy_plan
from wx_backend import clock, strict
from wx_backend.db import db, transaction

__all__ = ["_billing"]


@pytest.fixture
def plan(market: Market) -> int:
    """An order of a phone and a plan that billing activated."""
    return buy_plan(market)


def told(market: Market, order_id: int, *, key: str = "", **said: Any) -> int:
    """Billing calls with an event; the status it is answered."""
    order = order_by_id(order_id)
    assert order is not None
    body = {
        "order_number": order.number,
        "position": 2,
        "happened_at": clock.now().isoformat(),
        **said,
    }
    raw = strict.dumps(body)
    shared = key or market.app.extensions["wx_config"].billing.shared_key
    db.session.rollback()
    answer = market.app.test_client().post(
        "/billing/receipt", data=raw, headers={SIGNATURE_HEADER: signature(shared, raw)}
    )
    return answer.status_code


def test_an_early_end_takes_back_what_the_plan_brought_and_leaves_the_phone(
    market: Market, plan: int
) -> None:
    before = income_of(market.alice_id)
    assert (before.held_fen, before.taken_back_fen) == (10_495, 0)
    for _ in range(3):
        assert told(market, plan, event="cancelled") == 204

    db.session.rollback()
    after = income_of(market.alice_id)
    assert (after.held_fen, after.taken_back_fen) == (9_995, 500)
    with transaction():
        assert forfeit(order_line_id=lines(plan)[1].id, now=clock.now()) == 0


def test_a_top_up_and_months_on_are_kept_although_no_part_waits_for_them(
    market: Market, plan: int
) -> None:
    assert told(market, plan, event="first_top_up") == 204
    assert told(market, plan, event="month_alive", month=1) == 204

    db.session.rollback()
    (part,) = commissions_of_line(lines(plan)[1].id)
    assert part.milestone is Milestone.ACTIVATED
    assert income_of(market.alice_id).held_fen == 10_495


def test_a_forged_event_changes_nothing(market: Market, plan: int) -> None:
    assert told(market, plan, key="mallory", event="cancelled") == 401

    db.session.rollback()
    assert income_of(market.alice_id).held_fen == 10_495


@pytest.mark.parametrize(
    "said",
    [
        {"event": "struck_by_lightning"},
        {"event": "month_alive"},
        {"event": "month_alive", "month": 121},
        {"event": "cancelled", "month": 3},
        {"event": "cancelled", "happened_at": "2099-01-01T00:00:00+08:00"},
        {"event": "cancelled", "position": "2"},
    ],
)
def test_an_event_that_makes_no_sense_is_refused(
    market: Market, plan: int, said: dict[str, Any]
) -> None:
    assert told(market, plan, **said) == 400


@pytest.mark.parametrize("said", [{"position": 1}, {"position": 9}, {"order_number": "OD404"}])
def test_an_event_of_a_line_that_was_never_handed_over_is_refused(
    market: Market, plan: int, said: dict[str, Any]
) -> None:
    assert told(market, plan, **{"event": "cancelled", **said}) == 404
