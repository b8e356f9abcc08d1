"""Carol's counter: what an outlet's people do with a paid order, and how far it has come."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from sqlalchemy import select

from flows.checkout import check_out
from flows.fulfilment import desk
from flows.sealed import order_place, vault
from fulfilment.models import Chain, Task, TaskMove, TaskStatus
from fulfilment.nodes import CHECKS, Node
from fulfilment.pickup import open_code, shown_code
from fulfilment.queries import tasks_of_chain
from orders.models import Delivery
from orders.values import Item
from org.models import OrgNode, OrgPath, Tier
from org.operations import create_node
from tests.flows.trade.market import Market
from wx_backend import clock
from wx_backend.db import db, retried, transaction

CAROL = "rep:2"
DAVE = "rep:3"
PHONE = "13800138000"
IMEI = "490154203237518"
OTHER_IMEI = "356938035643809"
Outcome = TypeVar("Outcome")


@dataclass
class Counter:
    """Alice's outlet works off; the other one only looks on."""

    market: Market
    outlet_id: int
    other_id: int

    def buy(
        self, *items: Item, delivery: Delivery = Delivery.COURIER, key: str = "submit-1"
    ) -> int:
        """Bob orders and pays; everything that follows by itself has followed."""
        market = self.market
        wish = market.bob.wishes(*(items or (Item(market.wares.phone, 1),)), key=key)
        wish = replace(
            wish,
            delivery=delivery,
            outlet_id=self.outlet_id if delivery is Delivery.PICKUP else None,
            contact_name=self._sealed("鲍勃", "contact_name", key),
            contact_phone=self._sealed(PHONE, "contact_phone", key),
        )
        order_id = retried(lambda: check_out(wish=wish, now=clock.now()).order.id)
        assert market.pay(market.sheet(order_id)).endswith(":ok")
        market.work()
        return order_id

    def _sealed(self, text: str, field: str, key: str) -> bytes:
        place = order_place(self.market.bob.member_id, key, field)
        return vault().seal(text, place=place)

    def task(self, order_id: int, node: Node, *, line: int = 0) -> int:
        """The id of a node of this round."""
        chain = self.chain(order_id, line=line)
        [found] = [task for task in self.tasks(chain) if task.node == node]
        return found.id

    def chain(self, order_id: int, *, line: int = 0) -> Chain:
        """The chain of one line, as committed."""
        db.session.rollback()
        query = select(Chain).where(Chain.order_id == order_id).order_by(Chain.order_line_id)
        return db.session.scalars(query).all()[line]

    def tasks(self, chain: Chain) -> list[Task]:
        return list(tasks_of_chain(chain.id, only_round=chain.round))

    def open_nodes(self, order_id: int, *, line: int = 0) -> set[str]:
        """The nodes that are not over yet."""
        live = (TaskStatus.OPEN, TaskStatus.TAKEN)
        return {t.node for t in self.tasks(self.chain(order_id, line=line)) if t.status in live}

    def do(self, verb: Callable[..., Outcome], **arguments: object) -> Outcome:
        """One verb of the desk, by Carol unless somebody else is named, committed."""
        given = {"outlet_id": self.outlet_id, "actor": CAROL, "now": clock.now()} | arguments
        db.session.rollback()
        return retried(lambda: verb(**given))

    def pack(self, order_id: int, *, imei: str = IMEI, line: int = 0, **by: object) -> None:
        """Take, check, scan, close; by Carol unless `outlet_id` and `actor` say otherwise."""
        named = {"task_id": self.task(order_id, Node.PACKED, line=line)} | by
        self.do(desk.accept_task, **named)
        for check in CHECKS["goods"]:
            self.do(desk.record_check, check=check, **named)
        self.do(desk.record_serial, value=imei, **named)
        self.do(desk.finish_packing, **named)

    def send(
        self,
        order_id: int,
        *,
        carrier: str = "SF",
        waybill: str = "SF1234567890",
        line: int = 0,
        **by: object,
    ) -> None:
        """Give the packed line to the carrier."""
        named = {"task_id": self.task(order_id, Node.HANDED_OVER, line=line)} | by
        self.do(desk.accept_task, **named)
        self.do(desk.hand_to_carrier, carrier=carrier, waybill=waybill, **named)

    def code(self, order_id: int) -> str:
        """What Bob shows."""
        db.session.rollback()
        code = open_code(order_id)
        assert code is not None
        return shown_code(code, vault())

    def redeem(self, order_id: int, **by: object) -> None:
        """Bob shows his code."""
        self.do(desk.try_pickup_code, code=self.code(order_id), **by)

    def fetch(self, order_id: int) -> None:
        """Packed, and handed out for the code."""
        self.pack(order_id)
        self.redeem(order_id)


def open_counter(market: Market) -> Counter:
    """A province with a city around Alice's outlet, and a second outlet in the same city."""
    with transaction():
        group = create_node(tier=Tier.GROUP, code="G", name="集团")
        province = create_node(tier=Tier.PROVINCE, code="P", name="南省", parent_id=group)
        city = create_node(tier=Tier.CITY, code="C", name="广州", parent_id=province)
        other = create_node(tier=Tier.OUTLET, code="O2", name="越秀营业厅", parent_id=city)
        mine = db.session.scalars(select(OrgNode).where(OrgNode.code == "O1")).one()
        _plant_below(mine, city)
    return Counter(market, mine.id, other)


def _plant_below(node: OrgNode, parent_id: int) -> None:
    above = db.session.scalars(select(OrgPath).where(OrgPath.descendant_id == parent_id)).all()
    node.parent_id = parent_id
    db.session.merge(OrgPath(ancestor_id=node.id, descendant_id=node.id, depth=0))
    for path in above:
        db.session.add(
            OrgPath(ancestor_id=path.ancestor_id, descendant_id=node.id, depth=path.depth + 1)
        )


def moves(task_id: int) -> list[tuple[str | None, str, str]]:
    """(from, to, actor) of every move of a task."""
    db.session.rollback()
    rows = db.session.scalars(
        select(TaskMove).where(TaskMove.task_id == task_id).order_by(TaskMove.id)
    )
    return [(row.from_status, row.to_status, row.actor) for row in rows]
