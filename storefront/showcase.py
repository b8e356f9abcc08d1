"""What the mall's pages show: values read once, ready for the templates."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from catalog.models import ProductKind
from catalog.offers import is_on_sale
from catalog.plans import Plan
from catalog.queries import product_by_number, product_of_sku, products_of_skus
from catalog.rules import conditions
from catalog.showing import Showing
from fulfilment.reviews import Summary, summary_of_product
from org.models import OrgNode, RepStatus
from org.queries import node_of, opening_hours, rep_by_number, rep_card, successor_of
from referral.queries import share_root_rep
from storefront.cards import ProductCard, card_of
from storefront.variants import (
    Choice,
    Variant,
    choices_of,
    plan_facts,
    variants_of,
    with_neighbours,
)
from wx_backend.clock import SHANGHAI
from wx_backend.errors import NotFound


@dataclass(frozen=True, slots=True)
class OutletPanel:
    """Where to find the people behind a showroom; `hours_today` is empty where nobody said."""

    code: str
    name: str
    address: str
    phone: str
    hours_today: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class RepPanel:
    """Who a showroom belongs to."""

    rep_id: int
    number: str
    name: str
    title: str
    greeting: str
    outlet_id: int
    outlet: OutletPanel


@dataclass(frozen=True, slots=True)
class ProductPage:
    """Everything the page of one product shows."""

    card: ProductCard
    description: str
    variants: Sequence[Variant]
    plan: Sequence[tuple[str, str]]
    conditions: Sequence[str]
    showing: Showing
    reviews: Summary

    @property
    def choices(self) -> Sequence[Choice]:
        """By what its variants are told apart: standard, capacity, colour."""
        return choices_of(self.variants)

    @property
    def first(self) -> Variant | None:
        """What is chosen when the page opens: the first variant that can be bought.

        One that only lies at another outlet comes after all that can be had as usual.
        """
        on_sale = [each for each in self.variants if not each.is_sold_out]
        return next((each for each in on_sale if each.free != 0), next(iter(on_sale), None))

    @property
    def has_cart(self) -> bool:
        """Whether any variant may go in a cart."""
        return any(each.can_be_put_aside for each in self.variants)


def rep_panel(number: str, now: datetime) -> RepPanel:
    """Who the showroom of this number belongs to; NotFound for a rep without the right to sell."""
    rep = rep_by_number(number)
    if rep is None or rep.status != RepStatus.ACTIVE:
        raise NotFound("没有找到这个展厅")
    return _panel(rep.id, now)


def adviser(share_id: int | None, now: datetime) -> RepPanel | None:
    """The rep to ask: who has the customers of the one whose link brought this browser."""
    root_id = share_root_rep(share_id) if share_id is not None else None
    if root_id is None:
        return None
    rep_id = successor_of(root_id, now).rep_id
    if rep_id is None or not rep_card(rep_id).is_active:
        return None
    return _panel(rep_id, now)


def product_page(number: str, now: datetime, *, outlet_id: int | None = None) -> ProductPage:
    """A product on sale, as it could be fetched at an outlet; NotFound for any other."""
    product = product_by_number(number)
    if product is None or not is_on_sale(product, now):
        raise NotFound("商品不存在或已下架")
    found = variants_of([product.id], now, outlet_id=outlet_id)[product.id]
    if product.kind != ProductKind.PLAN:
        found = with_neighbours(found, outlet_id)
    plan = Plan.from_json(product.plan) if product.plan is not None else None
    return ProductPage(
        card=card_of(product, found),
        description=product.description,
        variants=found,
        plan=plan_facts(plan),
        conditions=conditions(plan.eligibility) if plan else [],
        showing=Showing.from_json(product.showing),
        reviews=summary_of_product(product.id),
    )


def variant_page(
    sku_number: str, now: datetime, *, outlet_id: int | None = None
) -> tuple[ProductPage, Variant]:
    """A variant on offer with its product's page; NotFound for any other."""
    number = product_of_sku(sku_number)
    if number is None:
        raise NotFound("商品不存在或已下架")
    page = product_page(number, now, outlet_id=outlet_id)
    variant = next((each for each in page.variants if each.number == sku_number), None)
    if variant is None:
        raise NotFound("该规格已下架")
    return page, variant


def variant_cards(
    sku_numbers: Collection[str], now: datetime, *, outlet_id: int | None = None
) -> dict[str, tuple[ProductCard, Variant]]:
    """Many variants on offer with the cards of their products, asked for together.

    NotFound when one is on offer no more.
    """
    products = products_of_skus(sku_numbers)
    by_id = {product.id: product for product in products.values() if is_on_sale(product, now)}
    variants = variants_of([*by_id], now, outlet_id=outlet_id)
    cards = {each: card_of(product, variants[each]) for each, product in by_id.items()}
    found = {
        variant.number: (cards[product_id], variant)
        for product_id, of_product in variants.items()
        for variant in of_product
        if variant.number in products
    }
    if found.keys() != set(sku_numbers):
        raise NotFound("商品不存在或已下架")
    return found


def outlet_panel(outlet_id: int, now: datetime) -> OutletPanel:
    """An outlet with today's hours."""
    node: OrgNode = node_of(outlet_id)
    hours = opening_hours(outlet_id)
    spans = hours.on(now.astimezone(SHANGHAI).date()) if hours else ()
    today = "、".join(f"{_clock(span.start)}–{_clock(span.end)}" for span in spans)
    return OutletPanel(
        code=node.code,
        name=node.name,
        address=node.address or "",
        phone=node.phone or "",
        hours_today=today or ("今日休息" if hours else ""),
        is_open=hours.is_open(now) if hours else False,
    )


def _panel(rep_id: int, now: datetime) -> RepPanel:
    card = rep_card(rep_id)
    return RepPanel(
        rep_id=card.rep_id,
        number=card.number,
        name=card.name,
        title=card.title,
        greeting=card.greeting,
        outlet_id=card.outlet_id,
        outlet=outlet_panel(card.outlet_id, now),
    )


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
