"""A customer submits what the page let him choose: checked, sealed, placed and credited at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from catalog.models import ProductKind
from catalog.queries import Offer, offers
from flows.checkout import check_out
from flows.sealed import order_place, vault
from flows.visit import Opened, touch_link
from members.phones import BadPhone, normalised
from orders.errors import NotListed
from orders.models import Delivery
from orders.values import Item, Wish
from org.models import OrgNode, Tier
from org.queries import node_by_code
from wx_backend.errors import BadInput

NEEDS_USER = frozenset({ProductKind.PLAN, ProductKind.SIM})
NEEDS_DELIVERY = frozenset({ProductKind.GOODS, ProductKind.SIM})


class Incomplete(BadInput):
    """Something the chosen goods need was not filled in; `details.fields` names it."""

    code, message = "incomplete", "请填写完整后再提交"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One chosen variant at the unit price the page showed; its user for plans and cards."""

    sku: str
    quantity: int
    expected_price_fen: int
    user_name: str = field(default="", repr=False)
    user_phone: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit:
    """One press of the button; `client_key` is the same however often it arrives."""

    member_id: int
    identity_id: int
    client_key: str
    lines: Sequence[Line]
    delivery: Delivery
    contact_name: str = field(repr=False)
    contact_phone: str = field(repr=False)
    address: dict[str, str] | None = field(default=None, repr=False)
    outlet: str = ""


def submit_order(submit: Submit, *, opened: Opened | None, now: datetime) -> str:
    """Place the order; its number, the same for a repeat.

    A link that was opened and has not been a touch yet is one now, before the credit is decided.
    Raises Incomplete, BadPhone and the refusals of `place_order`.
    """
    chosen = offers(line.sku for line in submit.lines)
    _check(submit, [_offer(chosen, line) for line in submit.lines])
    outlet_id = _pickup(submit)
    if opened is not None:
        touch_link(opened, identity_id=submit.identity_id, now=now)
    wish = Wish(
        member_id=submit.member_id,
        identity_id=submit.identity_id,
        client_key=submit.client_key,
        items=tuple(_item(submit, position) for position in range(1, len(submit.lines) + 1)),
        delivery=submit.delivery,
        address=submit.address,
        outlet_id=outlet_id,
        contact_name=_sealed(submit, "contact_name", submit.contact_name),
        contact_phone=_sealed(
            submit, "contact_phone", _phone(submit.contact_phone, "contact_phone")
        ),
    )
    return check_out(wish=wish, now=now).order.number


def _offer(chosen: dict[str, Offer], line: Line) -> Offer:
    if line.sku not in chosen:
        raise NotListed(sku=line.sku)
    return chosen[line.sku]


def _check(submit: Submit, chosen: Sequence[Offer]) -> None:
    """Goods need a way to the buyer, plans and cards the person who will use them."""
    missing = set()
    pairs = zip(submit.lines, chosen, strict=True)
    if any(o.kind in NEEDS_USER and not (line.user_name and line.user_phone) for line, o in pairs):
        missing |= {"user_name", "user_phone"}
    is_sent = any(offer.kind in NEEDS_DELIVERY for offer in chosen)
    if is_sent == (submit.delivery is Delivery.NONE):
        missing.add("delivery")
    if submit.delivery is Delivery.COURIER and not submit.address:
        missing |= {"region", "street"}
    if missing:
        raise Incomplete(fields=sorted(missing))


def _pickup(submit: Submit) -> int | None:
    """The outlet to fetch it from: one that is open for business."""
    if submit.delivery is not Delivery.PICKUP:
        return None
    node: OrgNode | None = node_by_code(submit.outlet)
    if node is None or node.tier != Tier.OUTLET or node.closed_on is not None:
        raise Incomplete("请选择自提网点", fields=["outlet"])
    return node.id


def _item(submit: Submit, position: int) -> Item:
    line = submit.lines[position - 1]
    name, phone = None, None
    if line.user_name and line.user_phone:
        name = _sealed(submit, "user_name", line.user_name, position)
        phone = _sealed(submit, "user_phone", _phone(line.user_phone, "user_phone"), position)
    return Item(
        sku_number=line.sku,
        quantity=line.quantity,
        expected_price_fen=line.expected_price_fen,
        user_name=name,
        user_phone=phone,
    )


def _phone(text: str, name: str) -> str:
    try:
        return normalised(text)
    except BadPhone:
        raise BadPhone(fields=[name]) from None


def _sealed(submit: Submit, name: str, text: str, position: int = 0) -> bytes:
    place = order_place(submit.member_id, submit.client_key, name, position)
    return vault().seal(text, place=place)
