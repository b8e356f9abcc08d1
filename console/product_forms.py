"""What was typed about a product or a variant, checked and typed; and how it reads in the form again."""

from collections.abc import Mapping
from typing import Any, Final

from flask import request

from catalog.models import Category, Product, ProductKind, Sku
from catalog.operations import ProductData, SkuData
from catalog.plans import FEE_MAX_FEN, REGION_LENGTH, Eligibility, Plan
from catalog.pricing import Prices
from catalog.showing import GIFTS_MAX, PROMISES_MAX, Gift, Showing
from console.typed import DIGITS_MAX, Typed
from flows.product_desk import Part
from wx_backend.errors import AppError
from wx_backend.money import fen_from_yuan, yuan

NAME_MAX: Final = 80
SUBTITLE_MAX: Final = 120
DESCRIPTION_MAX: Final = 5_000
LINE_MAX: Final = 60
OPTIONS_MAX: Final = 6
OPTION_LENGTH: Final = 20
REGIONS_MAX: Final = 40
POSITION_MAX: Final = 9_999
PARTS: Final = range(1, 6)
_TICKS: Final = ("new_customers", "one_per_person", "with_phone")
_PLAN_NUMBERS: Final = {
    "data_gb": 100_000,
    "voice_minutes": 100_000,
    "sms": 100_000,
    "contract_months": 60,
}


def product_typed(kind: ProductKind, shelves: Mapping[int, Category]) -> ProductData:
    """The product in the form. Raises BadForm, BadPlan and BadShowing."""
    typed = Typed(request.form)
    shelf = typed.maybe_whole("category_id", low=1, high=10**DIGITS_MAX)
    if shelf not in shelves:
        typed.faults["category_id"] = "请选择分类"
    texts = {
        "name": typed.line("name", NAME_MAX, is_needed=True),
        "subtitle": typed.line("subtitle", SUBTITLE_MAX),
        "description": typed.text("description", DESCRIPTION_MAX),
    }
    position = typed.whole("position", low=0, high=POSITION_MAX)
    gifts = _gifts(typed)
    promises = typed.rows("promises", PROMISES_MAX, longest=LINE_MAX)
    plan = _plan(typed) if kind is ProductKind.PLAN else None
    typed.require_sound()
    return ProductData(
        kind=kind,
        category_id=shelf or 0,
        **texts,
        plan=Plan.from_json(plan) if plan is not None else None,
        showing=Showing(gifts=gifts, promises=promises),
        takes_number=kind in {ProductKind.PLAN, ProductKind.SIM}
        and typed.is_ticked("takes_number"),
        position=position,
    )


def product_as_typed(product: Product) -> dict[str, str]:
    """A product as it would have been typed."""
    showing = Showing.from_json(product.showing)
    found: dict[str, Any] = {
        "kind": product.kind,
        "category_id": product.category_id,
        "name": product.name,
        "subtitle": product.subtitle,
        "description": product.description,
        "position": product.position,
        "takes_number": "1" if product.takes_number else "",
        "gifts": "\n".join(map(_gift_line, showing.gifts)),
        "promises": "\n".join(showing.promises),
    }
    if product.plan is not None:
        found |= _plan_as_typed(Plan.from_json(product.plan))
    return {name: str(value) for name, value in found.items()}


def prices_typed() -> Prices:
    """The prices in the form. Raises BadForm."""
    typed = Typed(request.form)
    prices = _prices(typed)
    typed.require_sound()
    return prices


def sku_typed(*, is_priced: bool) -> SkuData:
    """The variant in the form; without `is_priced` the form says nothing of prices. Raises BadForm."""
    typed = Typed(request.form)
    name = typed.line("name", NAME_MAX, is_needed=True)
    options = _options(typed)
    position = typed.whole("position", low=0, high=POSITION_MAX)
    prices = _prices(typed) if is_priced else Prices(0, 0, None)
    typed.require_sound()
    return SkuData(
        name, prices.price_fen, prices.prepaid_fen, prices.market_price_fen, options, position
    )


