"""Two provinces with a rep, a customer and a paid order each; staff of every role."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import blake2s

from sqlalchemy import select
from werkzeug.security import generate_password_hash

from flows.checkout import check_out
from flows.figures.counting import count_waiting
from flows.payment.settle import settle
from flows.phone_proof import has_rights
from flows.sealed import vault
from members.joining import join_member
from members.operations import ensure_identity
from members.phone_joining import join_by_phone, prove_phone
from orders.models import OrderLine, SalesOrder
from orders.queries import order_by_id
from orders.values import Item, Wish
from org.models import OrgNode, Role, Staff
from org.queries import rep_card
from payments.attempts import Demand, open_attempt, start_prepay
from payments.operations import Source
from payments.rules import PaymentFact
from referral.models import Attribution, Place, Receipt, Subject
from referral.operations import Contact, Sharer, Sharing, open_share, record_touch
from referral.values import Certainty, TouchKind
from settlement.models import Milestone
from settlement.rates import add_rate, set_vesting
from tests.catalog.shelf import Wares, put_on_shelf
from tests.console.desk import PASSWORD
from tests.jobs import run_jobs
from tests.org.cast import Tree, hire, plant
from wx_backend import clock
from wx_backend.clock import business_on
from wx_backend.db import db, retried, transaction

APPID = "wx5ad0c1ee0a2b3f4d"
MCHID = "1900000109"
STAFF = {
    "root": (Role.ADMINISTRATOR, "group"),
    "south": (Role.ADMINISTRATOR, "south"),
    "north": (Role.ADMINISTRATOR, "north"),
    "manager": (Role.MANAGER, "south"),
    "marketer": (Role.MARKETER, "south"),
    "finance": (Role.FINANCE, "south"),
    "clerk": (Role.CLERK, "hall"),
    "city": (Role.ADMINISTRATOR, "canton"),
    "head": (Role.ADMINISTRATOR, "hall"),
    "till": (Role.FINANCE, "hall"),
}


@dataclass(frozen=True, slots=True)
class Person:
    member_id: int
    identity_id: int


@dataclass(frozen=True, slots=True)
class Sold:
    """An order of one phone: its numbers, its receipt's, and the rep credited."""

    id: int
    number: str
    receipt: str
    rep_number: str


@dataclass(frozen=True, slots=True)
class World:
    """What the tests talk about; `bob` bought through Alice's share passed on by Carl."""

    tree: Tree
    wares: Wares
    alice_id: int
    alice_number: str
    nils_id: int
    nils_number: str
    bob: Person
    nora: Person
    southern: Sold
    northern: Sold


def make_world() -> World:
    """Plant, hire, share, touch, order, pay; everything is committed and worked off."""
    tree = plant()
    wares = put_on_shelf()
    _terms()
    _staff(tree)
    _default_outlet(tree)
    alice_id, nils_id = hire(tree.hall, "爱丽丝"), hire(tree.frost, "尼尔斯")
    carl, bob, nora = (known(name) for name in ("Carl", "Bob", "Nora"))
    touch(bob, passed_on(alice_id, carl), kind=TouchKind.LINK_OPENED)
    touch(nora, share(nils_id), kind=TouchKind.SUBSCRIBE)
    return World(
        tree=tree,
        wares=wares,
        alice_id=alice_id,
        alice_number=rep_card(alice_id).number,
        nils_id=nils_id,
        nils_number=rep_card(nils_id).number,
        bob=bob,
        nora=nora,
        southern=buy(bob, wares, tree.hall),
        northern=buy(nora, wares, tree.frost),
    )


def known(name: str) -> Person:
    """A person of that name who joined."""
    now = clock.now() - timedelta(days=2)
    with transaction():
        identity_id = ensure_identity(appid=APPID, openid=f"o{name}", now=now)
        return Person(join_member(identity_id=identity_id, now=now), identity_id)


def same_phone(*people: Person) -> None:
    """They prove one phone, one after the other: by that they are one person."""
    with transaction():
        for each in people:
            now = clock.now()
            prove_phone(member_id=each.member_id, phone="13700137000", vault=vault(), now=now)
            join_by_phone(
                member_id=each.member_id,
                has_rights=has_rights,
                has_things=lambda _: False,
                now=now,
            )


def share(rep_id: int) -> int:
    """A rep shares his showroom in a chat; the share's id."""
    with transaction():
        return open_share(
            sharer=Sharer(rep_id=rep_id),
            sharing=Sharing(subject=Subject.SHOWROOM, place=Place.CHAT),
            now=clock.now() - timedelta(days=1),
        ).id


