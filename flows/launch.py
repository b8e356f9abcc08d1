"""Staff take a product to the shelves: check-list, approval, listing, prices; all on record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from catalog import launch, pricing
from catalog.editing import locked_product
from catalog.launch_models import (
    LaunchApproval,
    LaunchItem,
    LaunchStep,
    PriceProposal,
    ProductEvent,
    Verdict,
)
from catalog.models import Product, Sku
from catalog.offers import is_on_sale
from catalog.operations import list_product
from catalog.pricing import Prices
from catalog.queries import all_skus, count_products, product_by_number, products_page
from catalog.stock_history import Shelf, central_shelves
from org.models import Tier
from org.queries import node_of
from wx_backend.errors import Forbidden, NotFound
from wx_backend.platform import config


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A product in the list, and what its launch still misses."""

    product: Product
    missing: Sequence[LaunchStep]
    is_on_sale: bool
    is_asked: bool
    is_price_asked: bool


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step of the check-list; `item` is None until somebody has worked on it."""

    step: LaunchStep
    item: LaunchItem | None
    is_done: bool


@dataclass(frozen=True, slots=True)
class ProductFile:
    """Everything about one product.

    `asked` and, by variant, `prices_asked` wait for a second person; `answer` is what one said last.
    """

    row: ProductRow
    steps: Sequence[StepRow]
    answer: LaunchApproval | None
    asked: LaunchApproval | None
    skus: Sequence[Sku]
    prices_asked: Mapping[int, PriceProposal]
    shelves: Sequence[Shelf]
    events: Sequence[ProductEvent]


def product_rows(text: str = "", *, now: datetime, after: int, limit: int) -> list[ProductRow]:
    """The products a text means, on sale or not, in the order of the shelves."""
    return [_row(product, now) for product in products_page(text, after=after, limit=limit)]


def number_of_products(text: str = "") -> int:
    """How many those are."""
    return count_products(text)


def product_file(number: str, now: datetime) -> ProductFile:
    """One product; NotFound."""
    product = _product(number)
    items = {item.step: item for item in launch.items_of(product.id)}
    row = _row(product, now)
    skus = all_skus(product.id)
    return ProductFile(
        row=row,
        steps=[StepRow(step, items.get(step), step not in row.missing) for step in LaunchStep],
        answer=launch.newest_answer(product.id),
        asked=launch.open_approval(product.id),
        skus=skus,
        prices_asked={each.sku_id: each for each in pricing.open_prices(product.id)},
        shelves=central_shelves(sku.id for sku in skus),
        events=launch.events_of(product.id),
    )


def require_wide(node_id: int) -> None:
    """Products are everybody's: staff of a single outlet look, and change nothing. Raises Forbidden."""
    if node_of(node_id).tier == Tier.OUTLET:
        raise Forbidden("网点账号不能修改商品")


def tick(number: str, data: launch.ItemData, *, actor: str, now: datetime) -> None:
    """An item of the check-list is done."""
    launch.tick(product_id=_product(number).id, data=data, actor=actor, now=now)


def ask(
    number: str,
    *,
    on_sale_from: datetime,
    on_sale_until: datetime | None,
    actor: str,
    now: datetime,
) -> None:
    """Ask that the product go on sale."""
    launch.ask_approval(
        product_id=_product(number).id,
        on_sale_from=on_sale_from,
        on_sale_until=on_sale_until,
        actor=actor,
        now=now,
    )


def decide(number: str, *, verdict: Verdict, note: str, actor: str, now: datetime) -> None:
    """Approve, which puts the product on the shelves, or reject, which takes it off them."""
    product = _product(number)
    asked = launch.open_approval(product.id)
    if asked is None:
        raise NotFound("没有待审批的上架申请")
    launch.decide(approval_id=asked.id, verdict=verdict, note=note, actor=actor, now=now)
    list_product(product_id=product.id, is_listed=verdict is Verdict.APPROVED)


def withdraw(number: str, *, actor: str, now: datetime) -> None:
    """Whoever asked that the product go on sale takes it back. Raises NotFound, NotTheAsker."""
    launch.withdraw(product_id=_product(number).id, actor=actor, now=now)


def show(number: str, *, is_listed: bool, actor: str, now: datetime) -> None:
    """Put a product on the shelves (again), or take it off. Raises NotReady."""
    product = _product(number)
    list_product(product_id=product.id, is_listed=is_listed)
    what = "listed" if is_listed else "unlisted"
    launch.record_event(product_id=product.id, what=what, actor=actor, now=now)


def reprice(number: str, sku_number: str, prices: Prices, *, actor: str, now: datetime) -> bool:
    """Set a variant's prices, the ones before stay on record; or, above the limit, ask another person.

    True when they are set. Raises BadOffer, AlreadyAsked and UnderApproval.
    """
    locked_product(number)
    _, sku = _variant(number, sku_number)
    limit = config().goods.second_person_above_percent
    return pricing.set_or_ask(sku, prices, above_percent=limit, actor=actor, now=now)


def decide_price(
    number: str, proposal_id: int, *, verdict: Verdict, note: str, actor: str, now: datetime
) -> None:
    """Another person agrees to a large change of price, or rejects it.

    Raises NotFound, SamePerson, PriceDecided, PriceMoved, UnderApproval.
    """
    product = locked_product(number)
    pricing.decide_price(
        proposal_id, product_id=product.id, verdict=verdict, note=note, actor=actor, now=now
    )


def withdraw_price(number: str, proposal_id: int, *, actor: str, now: datetime) -> None:
    """Whoever asked for a large change of price takes it back.

    Raises NotFound, NotTheAsker, PriceDecided.
    """
    product = locked_product(number)
    pricing.withdraw_price(proposal_id, product_id=product.id, actor=actor, now=now)


def _row(product: Product, now: datetime) -> ProductRow:
    return ProductRow(
        product=product,
        missing=launch.missing_steps(product.id),
        is_on_sale=is_on_sale(product, now),
        is_asked=launch.open_approval(product.id) is not None,
        is_price_asked=bool(pricing.open_prices(product.id)),
    )


def _product(number: str) -> Product:
    product = product_by_number(number)
    if product is None:
        raise NotFound
    return product


def _variant(number: str, sku_number: str) -> tuple[Product, Sku]:
    product = _product(number)
    sku = next((each for each in all_skus(product.id) if each.number == sku_number), None)
    if sku is None:
        raise NotFound
    return product, sku
