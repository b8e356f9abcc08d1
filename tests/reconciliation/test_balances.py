"""What lay at WeChat Pay before the first fund flow and after the last, as these and those beside them tell."""

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask

from reconciliation.balances import last_balance, moved_until
from reconciliation.models import Bill, BillStatus, FundLine
from wechat.pay.bills import BillKind
from wx_backend.db import transaction

MONDAY = date(2026, 11, 16)
NOON = datetime(2026, 11, 16, 4, tzinfo=UTC)
Row = tuple[int, int, int]
"""Seconds after noon, the amount, what was held after it."""

BACK_FIRST: list[Row] = [(0, 100, 500), (0, -100, 400)]
"""A refund took the account from 500 to 400, a payment back: the file has the payment first."""


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    assert app.testing


def flow(day: int, rows: list[Row]) -> date:
    """The fund flow of a day, its rows in the order of the file."""
    on = MONDAY + timedelta(days=day)
    with transaction() as session:
        bill = Bill(
            mchid="1900000001",
            business_on=on,
            kind=BillKind.FUND_FLOW,
            status=BillStatus.READ,
            fetched_at=NOON,
        )
        session.add(bill)
        session.flush()
        session.add_all(
            FundLine(
                bill_id=bill.id,
                fund_id=f"F{line}",
                platform_id=f"42{line}",
                business="交易",
                amount_fen=amount_fen,
                balance_fen=balance_fen,
                booked_at=NOON + timedelta(days=day, seconds=second),
                line=line,
            )
            for line, (second, amount_fen, balance_fen) in enumerate(rows)
        )
    return on


def test_a_last_day_that_does_not_tell_ends_as_the_day_before_it_did() -> None:
    flow(0, [(0, 500, 500)])
    last = flow(1, BACK_FIRST)
    assert last_balance(last) == (last, 500)
    assert moved_until(last).opening_fen == 0


def test_a_first_day_that_does_not_tell_begins_as_the_day_after_it_does() -> None:
    first = flow(0, BACK_FIRST)
    later = flow(1, [(0, 30, 530)])
    assert moved_until(later).opening_fen == 500
    assert last_balance(first) == (first, 500), "and ends so"
    assert last_balance(later) == (later, 530)


def test_days_that_do_not_tell_are_passed_over() -> None:
    flow(0, [(0, 500, 500)])
    flow(1, BACK_FIRST)
    last = flow(2, [(0, 200, 500), (0, -200, 300)])
    assert last_balance(last) == (last, 500)


def test_alone_it_ends_with_what_it_began_with() -> None:
    """Else a day on which nothing changed explained away, or missed, what moved within it."""
    only = flow(0, [(0, -50, 50), (0, 100, 100), (0, -50, 0)])
    assert last_balance(only) == (only, moved_until(only).opening_fen)


def test_a_second_with_more_rows_than_are_read_at_once_is_read_whole() -> None:
    """Six hundred payments of one second, the last of them first in the file."""
    on = flow(0, [(0, 1, held) for held in range(600, 0, -1)])
    assert last_balance(on) == (on, 600)
    assert moved_until(on).opening_fen == 0


def test_without_fund_flows_nothing_is_known() -> None:
    assert last_balance(MONDAY) is None
    assert moved_until(MONDAY).opening_fen == 0
