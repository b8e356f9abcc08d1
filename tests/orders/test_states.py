"""Orders after placing: paid or closed but never both, refunded line by line, history kept."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from catalog.stock import release_expired
from orders.errors import AttributionFrozen, MoveRefused, RefundTooLarge
from orders.models import Fulfilment
from orders.operations import (
    PaidOutcome,
    attribute_line,
    close_order,
    fulfil_line,
    mark_order_paid,
    unpaid_orders_to_close,
)
from orders.queries import order_by_number, orders_of_members, transitions_of
from orders.refunds import (
    free_line_refunds,
    record_line_refunds,
    refundable_fen,
    reserve_line_refunds,
)
from tests.catalog.shelf import NOON, Wares, assert_stock_conserved, put_on_shelf, stock_of
from tests.orders.buyers import (
    Buyer,
    add_buyer,
    add_rep,
    assert_histories_hold,
    line_rows,
    order_row,
    phone,
    place,
    plan,
)
from tests.racing import race
from wx_backend.db import db, retried, transaction

LATER = NOON + timedelta(minutes=31)


@pytest.fixture
def wares(app: Flask) -> Wares:
    assert app.testing
    return put_on_shelf(units=20)


@pytest.fixture
def bob(app: Flask) -> Buyer:
    assert app.testing
    return add_buyer("Bob")


@pytest.fixture
def order_id(wares: Wares, bob: Buyer) -> int:
    """Two phones and a plan, unpaid: 399,800 + 10,000 fen."""
    return place(bob.wishes(phone(wares, 2), plan(wares))).order.id


def pay(order_id: int) -> PaidOutcome:
    return retried(
        lambda: mark_order_paid(order_id=order_id, paid_at=NOON, cause="notice", now=NOON)
    )


def close(order_id: int) -> bool:
    return retried(
        lambda: close_order(order_id=order_id, actor="system", cause="expired", now=LATER)
    )


@pytest.fixture
def paid_id(order_id: int) -> int:
    assert pay(order_id) is PaidOutcome.PAID
    return order_id


def refund(order_id: int, amounts: dict[int, int]) -> None:
    with transaction():
        reserve_line_refunds(order_id=order_id, amounts=amounts)
    with transaction():
        record_line_refunds(order_id=order_id, amounts=amounts, actor="staff:1", now=LATER)


def test_a_paid_order_has_taken_its_units_once(order_id: int, wares: Wares) -> None:
    assert [pay(order_id) for _ in range(3)] == [
        PaidOutcome.PAID,
        PaidOutcome.REPEAT,
        PaidOutcome.REPEAT,
    ]
    assert order_row(order_id).paid_at == NOON
    assert stock_of(wares.phone_id) == (18, 0)
    assert_stock_conserved()
    assert_histories_hold()


def test_a_closed_order_frees_its_units_and_takes_no_money(order_id: int, wares: Wares) -> None:
    assert close(order_id)
    assert not close(order_id)
    assert stock_of(wares.phone_id) == (20, 0)
    assert pay(order_id) is PaidOutcome.CLOSED
    assert order_row(order_id).closed_at == LATER
    assert_stock_conserved()


def test_a_paid_order_is_never_closed(paid_id: int) -> None:
    assert not close(paid_id)
    assert order_row(paid_id).status == "paid"


def test_payment_and_closing_at_once_end_in_one_of_both(
    app: Flask, wares: Wares, bob: Buyer
) -> None:
    ids = [place(bob.wishes(phone(wares), key=f"k{n}")).order.id for n in range(10)]

    def end(n: int) -> bool:
        order_id = ids[n // 2]
        return close(order_id) if n % 2 else pay(order_id) is PaidOutcome.PAID

    outcomes = race(app, end, times=20)

    for paid, closed, order_id in zip(outcomes[::2], outcomes[1::2], ids, strict=True):
        assert paid != closed
        assert order_row(order_id).status == ("paid" if paid else "closed")
    assert stock_of(wares.phone_id) == (20 - outcomes[::2].count(True), 0)
    assert_stock_conserved()
    assert_histories_hold()


def test_money_for_released_units_takes_others_or_reports_a_shortage(
    order_id: int, wares: Wares, bob: Buyer
) -> None:
    second_id = place(bob.wishes(phone(wares, 2), key="second")).order.id
    with transaction():
        assert release_expired(now=NOON + timedelta(hours=3)) == 2
    assert pay(order_id) is PaidOutcome.PAID
    place(bob.wishes(phone(wares, 17), key="third"))
    assert pay(second_id) is PaidOutcome.SHORTAGE
    assert order_row(second_id).status == "placed"
    assert stock_of(wares.phone_id) == (18, 17)
    assert_stock_conserved()


def test_credit_is_frozen_when_the_order_is_paid(order_id: int) -> None:
    alice = add_rep("Alice")
    credit = {
        "line_id": line_rows(order_id)[0].id,
        "developer_rep_id": alice.id,
        "acceptor_rep_id": None,
        "outlet_id": alice.outlet_id,
        "policy_version": 1,
    }
    with transaction():
        attribute_line(**credit)  # type: ignore[arg-type]  # one dictionary for both calls
    assert line_rows(order_id)[0].developer_rep_id == credit["developer_rep_id"]
    pay(order_id)
    with pytest.raises(AttributionFrozen), transaction():
        attribute_line(**{**credit, "developer_rep_id": None})  # type: ignore[arg-type]  # the same
    assert line_rows(order_id)[0].developer_rep_id == credit["developer_rep_id"]


def test_a_fully_refunded_unsent_line_goes_back_to_the_shelf(paid_id: int, wares: Wares) -> None:
    phones, tariff = (line.id for line in line_rows(paid_id))
    refund(paid_id, {phones: 399_800})
    assert order_row(paid_id).status == "part_refunded"
    assert line_rows(paid_id)[0].fulfilment == Fulfilment.CANCELLED
    assert stock_of(wares.phone_id) == (20, 0)
    refund(paid_id, {tariff: 10_000})
    assert order_row(paid_id).status == "refunded"
    assert_stock_conserved()
    assert_histories_hold()


def test_a_received_line_is_refunded_without_touching_the_shelf(paid_id: int, wares: Wares) -> None:
    phones = line_rows(paid_id)[0].id
    with transaction():
        fulfil_line(
            line_id=phones, to=Fulfilment.RECEIVED, actor="staff:1", cause="pickup", now=LATER
        )
    refund(paid_id, {phones: 399_800})
    assert line_rows(paid_id)[0].fulfilment == Fulfilment.RECEIVED
    assert stock_of(wares.phone_id) == (18, 0)


def test_several_part_refunds_of_one_order_stay_part_refunded(paid_id: int) -> None:
    phones = line_rows(paid_id)[0].id
    for _ in range(3):
        refund(paid_id, {phones: 100})
    assert order_row(paid_id).status == "part_refunded"
    assert refundable_fen(order_id=paid_id)[phones] == 399_500
    assert [move.to_status for move in transitions_of(paid_id)] == [
        "placed",
        "paid",
        "part_refunded",
    ]


def test_refunds_under_way_count_against_the_line(paid_id: int) -> None:
    phones, tariff = (line.id for line in line_rows(paid_id))
    with transaction():
        reserve_line_refunds(order_id=paid_id, amounts={tariff: 9_999})
    for amounts in ({tariff: 2}, {phones: 0}, {phones: -1}, {tariff + 99: 1}):
        with pytest.raises(RefundTooLarge), transaction():
            reserve_line_refunds(order_id=paid_id, amounts=amounts)
    with transaction():
        free_line_refunds(order_id=paid_id, amounts={tariff: 9_999})
        reserve_line_refunds(order_id=paid_id, amounts={tariff: 10_000})


def test_two_refunds_of_one_line_at_once_cannot_exceed_it(app: Flask, paid_id: int) -> None:
    tariff = line_rows(paid_id)[1].id

    def ask(_: int) -> bool:
        try:
            retried(lambda: reserve_line_refunds(order_id=paid_id, amounts={tariff: 6_000}))
        except RefundTooLarge:
            return False
        return True

    assert race(app, ask, times=8).count(True) == 1


def test_the_database_itself_refuses_to_refund_more_than_was_paid(paid_id: int) -> None:
    with pytest.raises(DatabaseError, match="refund"), transaction():
        db.session.execute(
            text("UPDATE order_line SET refunded_fen = paid_fen + 1 WHERE order_id = :id"),
            {"id": paid_id},
        )


def test_a_line_is_handed_over_once_and_only_when_paid(order_id: int) -> None:
    tariff = line_rows(order_id)[1].id

    def activate() -> None:
        with transaction():
            fulfil_line(
                line_id=tariff, to=Fulfilment.ACTIVATED, actor="system", cause="billing", now=LATER
            )

    with pytest.raises(MoveRefused):
        activate()
    pay(order_id)
    activate()
    assert line_rows(order_id)[1].fulfilled_at == LATER
    with pytest.raises(MoveRefused):
        activate()
    assert_histories_hold()


def test_orders_are_found_by_their_owner_only(order_id: int, bob: Buyer) -> None:
    number = order_row(order_id).number
    assert order_by_number(number, member_id=bob.member_id) is not None
    assert order_by_number(number, member_id=bob.member_id + 1) is None
    assert [order.id for order in orders_of_members([bob.member_id])] == [order_id]


def test_unpaid_orders_fall_due_after_thirty_minutes(order_id: int) -> None:
    with transaction():
        assert unpaid_orders_to_close(now=NOON + timedelta(minutes=29)) == []
        assert unpaid_orders_to_close(now=NOON + timedelta(minutes=30)) == [order_id]


def test_orders_that_will_not_close_keep_no_other_from_closing(
    wares: Wares, bob: Buyer, order_id: int
) -> None:
    others = [place(bob.wishes(plan(wares), key=f"late-{n}")).order.id for n in range(3)]
    turns = []
    for minutes in (31, 32, 33, 91, 92):
        with transaction():
            turns += unpaid_orders_to_close(now=NOON + timedelta(minutes=minutes), limit=2)
    assert turns == [order_id, *others] * 2
