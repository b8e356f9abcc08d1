"""What can be chosen of a product: variants, bundles with their parts, and what a plan says."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from catalog.availability import Left, left_of, left_together
from catalog.models import ProductKind, Sku
from catalog.nearby import Nearby, shelves_nearby
from catalog.offers import Offer, offers
from catalog.plans import Plan
from catalog.queries import skus_on_offer
from catalog.rules import conditions
from flows.submit import NEEDS_DELIVERY
from orders.rules import HAVE_USERS, QUANTITY_MAX
from wx_backend.money import yuan

_PLAN_FACTS: Final[Sequence[tuple[str, str, Callable[[Any], str]]]] = (
    ("monthly_fee_fen", "月费", lambda fen: f"{yuan(fen).removesuffix('.00')} 元"),
    ("contract_months", "合约期", lambda months: f"{months} 个月"),
    ("data_gb", "每月流量", lambda gigabytes: f"{gigabytes} GB"),
    ("voice_minutes", "每月通话", lambda minutes: f"{minutes} 分钟"),
    ("sms", "每月短信", lambda messages: f"{messages} 条"),
)


@dataclass(frozen=True, slots=True)
class PartRow:
    """One part of a bundle: what it costs by itself, and what a plan in it says."""

    name: str
    kind: ProductKind
    quantity: int
    price_fen: int
    plan: Sequence[tuple[str, str]]
    conditions: Sequence[str]


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose by, such as 颜色, and what there is of it."""

    name: str
    values: Sequence[str]


@dataclass(frozen=True, slots=True)
class Variant:
    """One variant to choose; `free` is how many can be had, None where units are not counted.

    Of those, `by_courier` can be sent, and `on_shelf` lie at the outlet of whoever looks. `nearby` says where else in his city it lies, once
    his own outlet has none. Of a bundle, `parts` names what is in it and `saved_fen` what it saves.
    """

    number: str
    name: str
    price_fen: int
    market_price_fen: int | None
    prepaid_fen: int
    free: int | None
    by_courier: int | None
    on_shelf: int
    options: Mapping[str, str] = field(default_factory=dict)
    parts: Sequence["PartRow"] = ()
    saved_fen: int = 0
    has_user: bool = False
    has_goods: bool = False
    takes_number: bool = False
    nearby: Sequence[Nearby] = ()

    @property
    def is_sold_out(self) -> bool:
        return self.free == 0 and not self.nearby

    @property
    def can_be_put_aside(self) -> bool:
        """Whether it may go in a cart, which is counted at the own outlet and keeps no number."""
        return self.free != 0 and not self.takes_number

    @property
    def most(self) -> int:
        """As many as one line of an order can have just now."""
        if self.free is None:
            return QUANTITY_MAX
        return min(QUANTITY_MAX, max(self.free, *(each.free for each in self.nearby), 0))


def variants_of(
    product_ids: Collection[int], now: datetime, *, outlet_id: int | None = None
) -> dict[int, list[Variant]]:
    """What can be chosen of each of these products at this moment, by product id.

    `outlet_id` is where whoever looks could fetch it.
    """
    if not product_ids:
        return {}
    skus = skus_on_offer(product_ids)
    today = offers((sku.number for sku in skus), now=now)
    pieces = [piece for offer in today.values() for piece in offer.pieces]
    left = left_of((piece.sku_id for piece in pieces), outlet_id=outlet_id)
    found: dict[int, list[Variant]] = {product_id: [] for product_id in product_ids}
    for sku in skus:
        if (offer := today[sku.number]).is_for_sale:
            found[sku.product_id].append(_variant(sku, offer, left))
    return found


def with_neighbours(variants: list[Variant], outlet_id: int | None) -> list[Variant]:
    """The same, those that the outlet has none of with the outlets near by that have some.

    Where each part of a bundle lies the checkout tells.
    """
    lacking = [each.number for each in variants if each.on_shelf == 0 and not each.parts]
    if outlet_id is None or not lacking:
        return variants
    found = shelves_nearby(lacking, outlet_id=outlet_id)
    return [replace(each, nearby=[*found.get(each.number, ())]) for each in variants]


def _variant(sku: Sku, offer: Offer, units: Mapping[int, Left]) -> Variant:
    """One variant as it is offered; `units` are those left of each part, by variant id."""
    left = left_together(((piece.sku_id, piece.quantity) for piece in offer.pieces), units)
    kinds = {piece.kind for piece in offer.pieces}
    return Variant(
        number=sku.number,
        name=sku.name,
        price_fen=sku.price_fen,
        market_price_fen=_market_price(sku, offer),
        prepaid_fen=sum(piece.prepaid_fen * piece.quantity for piece in offer.pieces),
        free=left.to_fetch if left else None,
        by_courier=left.central if left else None,
        on_shelf=left.on_shelf if left else 0,
        options=sku.options,
        parts=[_part(part) for part in offer.parts],
        saved_fen=offer.saved_fen,
        has_user=bool(kinds & HAVE_USERS),
        has_goods=bool(kinds & NEEDS_DELIVERY),
        takes_number=any(piece.takes_number for piece in offer.pieces),
    )


def choices_of(variants: Sequence[Variant]) -> list[Choice]:
    """By what variants are told apart, each thing once; none where their options do not say it."""
    names = list(variants[0].options) if variants else []
    told = {tuple(each.options.get(name) for name in names) for each in variants}
    if not names or len(told) < len(variants) or any(None in values for values in told):
        return []
    return [Choice(name, list(dict.fromkeys(v.options[name] for v in variants))) for name in names]


def _market_price(sku: Sku, offer: Offer) -> int | None:
    """What it is compared with: of a bundle, what its parts cost one by one."""
    return sku.price_fen + offer.saved_fen if offer.saved_fen else sku.market_price_fen


def _part(offer: Offer) -> PartRow:
    return PartRow(
        name=offer.name,
        kind=offer.kind,
        quantity=offer.quantity,
        price_fen=offer.price_fen,
        plan=plan_facts(offer.plan),
        conditions=conditions(offer.plan.eligibility) if offer.plan else [],
    )


def plan_facts(plan: Plan | None) -> list[tuple[str, str]]:
    """What a tariff promises, in the order people ask for it."""
    if plan is None:
        return []
    said = [(name, say, getattr(plan, key)) for key, name, say in _PLAN_FACTS]
    return [(name, say(value)) for name, say, value in said if value]
