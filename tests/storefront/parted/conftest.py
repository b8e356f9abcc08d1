"""Two WeChats that were taken for one person by a wrong claim, and how it is lifted."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from flows import lost_wechat
from flows.parting import GivenBack
from flows.resealing import SEALED
from flows.sealed import vault
from fulfilment.bookings import book as book_slot
from members.claim_models import ClaimKind, ClaimVerdict, MemberClaim
from members.models import Identity, Member
from members.phone_joining import prove_phone
from orders.models import SalesOrder
from orders.queries import order_by_number
from org.queries import node_by_code
from tests.simulator.stage import Stage
from tests.storefront.conftest import Phones
from tests.storefront.mall import Mall
from tests.storefront.phone import Phone
from tests.storefront.test_orders import work
from tests.storefront.test_programs import config
from wx_backend import clock
from wx_backend.db import db, retried, transaction

__all__ = ["config"]
PHONE, OTHER, USER = "13800138000", "13900139000", "13987654321"
SECOND, THIRD = "submit-0000000002", "submit-0000000003"


@dataclass(frozen=True, slots=True)
class Two:
    """Bob's WeChat and Carol's, which the store takes for Bob's new one; with their identities."""

    bob: Phone
    carol: Phone
    bob_id: int
    carol_id: int


@pytest.fixture
def two(request: pytest.FixtureRequest, mall: Mall, phone_of: Phones) -> Two:
    """Both came by Alice's link; `carol_first` says who is known for longer."""
    is_carols_older = getattr(request, "param", "") == "carol_first"
    for name in ("Carol", "Bob") if is_carols_older else ("Bob", "Carol"):
        phone = phone_of(name)
        phone.open(mall.link(mall.alice_id, mall.product))
        phone.sign_in()
    known = db.session.scalars(select(Identity.id).order_by(Identity.id)).all()
    carol_id, bob_id = known if is_carols_older else reversed(known)
    bob, carol = phone_of("Bob"), phone_of("Carol")
    for each in (bob, carol):
        each.sign_in()
    return Two(bob, carol, bob_id, carol_id)


def row_of(identity_id: int) -> int:
    """The member an identity is."""
    db.session.rollback()
    member_id = db.session.get_one(Identity, identity_id).member_id
    assert member_id
    return member_id


def order_of(number: str) -> SalesOrder:
    db.session.rollback()
    found = order_by_number(number)
    assert found
    return found


def wrongly_claimed(two: Two, number: str) -> int:
    """Two of the store give Bob's orders to Carol's WeChat; the claim."""
    carol = row_of(two.carol_id)
    with transaction():
        prove_phone(member_id=carol, phone=PHONE, vault=vault(), now=clock.now())
    new = db.session.get_one(Member, carol).number
    group = node_by_code("G")
    assert group
    node_id = group.id
    retried(
        lambda: lost_wechat.ask(
            number, new=new, reason="x", node_id=node_id, actor="staff:1", now=clock.now()
        )
    )
    return agreed().claim_id


@dataclass(frozen=True, slots=True)
class Agreed:
    claim_id: int
    given: GivenBack


def agreed() -> Agreed:
    """The second person agrees to the newest claim."""
    group = node_by_code("G")
    claim_id = db.session.scalar(select(func.max(MemberClaim.id)))
    assert group
    assert claim_id
    node_id = group.id
    done = retried(
        lambda: lost_wechat.decide(
            claim_id,
            verdict=ClaimVerdict.APPROVED,
            note="",
            node_id=node_id,
            actor="staff:2",
            now=clock.now(),
        )
    )
    return Agreed(claim_id, done.given)


def lifted(claim_id: int, kind: ClaimKind = ClaimKind.WRONG) -> GivenBack:
    group = node_by_code("G")
    assert group
    node_id = group.id
    retried(
        lambda: lost_wechat.lift(
            claim_id, kind=kind, reason="x", node_id=node_id, actor="staff:1", now=clock.now()
        )
    )
    return agreed().given


def paid(phone: Phone, wechat: Stage, number: str) -> None:
    sheet = phone.post(f"/api/orders/{number}/pay").get_json()
    assert wechat.act(phone.owner, "pay", **sheet)["err_msg"].endswith(":ok")
    phone.post(f"/api/orders/{number}/ask")
    work()


def assert_nobodys_but(owner: Phone, other: Phone, number: str) -> None:
    """One sees an order in every place, and the other nowhere."""
    for path in ("/orders", "/api/orders"):
        assert number in owner.get(path).text
        assert number not in other.get(path).text
    for path in ("/orders/{}", "/orders/{}/pay", "/api/orders/{}", "/api/orders/{}/details"):
        assert owner.get(path.format(number)).status_code == 200
        assert other.get(path.format(number)).status_code == 404


def nonces() -> list[bytes]:
    """Every sealed value there is opens where it stands; what each was sealed with."""
    db.session.rollback()
    found = []
    for sealed in SEALED:
        for row in db.session.scalars(select(sealed.table)):
            for column, place in sealed.places.items():
                if (value := getattr(row, column)) is not None:
                    vault().open(value, place=place(row))
                    found.append(bytes(value[:13]))
    return found


def signed_in(phone: Phone) -> Phone:
    phone.sign_in()
    return phone


def visit(mall: Mall, member_id: int, order_id: int | None = None) -> None:
    """An appointment of a person for the next day."""
    now = clock.now()
    with transaction():
        book_slot(
            outlet_id=mall.outlet_id,
            member_id=member_id,
            order_id=order_id,
            starts_at=now + timedelta(days=1),
            now=now,
        )
