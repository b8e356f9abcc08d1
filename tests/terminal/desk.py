"""An outlet's desk in the tests: orders that lie there, and who works on them."""

from io import BytesIO

from PIL import Image
from sqlalchemy import select

from flows.checkout import check_out
from flows.sealed import order_place, sealed_address, vault
from fulfilment.models import Chain, Task
from fulfilment.nodes import CHECKS, Node
from fulfilment.pickup import open_code, shown_code
from orders.models import Delivery
from orders.values import Item, Wish
from tests.console.world import Person, World, pay
from tests.terminal.phone import RepPhone
from wx_backend import clock
from wx_backend.db import db, retried

IMEI = "490154203237518"
OTHER_IMEI = "356938035643809"
ADDRESS = {"region": "广东省广州市天河区", "street": "体育西路191号601"}


def ordered(world: World, buyer: Person, *, key: str, delivery: Delivery = Delivery.PICKUP) -> int:
    """A paid phone that lies with Alice's outlet; the order's id."""

    def sealed(name: str, text: str) -> bytes:
        return vault().seal(text, place=order_place(buyer.member_id, key, name, 0))

    wish = Wish(
        buyer.member_id,
        buyer.identity_id,
        key,
        (Item(world.wares.phone, 1),),
        delivery=delivery,
        outlet_id=world.tree.hall if delivery is Delivery.PICKUP else None,
        contact_name=sealed("contact_name", "鲍勃"),
        contact_phone=sealed("contact_phone", "13800138000"),
        address={"region": ADDRESS["region"]} if delivery is Delivery.COURIER else None,
        sealed_address=sealed_address(ADDRESS, member_id=buyer.member_id, client_key=key)
        if delivery is Delivery.COURIER
        else None,
    )
    order_id = retried(lambda: check_out(wish=wish, now=clock.now()).order.id)
    pay(order_id)
    return order_id


def task_of(order_id: int, node: Node) -> Task:
    """A node of the order's line, as committed."""
    db.session.rollback()
    chain = db.session.scalars(select(Chain).where(Chain.order_id == order_id)).one()
    query = select(Task).where(
        Task.chain_id == chain.id, Task.node == node, Task.round == chain.round
    )
    return db.session.scalars(query).one()


def code_of(order_id: int) -> str:
    """The digits on the customer's page."""
    db.session.rollback()
    code = open_code(order_id)
    assert code is not None
    return shown_code(code, vault())


def packed(phone: RepPhone, order_id: int, imei: str = IMEI) -> int:
    """Take, check, scan, close; the task's id."""
    task_id = task_of(order_id, Node.PACKED).id
    phone.send(f"/terminal/tasks/{task_id}/accept")
    for check in CHECKS["goods"]:
        phone.send(f"/terminal/tasks/{task_id}/check", check=check)
    phone.send(f"/terminal/tasks/{task_id}/serial", value=imei)
    answer = phone.send(f"/terminal/tasks/{task_id}/pack")
    assert answer.headers["Location"] == "/terminal/tasks"
    return task_id


def photo(*, size: tuple[int, int] = (2400, 1200), kind: str = "PNG") -> bytes:
    """A picture as a phone sends it."""
    out = BytesIO()
    Image.new("RGB", size, "#a33").save(out, kind)
    return out.getvalue()
