"""A made-up history of selling, written as rows: what happened where by whom, and an oracle of it."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import count
from random import Random

from members.models import Identity
from orders.models import OrderLine, OrderStatus, OrderTransition, SalesOrder
from org.operations import move_node
from payments.models import Payment, PaymentStatus, Refund, RefundLine, RefundStatus
from referral.models import Place, Share, Subject, Touch
from referral.values import Certainty, TouchKind
from tests.catalog.shelf import Wares, put_on_shelf
from tests.org.cast import Tree, hire, person, plant
from wx_backend.clock import SHANGHAI
from wx_backend.db import db, transaction

DAY_ONE = date(2026, 3, 2)
DAYS = 8
KINDS = {
    TouchKind.SUBSCRIBE: "follow",
    TouchKind.SCAN: "scan",
    TouchKind.LINK_OPENED: "visit",
    TouchKind.LAUNCHED: "visit",
    TouchKind.IMPORTED: "",
}


@dataclass(frozen=True, slots=True)
class Happened:
    """One fact as the oracle sees it; `unit` counts once."""

    kind: str
    on: date
    outlet_id: int
    unit: tuple[str, int, int]
    rep_id: int | None
    product_id: int | None
    fen: int


@dataclass
class History:
    """The place of all this, and everything that happened."""

    tree: Tree
    wares: Wares
    random: Random
    member_id: int
    identity_id: int
    reps: dict[int, int]
    shares: dict[int, int]
    parents: dict[int, list[tuple[date, int]]]
    facts: list[Happened] = field(default_factory=list)
    unpaid: list[int] = field(default_factory=list)
    paid: list[int] = field(default_factory=list)
    returned: set[int] = field(default_factory=set)
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    def instant(self, on: date) -> datetime:
        """Some second of a Shanghai day, its first and last ones too."""
        second = self.random.choice((0, 86_399, self.random.randrange(86_400)))
        return datetime.combine(on, time(), SHANGHAI) + timedelta(seconds=second)

    def order(self, on: date) -> None:
        """One to three lines, perhaps of several outlets and nobody's rep."""
        at, number = self.instant(on), next(self.numbers)
        with transaction():
            row = SalesOrder(
                number=f"OD{number:08d}",
                member_id=self.member_id,
                identity_id=self.identity_id,
                client_key=str(number),
                content=b"0" * 16,
                total_fen=1,
                discount_fen=0,
                payable_fen=1,
                delivery="none",
                placed_at=at,
                expires_at=at,
            )
            db.session.add(row)
            db.session.flush()
            lines = [self._line(row.id, n) for n in range(self.random.randint(1, 3))]
            db.session.add_all(lines)
            db.session.add(_moved(row.id, 1, OrderStatus.PLACED, at))
            db.session.flush()
            self._note("placed", on, row.id, lines)
            self.unpaid.append(row.id)

    def _line(self, order_id: int, position: int) -> OrderLine:
        rep_id = self.random.choice([None, *self.reps])
        outlets = [self.reps[rep_id]] if rep_id else [*set(self.reps.values())]
        fen = self.random.randrange(0, 100_000)
        sku_id, product_id = self.random.choice(((self.wares.phone_id, 1), (self.wares.plan_id, 2)))
        return OrderLine(
            order_id=order_id,
            position=position,
            sku_id=sku_id,
            product_id=product_id,
            category_id=self.wares.category_id,
            product_kind="goods",
            name="货",
            quantity=1,
            unit_price_fen=fen,
            list_fen=fen,
            discount_fen=0,
            paid_fen=fen,
            outlet_id=self.random.choice(outlets),
            developer_rep_id=rep_id,
        )

    def pay(self, on: date) -> None:
        """One order that waits for it."""
        if not self.unpaid:
            return
        order_id = self.unpaid.pop(self.random.randrange(len(self.unpaid)))
        at = self.instant(on)
        with transaction():
            row = db.session.get_one(SalesOrder, order_id)
            row.status, row.paid_at = OrderStatus.PAID, at
            db.session.add(_moved(order_id, 2, OrderStatus.PAID, at))
            lines = db.session.query(OrderLine).filter_by(order_id=order_id).all()
            self._note("paid", on, order_id, lines)
            self.paid.append(order_id)

    def refund(self, on: date) -> None:
        """Some lines of a paid order, or all, in one refund; what is left may be refunded later."""
        if not self.paid:
            return
        order_id = self.random.choice(self.paid)
        at, number = self.instant(on), next(self.numbers)
        with transaction():
            sold = db.session.query(OrderLine).filter_by(order_id=order_id).all()
            left = [line for line in sold if line.paid_fen > line.refunded_fen]
            lines = left[: self.random.randint(1, len(left))] if left else []
            payment = Payment(
                out_trade_no=f"PY{number}",
                order_id=order_id,
                identity_id=self.identity_id,
                mchid="1",
                appid="wxTest",
                amount_fen=1_000_000,
                description="货",
                status=PaymentStatus.SUCCEEDED,
                transaction_id=str(number),
                success_at=at,
                created_at=at,
                expires_at=at,
            )
            db.session.add(payment)
            db.session.flush()
            refund = Refund(
                out_refund_no=f"RF{number}",
                key=str(number),
                payment_id=payment.id,
                amount_fen=1,
                reason="退",
                actor="system",
                asked_at=at,
            )
            db.session.add(refund)
            db.session.flush()
            db.session.add_all(
                RefundLine(refund_id=refund.id, order_line_id=line.id, amount_fen=line.paid_fen)
                for line in lines
            )
            db.session.flush()
            refund.status, refund.success_at = RefundStatus.SUCCEEDED, at
            for line in lines:
                line.refund_reserved_fen = line.refunded_fen = line.paid_fen
            row = db.session.get_one(SalesOrder, order_id)
            row.status = OrderStatus.PART_REFUNDED
            if lines == left:
                row.status = OrderStatus.REFUNDED
                self.paid.remove(order_id)
                self.returned.add(order_id)
            self._note("refunded", on, refund.id, lines)

    def touch(self, on: date) -> None:
        """A contact with somebody's share, or with a scene nobody knows."""
        at, number = self.instant(on), next(self.numbers)
        rep_id, kind = self.random.choice([None, *self.reps]), self.random.choice([*KINDS])
        with transaction():
            db.session.add(
                Touch(
                    key=number.to_bytes(16, "big"),
                    identity_id=self.identity_id,
                    share_id=self.shares.get(rep_id or 0),
                    kind=kind,
                    certainty=Certainty.SIGNED,
                    event_at=at,
                    known_at=at,
                )
            )
        if KINDS[kind]:
            outlet_id = self.reps[rep_id] if rep_id else self.tree.group
            unit = (kind, number, outlet_id)
            self.facts.append(Happened(KINDS[kind], on, outlet_id, unit, rep_id, None, 0))

    def move(self, on: date) -> None:
        """An outlet goes to another city; it counts there from the next day on."""
        outlet_id = self.random.choice((self.tree.hall, self.tree.bay))
        city_id = self.random.choice((self.tree.canton, self.tree.shenzhen, self.tree.harbin))
        with transaction():
            move_node(node_id=outlet_id, parent_id=city_id)
        self.parents[outlet_id].append((on + timedelta(days=1), city_id))

    def above(self, outlet_id: int, on: date) -> set[int]:
        """A place and all above it with which a day began."""
        tree = self.tree
        provinces = {tree.canton: tree.south, tree.shenzhen: tree.south, tree.harbin: tree.north}
        if outlet_id == tree.group:
            return {tree.group}
        city = [city for since, city in self.parents[outlet_id] if since <= on][-1]
        return {outlet_id, city, provinces[city], tree.group}

    def _note(self, kind: str, on: date, unit: int, lines: list[OrderLine]) -> None:
        self.facts += [
            Happened(
                kind,
                on,
                line.outlet_id or self.tree.group,
                (kind, unit, line.outlet_id or 0),
                line.developer_rep_id,
                line.product_id,
                line.paid_fen,
            )
            for line in lines
        ]


