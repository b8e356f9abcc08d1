"""A customer submits what the page let him choose: checked, sealed, placed and credited at once."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from catalog.models import ProductKind
from catalog.offers import Offer, offers
from flows.cart import chosen_item, chosen_lines
from flows.checkout import check_out
from flows.confirmed_acts import note_served
from flows.counter import offer_to_order
from flows.eligibility import Chosen, places_of, require_eligible
from flows.numbers import Picked, require_orderable
from flows.phone_proof import require_proven
from flows.sealed import order_place, sealed_address, vault
from flows.visit import Opened, touch_link
from members.addresses import Address, BookFull, save_address
from members.phones import BadPhone, normalised
from members.queries import identity_by_id
from orders.cart import Owner, take_out
from orders.cart_models import CartLine
from orders.counter import use_offer
from orders.errors import NotListed
from orders.models import Delivery
from orders.rules import HAVE_USERS
from orders.values import Item, Wish
from org.models import OrgNode, Tier
from org.queries import node_by_code
from wx_backend.errors import BadInput
from wx_backend.platform import account_of

NEEDS_USER = HAVE_USERS
NEEDS_DELIVERY = frozenset({ProductKind.GOODS, ProductKind.SIM})


class Incomplete(BadInput):
    """Something the chosen goods need was not filled in; `details.fields` names it."""

    code, message = "incomplete", "请填写完整后再提交"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One chosen variant or bundle at the unit price the page showed.

    For plans and cards their user, and the phone number he picked where there is a choice. What
    comes out of the cart is credited as of when it was put there.
    """

    sku: str
    quantity: int
    expected_price_fen: int
    number: str = ""
    from_cart: bool = False
    user_name: str = field(default="", repr=False)
    user_phone: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit:
    """One press of the button; `client_key` is the same however often it arrives.

    `counter` is the link of a counter sale the buyer confirmed, if it is one; `home` the outlet he
    belongs to, whose phone numbers are offered to him. With `keeps_address` the address goes into
    his book.
    """

    member_id: int
    identity_id: int
    client_key: str
    lines: Sequence[Line]
    delivery: Delivery
    contact_name: str = field(repr=False)
    contact_phone: str = field(repr=False)
    address: dict[str, str] | None = field(default=None, repr=False)
    outlet: str = ""
    counter: str = ""
    home: str = ""
    keeps_address: bool = False

    @property
    def owner(self) -> Owner:
        """Whose cart it may come out of."""
        return Owner(identity_id=self.identity_id)


def submit_order(submit: Submit, *, opened: Opened | None, now: datetime) -> str:
    """Place the order; its number, the same for a repeat.

    A link that was opened and has not been a touch yet is one now, before the credit is decided.
    Raises Incomplete, BadPhone, NotEligible, the refusals of `require_orderable`, `place_order` and
    `offer_to_order`.
    """
    known = offers((line.sku for line in submit.lines), now=now)
    chosen = [Chosen(_offer(known, line), line.quantity) for line in submit.lines]
    _check(submit, [each.offer for each in chosen])
    require_proven(member_id=submit.member_id, phone=_phone(submit.contact_phone, "contact_phone"))
    outlet_id = _pickup(submit)
    require_eligible(
        chosen,
        member_id=submit.member_id,
        client_key=submit.client_key,
        places=_places(submit, outlet_id),
    )
    require_orderable(
        _picked(submit, chosen), member_id=submit.member_id, outlet_code=submit.home, now=now
    )
    if submit.keeps_address:
        _keep_address(submit, now)
    if opened is not None:
        touch_link(opened, identity_id=submit.identity_id, now=now)
    cart = _cart(submit)
    wish = _wish(submit, [each.offer for each in chosen], outlet_id, cart, now)
    if submit.counter:
        return _at_counter(submit, wish, now)
    made = check_out(wish=wish, now=now)
    if made.is_new and cart:  # what was put in since the first submit is not what that ordered
        take_out(owner=submit.owner, sku_ids=[each.sku_id for each in cart.values()])
    return made.order.number


def _cart(submit: Submit) -> dict[str, CartLine]:
    """What of the submit lies in the buyer's cart; nothing any more when it is a repeat.

    A counter sale is of the moment at the counter, whatever lies in the cart.
    """
    wanted = [line.sku for line in submit.lines if line.from_cart and not submit.counter]
    return chosen_lines(submit.owner, wanted) if wanted else {}


def _keep_address(submit: Submit, now: datetime) -> None:
    """The buyer wants the address in his book; a full book does not stop an order."""
    if submit.address is None:
        return
    address = Address.typed(name=submit.contact_name, phone=submit.contact_phone, **submit.address)
    with suppress(BookFull):
        save_address(
            member_id=submit.member_id, address=address, is_default=False, vault=vault(), now=now
        )


