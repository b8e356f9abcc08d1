"""Whether a buyer may have the plans he chose; said on the product page, decided at checkout."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from catalog.models import ProductKind
from catalog.offers import Offer
from catalog.rules import Circumstances, refusals
from members.models import Member
from members.queries import member_ids_of
from orders.purchases import purchases_of
from org.models import OrgNode, Tier
from org.queries import ancestors, node_of
from wx_backend.db import locked
from wx_backend.errors import Conflict


class NotEligible(Conflict):
    """The buyer may not have a plan; the message says why, `details.sku` which."""

    code, message = "not_eligible", "您不符合该套餐的办理条件"


@dataclass(frozen=True, slots=True)
class Chosen:
    """One offer and how many of it."""

    offer: Offer
    quantity: int


def require_eligible(
    chosen: Sequence[Chosen], *, member_id: int, client_key: str, places: Sequence[str]
) -> None:
    """Raises NotEligible with the first reason.

    The member is locked, so that two orders at once cannot both be his first.
    """
    plans = [
        (each, piece) for each in chosen for piece in each.offer.pieces if piece.plan is not None
    ]
    if not plans:
        return
    locked(select(Member).where(Member.id == member_id))
    before = purchases_of(member_ids_of(member_id), but_client_key=client_key)
    kinds = {piece.kind for each in chosen for piece in each.offer.pieces}
    quantities: dict[int, int] = {}
    for each, piece in plans:
        quantities[piece.product_id] = quantities.get(piece.product_id, 0) + each.quantity
    for each, piece in plans:
        assert piece.plan is not None  # noqa: S101 - chosen so
        buyer = Circumstances(
            has_plan=bool(before.plans),
            has_this=piece.product_id in before.products,
            has_goods=ProductKind.GOODS in kinds,
            quantity=quantities[piece.product_id],
            places=places,
        )
        if reasons := refusals(piece.plan.eligibility, buyer):
            raise NotEligible(reasons[0], sku=each.offer.sku_number)


def places_of(outlet_id: int) -> list[str]:
    """The names by which we know where an outlet is: its city's and its province's."""
    above = ancestors(outlet_id)
    found = [node_of(above[tier]) for tier in (Tier.CITY, Tier.PROVINCE) if tier in above]
    return [name for node in found for name in _names(node)]


def _names(node: OrgNode) -> tuple[str, ...]:
    return (node.name, node.code)
