"""A wrong claim was lifted: addresses, phones and visits go with the WeChat that left them."""

from typing import Any

import pytest

from flows.parting import GivenBack
from flows.parting_books import left_where_it_is
from flows.sealed import vault
from members.claim_models import ClaimKind, MemberClaim
from members.phone_joining import prove_phone
from tests.storefront.mall import Mall
from tests.storefront.parted.conftest import (
    OTHER,
    SECOND,
    THIRD,
    Two,
    assert_nobodys_but,
    lifted,
    nonces,
    row_of,
    signed_in,
    visit,
    wrongly_claimed,
)
from tests.storefront.phone import Phone
from tests.storefront.test_contact import HOME, book, number_of
from tests.storefront.test_orders import ordered
from wx_backend import clock
from wx_backend.db import db, transaction


def keep(phone: Phone, **changes: Any) -> None:
    assert phone.post("/api/addresses", **(HOME | changes)).status_code == 201


def streets(phone: Phone) -> list[str]:
    return [street for street, _ in book(phone)]


def test_what_was_kept_while_the_other_was_lost_is_the_new_ones(mall: Mall, two: Two) -> None:
    keep(two.bob, street="his")
    keep(two.carol, street="hers before")
    claim_id = wrongly_claimed(two, ordered(two.bob, mall))
    corrected = number_of(two.carol, "his")
    two.carol.post(f"/api/addresses/{corrected}", **(HOME | {"street": "his, corrected"}))
    keep(two.carol, street="hers", is_default=True)
    at = {"region": "广东省 广州市", "street": "of her order"}
    ordered(two.carol, mall, client_key=SECOND, address=at, keeps_address=True)
    assert lifted(claim_id).addresses == 2
    assert streets(two.carol) == ["hers", "of her order", "hers before"]
    assert streets(signed_in(two.bob)) == ["his, corrected"]
    assert len(nonces()) == len({*nonces()})
    keep(two.bob, street="hers")  # each has its own book again
    assert len(streets(two.carol)) == 3


def test_what_both_could_have_kept_stays_and_is_shown(mall: Mall, two: Two) -> None:
    """Once his WeChat was found, only an order says who was at the checkout."""
    claim_id = wrongly_claimed(two, ordered(two.bob, mall))
    keep(two.carol, street="hers while he was out")
    lifted(claim_id, ClaimKind.FOUND)
    for phone in (signed_in(two.bob), two.carol):
        keep(phone, street=f"{phone.owner} typed")
    for phone, key in ((two.bob, SECOND), (two.carol, THIRD)):
        at = {"region": "广东省 广州市", "street": f"{phone.owner} ordered"}
        ordered(phone, mall, client_key=key, address=at, keeps_address=True)
    visit(mall, row_of(two.bob_id))
    assert lifted(claim_id) == GivenBack(orders=1, addresses=2)
    assert streets(two.carol) == ["hers while he was out", "Carol ordered"]
    assert streets(two.bob) == ["Bob ordered", "Carol typed", "Bob typed"]
    left = left_where_it_is(db.session.get_one(MemberClaim, claim_id), clock.now())
    assert [each.what for each in left] == ["收货地址", "收货地址", "到店预约"]
    assert {each.member_id for each in left} == {row_of(two.bob_id)}


def test_a_phone_proven_in_between_is_the_new_ones(mall: Mall, two: Two) -> None:
    claim_id = wrongly_claimed(two, ordered(two.bob, mall))
    with transaction():
        prove_phone(member_id=row_of(two.carol_id), phone=OTHER, vault=vault(), now=clock.now())
    assert lifted(claim_id).phones == 1
    phones = [
        each.get("/api/phone").get_json()["phone"] for each in (two.carol, signed_in(two.bob))
    ]
    assert phones == ["139****9000", ""]
    assert len(nonces()) == len({*nonces()})


@pytest.mark.parametrize("two", ["carol_first"], indirect=True)
def test_where_the_new_ones_row_is_the_older_everything_lies_right(mall: Mall, two: Two) -> None:
    claim_id = wrongly_claimed(two, ordered(two.bob, mall))
    number = ordered(two.carol, mall, client_key=SECOND)
    keep(two.carol, street="hers")
    assert lifted(claim_id) == GivenBack()
    assert streets(two.carol) == ["hers"]
    assert_nobodys_but(two.carol, signed_in(two.bob), number)


def test_a_visit_booked_in_between_is_the_new_ones(mall: Mall, two: Two) -> None:
    claim_id = wrongly_claimed(two, ordered(two.bob, mall))
    visit(mall, row_of(two.carol_id))
    lifted(claim_id)
    both = (two.carol, signed_in(two.bob))
    assert [len(each.get("/api/visits").get_json()["visits"]) for each in both] == [1, 0]
