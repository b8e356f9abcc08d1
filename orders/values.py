"""Plain values of ordering: what is wished for, what it costs."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from catalog.models import ProductKind
from orders.models import Delivery


@dataclass(frozen=True, slots=True)
class Item:
    """One wish: a variant or a bundle by its public number, and what its line has to remember.

    `expected_price_fen` is the unit price the buyer was shown; None if nothing was shown. The
    line's user (who will use the plan) is given as ciphertext; `number_reference` is the phone
    number he picked. Of a bundle both belong to its one plan or card. `chosen_at` and `share_id`
    are when it was put in the cart, if it was, and the share its buyer had come by then.
    """

    sku_number: str
    quantity: int
    expected_price_fen: int | None = None
    user_name: bytes | None = None
    user_phone: bytes | None = None
    number_reference: str | None = None
    chosen_at: datetime | None = None
    share_id: int | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What one member asks for in one submit; `client_key` is the same in every repeat of it.

    Contact name and phone are ciphertext, and so is `sealed_address`; `contact_phone_index` is to
    find the phone by; `address` itself only tells
    submits apart. `outlet_id` is the chosen pickup, if any.
    """

    member_id: int
    identity_id: int
    client_key: str
    items: tuple[Item, ...]
    delivery: Delivery = Delivery.NONE
    address: dict[str, Any] | None = field(default=None, repr=False)
    sealed_address: bytes | None = field(default=None, repr=False)
    outlet_id: int | None = None
    contact_name: bytes | None = field(default=None, repr=False)
    contact_phone: bytes | None = field(default=None, repr=False)
    contact_phone_index: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class PricedLine:
    """One item, or one part of a bundle, at the server's price.

    `prepaid_fen` of `list_fen` are collected for billing, `bundle_discount_fen` is what the
    bundle saves on it. `bundle_item` is the place of its bundle in the submit, from 1. `gifts` are
    names and how many of each come with the line.
    """

    item: Item
    quantity: int
    sku_id: int
    product_id: int
    category_id: int
    kind: ProductKind
    name: str
    unit_price_fen: int
    list_fen: int
    prepaid_fen: int
    bundle_discount_fen: int = 0
    bundle_sku_id: int | None = None
    bundle_item: int | None = None
    gifts: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Basket:
    """All items priced."""

    lines: tuple[PricedLine, ...]

    @property
    def total_fen(self) -> int:
        return sum(line.list_fen for line in self.lines)

    @property
    def bundle_discount_fen(self) -> int:
        """What the bundles save."""
        return sum(line.bundle_discount_fen for line in self.lines)

    @property
    def discountable_fen(self) -> int:
        """The most a discount can be: prepaid fees belong to billing and are never discounted."""
        return sum(
            line.list_fen - line.prepaid_fen - line.bundle_discount_fen for line in self.lines
        )
