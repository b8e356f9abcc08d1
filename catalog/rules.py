"""Pure rules of what is sold: who may buy a plan, what a bundle saves and how that is split."""

from collections.abc import Sequence
from dataclasses import dataclass

from catalog.plans import Eligibility
from wx_backend import money


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What is known of a buyer when he asks for a plan.

    `places` are names by which we know where he is: of his address, or of his outlet's city.
    """

    has_plan: bool = False
    has_this: bool = False
    has_goods: bool = False
    quantity: int = 1
    places: Sequence[str] = ()


def conditions(terms: Eligibility) -> list[str]:
    """What the product page says beforehand, one sentence each."""
    said = []
    if terms.new_customers:
        said.append("仅限新用户办理")
    if terms.one_per_person:
        said.append("每人限办一份")
    if terms.with_phone:
        said.append("须与手机等商品一同购买")
    if terms.regions:
        said.append(f"仅限{'、'.join(terms.regions)}用户办理")
    if ages := _ages(terms):
        said.append(f"适用{ages}用户，实名认证时核验")
    return said


def refusals(terms: Eligibility, buyer: Circumstances) -> list[str]:
    """Why this buyer may not have the plan; empty when he may. Ages are not ours to judge."""
    said = []
    if terms.new_customers and buyer.has_plan:
        said.append("该套餐仅限新用户办理，您已有在用或办理中的套餐")
    if terms.one_per_person and buyer.has_this:
        said.append("该套餐每人限办一份，您已办理过")
    if terms.one_per_person and buyer.quantity > 1:
        said.append("该套餐每人限办一份，请将数量改为 1")
    if terms.with_phone and not buyer.has_goods:
        said.append("该套餐须与手机等商品一同购买")
    if not is_for(terms, buyer.places):
        said.append(f"该套餐仅限{'、'.join(terms.regions)}用户办理")
    return said


def is_for(terms: Eligibility, places: Sequence[str]) -> bool:
    """Whether a plan is for people of a place, by any of its names; of every place without regions."""
    found = [region for region in terms.regions for place in places if region in place]
    return bool(found) or not terms.regions


def _ages(terms: Eligibility) -> str:
    if terms.age_from is not None and terms.age_to is not None:
        return f"{terms.age_from} 至 {terms.age_to} 岁"
    if terms.age_from is not None:
        return f"{terms.age_from} 岁及以上"
    return f"{terms.age_to} 岁及以下" if terms.age_to is not None else ""


@dataclass(frozen=True, slots=True)
class Priced:
    """One part of a bundle at its own price, for all pieces of it; prepaid fees are never discounted."""

    list_fen: int
    prepaid_fen: int


def bundle_discounts(price_fen: int, parts: Sequence[Priced]) -> list[int] | None:
    """How much cheaper each part is in the bundle, so that all of them cost `price_fen` exactly.

    None for a price that cannot be: above the parts' own, or below their prepaid fees.
    """
    saved_fen = sum(part.list_fen for part in parts) - price_fen
    weights = [part.list_fen - part.prepaid_fen for part in parts]
    if saved_fen < 0 or saved_fen > sum(weights):
        return None
    return money.split(saved_fen, weights) if saved_fen else [0] * len(parts)
