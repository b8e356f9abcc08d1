"""A wrong claim was lifted: what each WeChat ordered while both were one customer is its own again."""

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from flows.parting import GivenBack
from flows.sealed import order_place, vault
from members.claim_models import ClaimKind
from members.models import Identity
from members.vault import CannotOpen
from tests.catalog.pool import FIRST, number_row
from tests.simulator.stage import Stage
from tests.storefront.mall import Mall
from tests.storefront.parted.conftest import (
    SECOND,
    THIRD,
    USER,
    Two,
    assert_nobodys_but,
    lifted,
    nonces,
    order_of,
    paid,
    row_of,
    signed_in,
    visit,
    wrongly_claimed,
)
from tests.storefront.phone import Phone
from tests.storefront.program import APPID, Program
from tests.storefront.test_numbers import order_plan, take_numbers
from tests.storefront.test_orders import ordered, plan_line, wish
from wx_backend.db import db, transaction


def refund(phone: Phone, number: str) -> TestResponse:
    asked = {"client_key": THIRD, "reason": "不想要了"}
    return phone.post(f"/api/orders/{number}/refund", **asked)


@pytest.mark.parametrize("two", ["bob_first", "carol_first"], indirect=True)
def test_each_has_what_it_ordered_and_nothing_of_the_other(
    mall: Mall, two: Two, wechat: Stage
) -> None:
    """Bob's WeChat was found in between, so that both ordered as one customer for a while."""
    first = ordered(two.bob, mall)
    claim_id = wrongly_claimed(two, first)
    plan = plan_line(mall, user_name="金丝雀", user_phone=USER)
    hers = ordered(two.carol, mall, client_key=SECOND, lines=[*wish(mall)["lines"], plan])
    paid(two.carol, wechat, hers)
    assert lifted(claim_id, ClaimKind.FOUND) == GivenBack()
    two.bob.sign_in()
    his = ordered(two.bob, mall, client_key=THIRD)
    for phone in (two.bob, two.carol):
        assert all(number in phone.get("/orders").text for number in (first, hers, his))
    before = nonces()

    assert lifted(claim_id).orders == 1

    for number in (first, his):
        assert_nobodys_but(two.bob, two.carol, number)
    assert_nobodys_but(two.carol, two.bob, hers)
    after = nonces()
    assert len(after) == len(before) == len({*after})
    page = two.carol.get(f"/orders/{hers}").text
    assert ("中山路 1 号" in page, "138****8000" in page) == (True, True)
    assert "申请退款" in page
    assert refund(two.bob, hers).status_code == 404
    assert refund(two.carol, hers).status_code == 202
    assert "申请退款" not in two.carol.get(f"/orders/{hers}").text
    assert order_of(hers).member_id == row_of(two.carol_id)


def test_what_was_sealed_for_the_one_opens_for_the_other_no_more(mall: Mall, two: Two) -> None:
    claim_id = wrongly_claimed(two, ordered(two.bob, mall))
    number = ordered(two.carol, mall, client_key=SECOND)
    order = order_of(number)
    old = order.contact_name
    assert old
    old_place = order_place(order.member_id, order.client_key, "contact_name")
    lifted(claim_id)
    order = order_of(number)
    new = order.contact_name
    assert new
    place = order_place(order.member_id, order.client_key, "contact_name")
    assert vault().open(new, place=place) == "鲍勃"
    for sealed, wrong in ((old, place), (new, old_place)):
        with pytest.raises(CannotOpen):
            vault().open(sealed, place=wrong)


def test_a_submit_repeated_afterwards_is_the_same_order(mall: Mall, two: Two) -> None:
    claim_id = wrongly_claimed(two, ordered(two.bob, mall))
    number = ordered(two.carol, mall, client_key=SECOND)
    lifted(claim_id)
    assert ordered(two.carol, mall, client_key=SECOND) == number


def test_one_key_used_before_and_in_between_stays_two_orders(mall: Mall, two: Two) -> None:
    first = ordered(two.carol, mall, client_key=SECOND)
    claim_id = wrongly_claimed(two, ordered(two.bob, mall))
    second = ordered(two.carol, mall, client_key=SECOND)
    assert first != second
    assert lifted(claim_id).orders == 1
    for number in (first, second):
        assert two.carol.get(f"/orders/{number}").status_code == 200
    assert ordered(two.carol, mall, client_key=SECOND) == first
    assert len(nonces()) == len({*nonces()})


def test_an_order_of_the_mini_program_goes_with_the_wechat_it_is_of(
    app: Flask, mall: Mall, two: Two, wechat: Stage
) -> None:
    claim_id = wrongly_claimed(two, ordered(two.bob, mall))
    program = Program(app, wechat, "Carol")
    program.sign_in()
    with transaction() as session:
        mini = session.scalars(select(Identity).where(Identity.appid == APPID)).one()
        mini_id = mini.id
        session.execute(
            update(Identity).where(Identity.id == two.carol_id).values(unionid=mini.unionid)
        )
    program.sign_in()
    assert row_of(mini_id) == row_of(two.carol_id)
    number = program.post("/api/orders", **wish(mall, client_key=SECOND)).get_json()["number"]
    assert lifted(claim_id).orders == 1
    details = program.get(f"/api/orders/{number}/details").get_json()
    assert details["address"] == "广东省 广州市 中山路 1 号"
    assert_nobodys_but(two.carol, signed_in(two.bob), number)


def test_a_picked_number_and_a_visit_go_with_their_order(mall: Mall, two: Two) -> None:
    take_numbers(mall)
    claim_id = wrongly_claimed(two, ordered(two.bob, mall))
    answer = order_plan(two.carol, mall, key=SECOND, number=FIRST)
    assert answer.status_code == 201, answer.text
    visit(mall, row_of(two.bob_id), order_of(answer.get_json()["number"]).id)
    lifted(claim_id)
    both = (two.carol, signed_in(two.bob))
    assert [len(each.get("/api/visits").get_json()["visits"]) for each in both] == [1, 0]
    db.session.rollback()
    assert number_row(FIRST).member_id == row_of(two.carol_id)