def _at_counter(submit: Submit, wish: Wish, now: datetime) -> str:
    """Order what a rep put together: he is the acceptor, his offer is used up, and he has served the buyer."""
    offer = offer_to_order(
        submit.counter,
        member_id=submit.member_id,
        wanted=[(line.sku, line.quantity) for line in submit.lines],
        now=now,
    )
    order = check_out(wish=wish, now=now, acceptor_rep_id=offer.acceptor_rep_id).order
    use_offer(offer, order_id=order.id)
    note_served(order, rep_id=offer.acceptor_rep_id, now=now)
    return order.number


def _picked(submit: Submit, chosen: Sequence[Chosen]) -> list[Picked]:
    """The phone numbers of the lines that have one."""
    pairs = zip(submit.lines, chosen, strict=True)
    return [Picked(msisdn=line.number, offer=each.offer) for line, each in pairs if line.number]


def _sealed_address(submit: Submit) -> bytes | None:
    if submit.address is None:
        return None
    return sealed_address(submit.address, member_id=submit.member_id, client_key=submit.client_key)


def _wish(
    submit: Submit,
    chosen: Sequence[Offer],
    outlet_id: int | None,
    cart: Mapping[str, CartLine],
    now: datetime,
) -> Wish:
    """What is ordered, everything personal sealed."""
    phone = _phone(submit.contact_phone, "contact_phone")
    return Wish(
        member_id=submit.member_id,
        identity_id=submit.identity_id,
        client_key=submit.client_key,
        items=_items(submit, chosen, cart, now),
        delivery=submit.delivery,
        address=submit.address,
        sealed_address=_sealed_address(submit),
        outlet_id=outlet_id,
        contact_name=_sealed(submit, "contact_name", submit.contact_name),
        contact_phone=_sealed(submit, "contact_phone", phone),
        contact_phone_index=vault().index(phone),
    )


def _offer(chosen: dict[str, Offer], line: Line) -> Offer:
    if line.sku not in chosen:
        raise NotListed(sku=line.sku)
    return chosen[line.sku]


def _check(submit: Submit, chosen: Sequence[Offer]) -> None:
    """Goods need a way to the buyer, plans and cards the person who will use them."""
    missing = set()
    for line, offer in zip(submit.lines, chosen, strict=True):
        missing |= _missing(line, offer)
    kinds = {piece.kind for offer in chosen for piece in offer.pieces}
    if bool(kinds & NEEDS_DELIVERY) == (submit.delivery is Delivery.NONE):
        missing.add("delivery")
    if submit.delivery is Delivery.COURIER and not submit.address:
        missing |= {"region", "street"}
    if missing:
        raise Incomplete(fields=sorted(missing))


def _missing(line: Line, offer: Offer) -> set[str]:
    """What one line lacks, or has though nothing of it takes that."""
    missing = set()
    has_user = any(piece.kind in NEEDS_USER for piece in offer.pieces)
    if has_user and not (line.user_name and line.user_phone):
        missing |= {"user_name", "user_phone"}
    if any(piece.takes_number for piece in offer.pieces) != bool(line.number):
        missing.add("number")
    return missing


def _places(submit: Submit, outlet_id: int | None) -> list[str]:
    """Where the buyer is: by his address, his outlet, or else the account's own outlet."""
    if submit.delivery is Delivery.COURIER and submit.address:
        return [submit.address.get("region", "")]
    if outlet_id is None:
        appid = identity_by_id(submit.identity_id).appid
        node = node_by_code(account_of(appid).default_outlet)
        outlet_id = node.id if node is not None else None
    return places_of(outlet_id) if outlet_id is not None else []


def _pickup(submit: Submit) -> int | None:
    """The outlet to fetch it from: one that is open for business."""
    if submit.delivery is not Delivery.PICKUP:
        return None
    node: OrgNode | None = node_by_code(submit.outlet)
    if node is None or node.tier != Tier.OUTLET or node.closed_on is not None:
        raise Incomplete("请选择自提网点", fields=["outlet"])
    return node.id


def _items(
    submit: Submit, chosen: Sequence[Offer], cart: Mapping[str, CartLine], now: datetime
) -> tuple[Item, ...]:
    """The items; each user's data is sealed for the place his line will have in the order."""
    items = []
    lines_before = 0
    for line, offer in zip(submit.lines, chosen, strict=True):
        places = [n for n, piece in enumerate(offer.pieces, 1) if piece.kind in NEEDS_USER]
        item = _item(submit, line, lines_before + (places[0] if places else 1))
        put = cart.get(line.sku) if line.from_cart else None
        items.append(item if put is None else chosen_item(item, put, now))
        lines_before += len(offer.pieces)
    return tuple(items)


def _item(submit: Submit, line: Line, position: int) -> Item:
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
        number_reference=line.number or None,
    )


def _phone(text: str, name: str) -> str:
    try:
        return normalised(text)
    except BadPhone:
        raise BadPhone(fields=[name]) from None


def _sealed(submit: Submit, name: str, text: str, position: int = 0) -> bytes:
    place = order_place(submit.member_id, submit.client_key, name, position)
    return vault().seal(text, place=place)
