"""A contact that was known and is not on the receipt is found, unless it counts for nothing or somebody looks at it."""

from contextlib import nullcontext
from datetime import timedelta
from hashlib import blake2s
from types import SimpleNamespace
from typing import cast

import pytest
from sqlalchemy import func, select

from demo.story.contacts import left_out, receipts_list_every_contact
from demo.story.frame import Contradiction, Story
from members.models import IdentityLink, LinkKind
from orders.models import OrderLine, SalesOrder
from referral.disputes import open_dispute
from referral.models import Attribution, Share, Touch
from referral.operations import Contact, record_touch
from referral.values import Certainty, TouchKind
from tests.storefront.conftest import Phones
from tests.storefront.mall import Mall
from tests.storefront.phone import DESKTOP, Phone
from tests.storefront.test_orders import ordered
from wx_backend import clock
from wx_backend.db import db, transaction

MOMENT = timedelta(microseconds=1)


@pytest.fixture
def story() -> Story:
    return cast(Story, SimpleNamespace(ours=nullcontext))


@pytest.fixture
def bob(mall: Mall, phone_of: Phones, monkeypatch: pytest.MonkeyPatch) -> Phone:
    """Bob, who came by Alice's link and ordered a minute later."""
    phone, at = phone_of("Bob"), clock.now()
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now", lambda: at - timedelta(minutes=1))
        phone.open(mall.link(mall.alice_id, mall.product))
    ordered(phone, mall)
    return phone


@pytest.fixture
def line_id(bob: Phone) -> int:
    assert bob
    return db.session.scalars(select(OrderLine.id)).one()


def known_before(mall: Mall, *, event: timedelta, visitor_id: int | None = None) -> int:
    """A contact with Dave that was written down before the order, and was so long after it; its id."""
    mall.link(mall.dave_id, mall.product)
    with transaction():
        share_id = db.session.scalars(select(func.max(Share.id))).one()
        order = db.session.scalars(select(SalesOrder)).one()
        contact = Contact(
            key=blake2s(f"{event}".encode(), digest_size=16).digest(),
            kind=TouchKind.LINK_OPENED,
            certainty=Certainty.SIGNED,
            event_at=order.placed_at + event,
            known_at=order.placed_at - MOMENT,
            identity_id=order.identity_id if visitor_id is None else None,
            visitor_id=visitor_id,
            share_id=share_id,
        )
        assert record_touch(contact)
        return db.session.scalars(select(func.max(Touch.id))).one()


def test_all_that_was_known_is_on_the_receipt(mall: Mall, story: Story, bob: Phone) -> None:
    assert receipts_list_every_contact(story) == "1 contacts of 1 lines, 0 left out"
    bob.open(mall.link(mall.dave_id, mall.product))
    assert left_out() == {}, "learnt after the decision"


def test_what_counts_for_nothing_may_be_left_out(mall: Mall, story: Story, line_id: int) -> None:
    contact = known_before(mall, event=timedelta(minutes=1))
    assert left_out() == {line_id: [contact]}
    assert receipts_list_every_contact(story).endswith("1 left out"), "it was after the order"


def test_what_would_have_won_is_told_until_somebody_looks(
    mall: Mall, story: Story, line_id: int
) -> None:
    contact = known_before(mall, event=-MOMENT)
    assert left_out() == {line_id: [contact]}
    with pytest.raises(Contradiction, match="leave out although they count"):
        receipts_list_every_contact(story)
    with transaction():
        open_dispute(order_line_id=line_id, key="late", reason="试", now=clock.now())
    assert receipts_list_every_contact(story).endswith("1 left out")


def test_his_other_browser_counts_once_it_is_known_to_be_his(
    mall: Mall, line_id: int, phone_of: Phones
) -> None:
    phone_of("Bob", DESKTOP).open(mall.link(mall.dave_id, mall.product))
    visitor_id = db.session.scalars(select(func.max(Touch.visitor_id))).one()
    contact = known_before(mall, event=-MOMENT, visitor_id=visitor_id)
    assert left_out() == {}, "nobody knew whose browser it was"
    with transaction():
        db.session.add(
            IdentityLink(
                visitor_id=visitor_id,
                identity_id=db.session.scalars(select(SalesOrder.identity_id)).one(),
                kind=LinkKind.OAUTH,
                linked_at=db.session.scalars(select(Attribution.decided_at)).one(),
            )
        )
    assert left_out() == {line_id: [contact]}
