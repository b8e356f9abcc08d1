"""The morning after: both clocks at eleven of the next day, bills fetched, the day compared."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select

from flows.reconcile.fetching import fetch_bills
from reconciliation.models import BusinessDay, Difference
from reconciliation.queries import day_of
from tests.flows.trade.market import Market
from tests.simulator.stage import MCHID
from wx_backend import clock
from wx_backend.clock import SHANGHAI, business_on
from wx_backend.db import db, retried


def today() -> date:
    return business_on(clock.now())


def to(market: Market, on: date, at: time) -> None:
    """Move both clocks to a time of a day in China."""
    length = datetime.combine(on, at, SHANGHAI) - clock.now()
    assert length > timedelta(0)
    market.pass_time(seconds=length.total_seconds())


def next_morning(market: Market, on: date, at: time = time(11)) -> int:
    """Eleven o'clock of the day after: what the clock starts is done; how many days it started."""
    to(market, on + timedelta(days=1), at)
    return morning_work(market)


def morning_work(market: Market) -> int:
    """What the clock does every ten minutes, and what follows."""
    started = retried(lambda: fetch_bills(now=clock.now()))
    market.work()
    return started


def plant(market: Market, *plants: dict[str, Any]) -> None:
    """Make the merchant's bills say what did not happen."""
    market.stage.control("PUT", f"/merchants/{MCHID}", bill_plants=list(plants))


def differences(on: date) -> list[Difference]:
    db.session.rollback()
    query = select(Difference).where(Difference.business_on == on).order_by(Difference.id)
    return list(db.session.scalars(query))


def open_kinds(on: date) -> list[str]:
    """The kinds of what is open on a day."""
    return sorted(row.kind for row in differences(on) if row.status == "open")


def day_row(on: date) -> BusinessDay:
    db.session.rollback()
    row = day_of(on)
    assert row is not None
    return row


Plant = Callable[..., None]
