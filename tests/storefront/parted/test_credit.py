"""A wrong claim was lifted: credit, proof and money stay, and what it may have decided is disputed."""

import json

import pytest
from sqlalchemy import select

from flows.parting import GivenBack
from members.claim_models import ClaimKind
from orders.models import OrderStatus
from orders.queries import lines_of_order
from referral.models import Dispute, Receipt
from referral.proofs import broken_link, chain_receipts
from referral.replay import is_consistent
from tests.rows import rows
from tests.simulator.stage import Stage
from tests.storefront.mall import Mall
from tests.storefront.parted.conftest import (
    SECOND,
    THIRD,
    Two,
    lifted,
    order_of,
    paid,
    signed_in,
    wrongly_claimed,
)
from tests.storefront.test_contact import PassTime
from tests.storefront.test_orders import ordered, work
from wx_backend import clock
from wx_backend.db import db, transaction


def test_credit_proof_and_money_are_as_they_were(mall: Mall, two: Two, wechat: Stage) -> None:
    claim_id = wrongly_claimed(two, ordered(two.bob, mall))
    number = ordered(two.carol, mall, client_key=SECOND)
    paid(two.carol, wechat, number)
    with transaction():
        chain_receipts(now=clock.now())
    moved = {"sales_order", "order_line", "member_claim", "identity", "identity_link", "member"}
    passing = {*moved, "job", "staff_session", "audit_entry", "message"}
    before = rows(but=passing)
    lifted(claim_id)
    assert rows(but=passing) == before
    assert broken_link() is None
    bodies = [json.loads(body) for body in db.session.scalars(select(Receipt.body))]
    assert all(is_consistent(body) for body in bodies)
    receipt = db.session.scalars(select(Receipt.number).order_by(Receipt.id.desc())).first()
    assert "爱丽丝" in two.carol.get(f"/orders/{number}/why/{receipt}").text
    assert two.bob.get(f"/orders/{number}/why/{receipt}").status_code in {302, 404}


@pytest.mark.parametrize("two", ["bob_first", "carol_first"], indirect=True)
def test_where_the_others_contacts_decided_the_credit_it_stays_and_is_disputed(
    mall: Mall, two: Two, pass_time: PassTime
) -> None:
    """Dave brought Bob, whom Carol was taken for: her order is credited to him until somebody has looked."""
    claim_id = wrongly_claimed(two, ordered(two.bob, mall))
    two.carol.open(mall.link(mall.alice_id))
    of_her_own = ordered(two.carol, mall, client_key=SECOND)
    lifted(claim_id, ClaimKind.FOUND)
    pass_time(5)  # of contacts of one second chance decides
    signed_in(two.bob).open(mall.link(mall.dave_id))
    of_his = ordered(two.carol, mall, client_key=THIRD)
    assert credited_for(of_her_own, of_his) == [mall.alice_id, mall.dave_id]
    given = lifted(claim_id)
    assert (given.orders, given.disputed) == (2 if two.bob_id < two.carol_id else 0, 1)
    assert credited_for(of_her_own, of_his) == [mall.alice_id, mall.dave_id]
    disputed = db.session.scalars(select(Dispute.order_line_id)).all()
    assert disputed == [lines_of_order(order_of(of_his).id)[0].id]


def test_over_an_order_that_was_never_paid_there_is_no_dispute(
    mall: Mall, two: Two, pass_time: PassTime
) -> None:
    claim_id = wrongly_claimed(two, ordered(two.bob, mall))
    two.carol.open(mall.link(mall.alice_id))
    lifted(claim_id, ClaimKind.FOUND)
    pass_time(5)
    signed_in(two.bob).open(mall.link(mall.dave_id))
    number = ordered(two.carol, mall, client_key=THIRD)
    assert credited_for(number) == [mall.dave_id]
    two.carol.post(f"/api/orders/{number}/cancel")
    work()
    assert order_of(number).status == OrderStatus.CLOSED
    assert lifted(claim_id) == GivenBack(orders=1)


def credited_for(*numbers: str) -> list[int | None]:
    return [lines_of_order(order_of(each).id)[0].developer_rep_id for each in numbers]
