"""Whose order it is when a number was held before: it goes by the moment of the hold."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from catalog.bundles import PartData, add_bundle
from catalog.models import ProductKind
from catalog.operations import ProductData, SkuData, add_product
from orders.models import OrderLine, SalesOrder
from referral.models import Receipt, Touch
from tests.catalog.pool import FIRST, SECOND
from tests.catalog.shelf import NOON, put_on_sale
from tests.storefront.conftest import Phones
from tests.storefront.mall import Mall
from tests.storefront.phone import Phone
from tests.storefront.test_numbers import order_plan, take_numbers
from tests.storefront.test_orders import plan_line, wish
from wx_backend import clock
from wx_backend.db import db, transaction

PassTime = Callable[[float], None]
MINUTE = 60.0


@pytest.fixture
def erin(mall: Mall, phone_of: Phones) -> Phone:
    """Signed in, and brought by nobody so far."""
    take_numbers(mall)
    phone = phone_of("Erin")
    phone.sign_in()
    return phone


def hold(phone: Phone, number: str = FIRST) -> None:
    assert phone.post("/api/numbers/hold", number=number).status_code == 201


def come_by(phone: Phone, mall: Mall, rep_id: int) -> None:
    """He opens a rep's link."""
    phone.open(mall.link(rep_id, mall.product))


def lines_of(answer: Any) -> list[OrderLine]:
    assert answer.status_code == 201, answer.text
    db.session.rollback()
    query = select(OrderLine).join(SalesOrder).filter_by(number=answer.get_json()["number"])
    return list(db.session.scalars(query.order_by(OrderLine.position)))


def verdicts() -> list[str]:
    """What the newest receipt says of the contacts, in order."""
    newest = db.session.scalars(select(Receipt).order_by(Receipt.id.desc())).first()
    assert newest
    return [each["verdict"]["reason"] for each in json.loads(newest.body)["touches"]]


@pytest.mark.parametrize("is_held", [True, False])
def test_a_link_that_comes_after_the_hold_changes_nothing(
    mall: Mall, erin: Phone, pass_time: PassTime, is_held: bool
) -> None:
    come_by(erin, mall, mall.alice_id)
    before = clock.now()
    if is_held:
        hold(erin)
    after = clock.now()
    pass_time(MINUTE)
    come_by(erin, mall, mall.dave_id)
    (line,) = lines_of(order_plan(erin, mall, number=FIRST))
    assert line.developer_rep_id == (mall.alice_id if is_held else mall.dave_id)
    if is_held:
        assert line.hold_at is not None
        assert before <= line.hold_at <= after
        assert verdicts() == ["won", "after_hold"]
    else:
        assert line.hold_at is None


def test_holding_it_again_does_not_move_the_moment(
    mall: Mall, erin: Phone, pass_time: PassTime
) -> None:
    come_by(erin, mall, mall.alice_id)
    hold(erin)
    pass_time(MINUTE)
    come_by(erin, mall, mall.dave_id)
    pass_time(2 * MINUTE)
    hold(erin)
    (line,) = lines_of(order_plan(erin, mall, number=FIRST))
    assert line.developer_rep_id == mall.alice_id


def test_a_hold_that_lapsed_or_was_let_go_freezes_nothing(
    mall: Mall, erin: Phone, pass_time: PassTime
) -> None:
    come_by(erin, mall, mall.alice_id)
    hold(erin)
    hold(erin, SECOND)
    assert erin.post("/api/numbers/release", number=SECOND).status_code == 200
    pass_time(16 * MINUTE)
    come_by(erin, mall, mall.dave_id)
    for place, number in enumerate((FIRST, SECOND)):
        (line,) = lines_of(order_plan(erin, mall, key=f"submit-{place:010}", number=number))
        assert (line.developer_rep_id, line.hold_at) == (mall.dave_id, None)


def test_the_opened_link_counts_for_the_hold_though_its_page_has_not_answered(
    mall: Mall, erin: Phone, pass_time: PassTime
) -> None:
    erin.follow(erin.get(mall.link(mall.alice_id, mall.product)))
    assert db.session.scalars(select(Touch)).all() == []
    hold(erin)
    pass_time(MINUTE)
    come_by(erin, mall, mall.dave_id)
    (line,) = lines_of(order_plan(erin, mall, number=FIRST))
    assert line.developer_rep_id == mall.alice_id


def test_whoever_comes_first_just_before_the_hold_takes_no_colleagues_customer(
    mall: Mall, erin: Phone, pass_time: PassTime
) -> None:
    come_by(erin, mall, mall.alice_id)
    pass_time(60 * MINUTE)
    come_by(erin, mall, mall.dave_id)
    pass_time(69 * MINUTE)
    hold(erin)
    (line,) = lines_of(order_plan(erin, mall, number=FIRST))
    assert line.developer_rep_id == mall.alice_id
    assert verdicts() == ["won", "first_touch_too_late"]


def test_the_phone_beside_the_number_goes_by_it_in_a_bundle_alone(
    mall: Mall, erin: Phone, pass_time: PassTime
) -> None:
    with transaction():
        data = ProductData(ProductKind.BUNDLE, mall.wares.category_id, "星河套装")
        product = add_product(data=data, now=NOON)
        put_on_sale(product.id)
        parts = (PartData(mall.wares.phone_id), PartData(mall.wares.plan_id))
        bundle = add_bundle(
            product_id=product.id, data=SkuData("标准", 180_000), parts=parts, now=NOON
        ).number
    come_by(erin, mall, mall.alice_id)
    hold(erin)
    pass_time(MINUTE)
    come_by(erin, mall, mall.dave_id)
    single = wish(mall)["lines"][0]
    whole = plan_line(mall, sku=bundle, expected_price_fen=180_000, number=FIRST)
    found = lines_of(erin.post("/api/orders", **wish(mall, lines=[single, whole])))
    assert [line.developer_rep_id for line in found] == [
        mall.dave_id,
        mall.alice_id,
        mall.alice_id,
    ]
