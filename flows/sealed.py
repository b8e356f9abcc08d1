"""Personal data inside orders: under which key, and bound to which place."""

import json
from collections.abc import Mapping
from functools import lru_cache

from members.phones import masked
from members.vault import Vault
from orders.models import OrderLine, SalesOrder
from wx_backend.config import Privacy
from wx_backend.platform import config


@lru_cache(maxsize=4)
def _vault(privacy: Privacy) -> Vault:
    return Vault.of(privacy)


def vault() -> Vault:
    """The vault of this app's configuration."""
    return _vault(config().privacy)


def order_place(member_id: int, client_key: str, field: str, position: int = 0) -> str:
    """The place of a personal field of an order, known before the order has an id.

    `field` is contact_name, contact_phone, address, user_name or user_phone; `position` is the
    line's.
    """
    return f"order.{field}:{member_id}:{client_key}:{position}"


def line_user_phone(order: SalesOrder, line: OrderLine) -> str | None:
    """Who will use a line: the number given by the buyer; None when he gave none."""
    if line.user_phone is None:
        return None
    place = order_place(order.member_id, order.client_key, "user_phone", line.position)
    return vault().open(line.user_phone, place=place)


def contact_of(order: SalesOrder) -> tuple[str, str]:
    """Name and phone number of who receives an order; each empty where none was given."""
    return (
        _opened(order, "contact_name", order.contact_name),
        _opened(order, "contact_phone", order.contact_phone),
    )


def shown_contact(order: SalesOrder) -> str:
    """Name and half the phone number of who receives an order, enough to recognise him."""
    if order.contact_name is None or order.contact_phone is None:
        return ""
    return f"{_opened(order, 'contact_name', order.contact_name)} {shown_phone(order)}"


def shown_phone(order: SalesOrder) -> str:
    """Half the phone number of who receives an order; empty where none was given."""
    phone = _opened(order, "contact_phone", order.contact_phone)
    return masked(phone) if phone else ""


def order_address(order: SalesOrder) -> Mapping[str, str]:
    """Where an order goes to, `region` and `street`; empty for one that is not sent anywhere.

    Orders from before addresses were sealed have theirs in the clear until `reseal` has run.
    """
    if order.sealed_address is None:
        return order.address or {}
    address: dict[str, str] = json.loads(
        vault().open(order.sealed_address, place=_address_place(order))
    )
    return address


def sealed_address(address: Mapping[str, str], *, member_id: int, client_key: str) -> bytes:
    """An address as it is kept, for the order that this member submits under this key."""
    text = json.dumps(dict(address), ensure_ascii=False, separators=(",", ":"))
    return vault().seal(text, place=order_place(member_id, client_key, "address"))


def _opened(order: SalesOrder, field: str, sealed: bytes | None) -> str:
    if sealed is None:
        return ""
    return vault().open(sealed, place=order_place(order.member_id, order.client_key, field))


def _address_place(order: SalesOrder) -> str:
    return order_place(order.member_id, order.client_key, "address")