def sku_as_typed(sku: Sku) -> dict[str, str]:
    """A variant as it would have been typed."""
    market = sku.market_price_fen
    return {
        "name": sku.name,
        "options": "\n".join(f"{name}={value}" for name, value in sku.options.items()),
        "position": str(sku.position),
        "price": _plain(sku.price_fen),
        "prepaid": _plain(sku.prepaid_fen),
        "market_price": "" if market is None else _plain(market),
    }


def parts_typed() -> list[Part]:
    """What a bundle is to be made of. Raises BadForm."""
    typed = Typed(request.form)
    found = [
        Part(number, typed.whole(f"quantity-{row}", low=1, high=9, usual=1))
        for row in PARTS
        if (number := typed.line(f"part-{row}", 32))
    ]
    typed.require_sound()
    return found


def _prices(typed: Typed) -> Prices:
    price = typed.fen("price", is_needed=True)
    return Prices(price or 0, typed.fen("prepaid") or 0, typed.fen("market_price"))


def _plan(typed: Typed) -> dict[str, Any]:
    fee = typed.fen("monthly_fee_fen", is_needed=True) or 0
    if fee > FEE_MAX_FEN:
        typed.faults["monthly_fee_fen"] = f"不超过 {FEE_MAX_FEN // 100} 元"
    regions = typed.rows("regions", REGIONS_MAX, longest=REGION_LENGTH)
    terms = Eligibility(
        **{name: typed.is_ticked(name) for name in _TICKS},
        regions=tuple(dict.fromkeys(regions)),
        age_from=typed.maybe_whole("age_from", low=0, high=120),
        age_to=typed.maybe_whole("age_to", low=0, high=120),
    )
    if None not in (terms.age_from, terms.age_to) and (terms.age_from or 0) > (terms.age_to or 0):
        typed.faults["age_to"] = "不能小于最小年龄"
    numbers = {name: typed.whole(name, low=0, high=high) for name, high in _PLAN_NUMBERS.items()}
    return Plan(monthly_fee_fen=min(fee, FEE_MAX_FEN), eligibility=terms, **numbers).as_json()


def _plan_as_typed(plan: Plan) -> dict[str, Any]:
    terms = plan.eligibility
    return {
        "monthly_fee_fen": _plain(plan.monthly_fee_fen),
        **{name: getattr(plan, name) for name in _PLAN_NUMBERS},
        **{name: "1" if getattr(terms, name) else "" for name in _TICKS},
        "regions": "\n".join(terms.regions),
        "age_from": "" if terms.age_from is None else terms.age_from,
        "age_to": "" if terms.age_to is None else terms.age_to,
    }


def _gifts(typed: Typed) -> list[Gift]:
    """One gift a line: `钢化膜`, `钢化膜*2`, `钢化膜*1=29.00` with what it is worth."""
    found = []
    for line in typed.rows("gifts", GIFTS_MAX, longest=LINE_MAX + 20):
        named, _, worth = line.partition("=")
        name, _, count = named.partition("*")
        try:
            is_whole = count.strip().isascii() and count.strip().isdigit()
            quantity = int(count) if is_whole else 1 if not count.strip() else 0
            found.append(
                Gift(name.strip(), quantity, fen_from_yuan(worth.strip()) if worth else None)
            )
        except (ValueError, AppError):
            typed.faults["gifts"] = f"“{line}”应为 名称*数量=价值，如 钢化膜*1=29.00"
    return found


def _gift_line(gift: Gift) -> str:
    worth = "" if gift.worth_fen is None else f"={_plain(gift.worth_fen)}"
    return f"{gift.name}*{gift.quantity}{worth}"


def _options(typed: Typed) -> dict[str, str]:
    """One option a line: `颜色=曜石黑`."""
    found = {}
    for line in typed.rows("options", OPTIONS_MAX, longest=2 * OPTION_LENGTH + 1):
        name, sign, value = (part.strip() for part in line.partition("="))
        if not sign or not 0 < len(name) <= OPTION_LENGTH or not 0 < len(value) <= OPTION_LENGTH:
            typed.faults["options"] = f"“{line}”应为 名称=值，如 颜色=曜石黑"
        found[name] = value
    return found


def _plain(amount_fen: int) -> str:
    """An amount as a field takes it, without the commas people read by."""
    return yuan(amount_fen).replace(",", "")