def begin(seed: int) -> History:
    """Two provinces with a rep at every outlet, and nothing sold yet."""
    tree, wares, random = plant(), put_on_shelf(), Random(seed)  # noqa: S311 - a made-up history
    reps = {hire(outlet): outlet for outlet in (tree.hall, tree.corner, tree.bay, tree.frost)}
    reps[hire(tree.hall, "卡尔")] = tree.hall
    member_id = person("Bob")
    with transaction():
        shares = {rep_id: _share(rep_id) for rep_id in reps}
        identity_id = db.session.query(Identity.id).limit(1).scalar()
    cities = defaultdict(list)
    for outlet_id, city_id in (
        (tree.hall, tree.canton),
        (tree.corner, tree.canton),
        (tree.bay, tree.shenzhen),
        (tree.frost, tree.harbin),
    ):
        cities[outlet_id].append((date.min, city_id))
    return History(tree, wares, random, member_id, identity_id, reps, shares, cities)


def _share(rep_id: int) -> int:
    share = Share(
        parent_key=0,
        sharer_key=f"rep:{rep_id}",
        rep_id=rep_id,
        root_rep_id=rep_id,
        subject=Subject.SHOWROOM,
        place=Place.CHAT,
        depth=0,
        created_at=datetime.combine(DAY_ONE, time(), SHANGHAI),
    )
    db.session.add(share)
    db.session.flush()
    return share.id


def _moved(order_id: int, position: int, to: OrderStatus, at: datetime) -> OrderTransition:
    return OrderTransition(
        order_id=order_id,
        position=position,
        to_status=to,
        actor="system",
        cause="test",
        moved_at=at,
    )
