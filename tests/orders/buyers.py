"""Bob and what he wishes for: the smallest world an order needs."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise

from sqlalchemy import select

from members.models import Identity, Member
from orders.models import OrderLine, OrderTransition, SalesOrder
from orders.placement import Placed, place_order
from orders.rules import LINE_MOVES, MOVES
from orders.values import Item, Wish
from org.models import OrgNode, Rep, Tier
from referral.models import PolicyVersion
from tests.catalog.shelf import NOON, Wares
from wx_backend import numbers
from wx_backend.clock import business_on
from wx_backend.db import db, retried, transaction

APPID = "wx5ad0c1ee0a2b3f4d"


@dataclass(frozen=True, slots=True)
class Buyer:
    member_id: int
    identity_id: int

    def wishes(self, *items: Item, key: str = "submit-1") -> Wish:
        """A submit of these items."""
        return Wish(self.member_id, self.identity_id, key, items)


def add_buyer(name: str = "Bob") -> Buyer:
    """A member who came by the Official Account."""
    with transaction():
        member = Member(
            number=numbers.new_number(numbers.MEMBER, on=business_on(NOON)),
            name=name,
            created_at=NOON,
        )
        db.session.add(member)
        db.session.flush()
        identity = Identity(
            appid=APPID,
            openid=f"o{name}",
            member_id=member.id,
            seen_at=NOON,
            created_at=NOON,
        )
        db.session.add(identity)
        db.session.flush()
        return Buyer(member.id, identity.id)


def add_rep(name: str = "Alice") -> Rep:
    """A rep at an outlet of her own, and the policy that credits her."""
    with transaction():
        outlet = OrgNode(tier=Tier.OUTLET, code=f"O-{name}", name=f"{name}的营业厅")
        db.session.add(outlet)
        db.session.flush()
        rep = Rep(
            number=numbers.new_number(numbers.REP, on=business_on(NOON)),
            name=name,
            outlet_id=outlet.id,
            channel_class="own_hall",
            joined_on=date(2026, 1, 1),
        )
        db.session.add(rep)
        if db.session.get(PolicyVersion, 1) is None:
            db.session.add(PolicyVersion(version=1, settings={}, valid_from=NOON))
        db.session.flush()
    return rep


def place(wish: Wish, *, discount_fen: int = 0, now: datetime = NOON) -> Placed:
    """Place an order as a route does."""
    return retried(lambda: place_order(wish=wish, discount_fen=discount_fen, now=now))


def phone(wares: Wares, quantity: int = 1) -> Item:
    return Item(wares.phone, quantity)


def plan(wares: Wares) -> Item:
    return Item(wares.plan, 1, user_name=b"u", user_phone=b"p")


def with_key(wish: Wish, key: str) -> Wish:
    return replace(wish, client_key=key)


def order_row(order_id: int) -> SalesOrder:
    """The order as committed."""
    db.session.rollback()
    return db.session.get_one(SalesOrder, order_id)


def line_rows(order_id: int) -> list[OrderLine]:
    """The lines as committed."""
    db.session.rollback()
    query = select(OrderLine).where(OrderLine.order_id == order_id).order_by(OrderLine.position)
    return list(db.session.scalars(query))


def assert_histories_hold() -> None:
    """Every order's and line's history is an unbroken allowed path to its present state."""
    db.session.rollback()
    for order in db.session.scalars(select(SalesOrder)):
        rows = list(
            db.session.scalars(
                select(OrderTransition)
                .where(OrderTransition.order_id == order.id)
                .order_by(OrderTransition.position)
            )
        )
        assert [row.position for row in rows] == list(range(1, order.moves + 1))
        own = [row for row in rows if row.line_id is None]
        assert own[0].from_status is None
        assert own[-1].to_status == order.status
        for before, after in pairwise(own):
            assert after.from_status == before.to_status
            assert after.to_status in MOVES[before.to_status]  # type: ignore[index]  # StrEnum and str are equal keys
        for row in rows:
            if row.line_id is not None:
                assert row.to_status in LINE_MOVES[row.from_status]  # type: ignore[index]  # the same
        assert all(row.actor and row.cause for row in rows)
    db.session.rollback()
