"""A claim is lifted while somebody orders, asks for money back, or it breaks: nothing goes astray."""

import pytest
from flask import Flask
from sqlalchemy import func, select

from flows import parting
from flows.parting import GivenBack, give_back
from fulfilment.bookings import hand_bookings
from members.claim_models import MemberClaim
from payments.models import Refund
from storefront import orders as storefront_orders
from storefront.homes import home_outlet
from tests.racing import race
from tests.rows import rows
from tests.simulator.stage import Stage
from tests.storefront.conftest import Phones
from tests.storefront.mall import Mall
from tests.storefront.parted.conftest import (
    SECOND,
    THIRD,
    Two,
    agreed,
    assert_nobodys_but,
    lifted,
    nonces,
    order_of,
    paid,
    row_of,
    signed_in,
    wrongly_claimed,
)
from tests.storefront.test_contact import HOME
from tests.storefront.test_orders import ordered, wish, work
from wx_backend import clock
from wx_backend.db import db, retried


def test_what_breaks_on_the_way_leaves_everything_as_it_was(
    mall: Mall, two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim_id = wrongly_claimed(two, ordered(two.bob, mall))
    for key in (SECOND, THIRD):
        ordered(two.carol, mall, client_key=key)
    last = order_of(ordered(two.carol, mall, client_key=THIRD)).id

    def breaks(*, order_id: int, member_id: int) -> None:
        if order_id == last:
            raise RuntimeError
        hand_bookings(order_id=order_id, member_id=member_id)

    monkeypatch.setattr(parting, "hand_bookings", breaks)
    before = rows(but={"member_claim", "audit_entry"})
    with pytest.raises(RuntimeError):
        lifted(claim_id)
    assert rows(but={"member_claim", "audit_entry"}) == before
    monkeypatch.undo()
    assert agreed().given.orders == 2


def test_again_there_is_nothing_to_give(mall: Mall, two: Two) -> None:
    claim_id = wrongly_claimed(two, ordered(two.bob, mall))
    ordered(two.carol, mall, client_key=SECOND)
    two.carol.post("/api/addresses", **HOME)
    lifted(claim_id)
    before = rows()
    both = {row_of(two.bob_id), row_of(two.carol_id)}
    now = clock.now()
    given = retried(lambda: give_back(db.session.get_one(MemberClaim, claim_id), both, now=now))
    assert (given, rows()) == (GivenBack(), before)


def test_what_is_submitted_while_they_are_parted_is_whose_wechat_it_is(
    mall: Mall, two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request had looked who is signed in; then the claim was lifted; then it went on."""
    claim_id = wrongly_claimed(two, ordered(two.bob, mall))

    def meanwhile() -> str:
        found = home_outlet()
        lifted(claim_id)
        return found

    monkeypatch.setattr(storefront_orders, "home_outlet", meanwhile)
    number = ordered(two.carol, mall, client_key=SECOND)
    monkeypatch.undo()
    assert_nobodys_but(two.carol, signed_in(two.bob), number)


def test_of_a_submit_and_a_lifting_at_one_moment_nothing_goes_astray(
    app: Flask, mall: Mall, two: Two, phone_of: Phones
) -> None:
    claim_id = wrongly_claimed(two, ordered(two.bob, mall))
    browsers = [signed_in(phone_of("Carol")) for _ in range(3)]
    tokens = [each.page_token() for each in browsers]

    def act(n: int) -> str:
        if n == len(browsers):
            lifted(claim_id)
            return ""
        sent = wish(mall, client_key=f"race-{n:012d}")
        answer = browsers[n].post("/api/orders", tokens[n], **sent)
        assert answer.status_code == 201, answer.text
        return str(answer.get_json()["number"])

    db.session.rollback()
    numbers = race(app, act, times=len(browsers) + 1)[:-1]
    signed_in(two.bob)
    for number in numbers:
        assert_nobodys_but(two.carol, two.bob, number)
    assert len(nonces()) == len({*nonces()})


def test_of_a_refund_and_a_lifting_at_one_moment_both_happen(
    app: Flask, mall: Mall, two: Two, wechat: Stage
) -> None:
    claim_id = wrongly_claimed(two, ordered(two.bob, mall))
    number = ordered(two.carol, mall, client_key=SECOND)
    paid(two.carol, wechat, number)
    token = two.carol.page_token()

    def act(n: int) -> None:
        if n:
            lifted(claim_id)
            return
        asked = {"client_key": THIRD, "reason": "不想要了"}
        answer = two.carol.post(f"/api/orders/{number}/refund", token, **asked)
        assert answer.status_code == 202, answer.text

    db.session.rollback()
    race(app, act, times=2)
    work()
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(Refund)) == 1
    assert_nobodys_but(two.carol, signed_in(two.bob), number)