def passed_on(rep_id: int, by: Person) -> int:
    """What a customer makes of a rep's share: his own, in Moments."""
    parent = share(rep_id)
    with transaction():
        return open_share(
            sharer=Sharer(identity_id=by.identity_id),
            sharing=Sharing(subject=Subject.SHOWROOM, place=Place.MOMENTS),
            parent_id=parent,
            now=clock.now() - timedelta(hours=20),
        ).id


def touch(
    person: Person, share_id: int, *, kind: TouchKind, ago: timedelta = timedelta(hours=1)
) -> None:
    """A contact of a person with a share."""
    at = clock.now() - ago
    key = blake2s(f"{person.identity_id}:{share_id}:{kind}:{at}".encode(), digest_size=16).digest()
    with transaction():
        record_touch(
            Contact(
                key=key,
                kind=kind,
                certainty=Certainty.SIGNED,
                event_at=at,
                known_at=at,
                identity_id=person.identity_id,
                share_id=share_id,
            )
        )


def order(person: Person, wares: Wares, outlet_id: int, key: str = "submit-1") -> int:
    """One phone ordered; the order's id."""
    wish = Wish(
        person.member_id, person.identity_id, key, (Item(wares.phone, 1),), outlet_id=outlet_id
    )
    return retried(lambda: check_out(wish=wish, now=clock.now()).order.id)


def pay(order_id: int, *, at: datetime | None = None) -> None:
    """WeChat Pay says that the order was paid, now or at an instant; what follows is worked off."""
    now = clock.now()
    with transaction():
        row = order_by_id(order_id)
        assert row
        demand = Demand(
            row.id, row.identity_id, MCHID, APPID, row.payable_fen, "手机", row.expires_at
        )
        attempt = open_attempt(demand=demand, now=now)
        start_prepay(payment_id=attempt.id)
        number, amount_fen = attempt.out_trade_no, attempt.amount_fen
    fact = PaymentFact(
        mchid=MCHID,
        appid=APPID,
        out_trade_no=number,
        trade_state="SUCCESS",
        transaction_id=f"42000{order_id:09d}",
        amount_fen=amount_fen,
        payer_total_fen=amount_fen,
        currency="CNY",
        success_at=at or now,
    )
    retried(lambda: settle(fact, source=Source.NOTICE, now=now))
    run_jobs()


def buy(person: Person, wares: Wares, outlet_id: int, key: str = "submit-1") -> Sold:
    """Order and pay one phone."""
    order_id = order(person, wares, outlet_id, key)
    pay(order_id)
    return sold(order_id)


def sold(order_id: int) -> Sold:
    """The numbers of an order as committed."""
    db.session.rollback()
    number, receipt, rep_id = db.session.execute(
        select(SalesOrder.number, Receipt.number, OrderLine.developer_rep_id)
        .join(OrderLine, OrderLine.order_id == SalesOrder.id)
        .join(Attribution, Attribution.order_line_id == OrderLine.id)
        .join(Receipt, Receipt.attribution_id == Attribution.id)
        .where(SalesOrder.id == order_id)
        .order_by(Attribution.version.desc())
        .limit(1)
    ).one()
    return Sold(order_id, number, receipt, rep_card(rep_id).number if rep_id else "")


def _terms() -> None:
    today = business_on(clock.now())
    with transaction():
        add_rate(valid_from=today, rate_bp=500)
        set_vesting(
            product_kind="goods", milestone=Milestone.RECEIVED, hold_days=7, valid_from=today
        )


def _staff(tree: Tree) -> None:
    with transaction():
        for login, (role, node) in STAFF.items():
            db.session.add(
                Staff(
                    login=login,
                    name=f"员工{login}",
                    password_hash=_hashed(),
                    role=role,
                    node_id=getattr(tree, node),
                )
            )


@cache
def _hashed() -> str:
    """Made once, and cheap to check: how slow a real one is to be is the business of `tests/org`."""
    return generate_password_hash(PASSWORD, method="scrypt:1024:8:1")


def _default_outlet(tree: Tree) -> None:
    """The outlet the tests' accounts name as theirs."""
    with transaction():
        db.session.get_one(OrgNode, tree.corner).code = "O1"


def count_figures() -> None:
    """What the clock does every few seconds, until nothing waits."""
    while retried(lambda: count_waiting(now=clock.now())):
        pass
    db.session.rollback()
