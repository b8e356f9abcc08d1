"""Verbs on prices of what is on the shelves: a large change is asked for, and another person decides.

How large a change is counts from the price somebody else last agreed to, so that many small steps
are one large one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from catalog.launch import (
    AlreadyAsked,
    SamePerson,
    approvals_of,
    record_event,
    require_undecided,
)
from catalog.launch_models import PriceProposal, ProductEvent, Verdict
from catalog.models import Sku
from catalog.operations import check_prices, price_sku
from wx_backend.db import db, locked
from wx_backend.errors import Conflict, NotFound, NotTheAsker


class PriceMoved(Conflict):
    """The price is not what it was when the change was asked for."""

    code, message = "price_moved", "价格已被修改，请驳回后重新提出"


class PriceDecided(Conflict):
    code, message = "price_decided", "这个改价申请已经审批过或撤回"


@dataclass(frozen=True, slots=True)
class Prices:
    """What a variant costs, in fen."""

    price_fen: int
    prepaid_fen: int
    market_price_fen: int | None

    @classmethod
    def of(cls, priced: "Sku | PriceProposal") -> "Prices":
        """Those of a variant, or those asked for."""
        return cls(priced.price_fen, priced.prepaid_fen, priced.market_price_fen)

    def as_list(self) -> list[int | None]:
        """As they are kept on record."""
        return [self.price_fen, self.prepaid_fen, self.market_price_fen]


def set_or_ask(sku: Sku, prices: Prices, *, above_percent: int, actor: str, now: datetime) -> bool:
    """Set a variant's prices; True. Ask for them where the change is too large for one person; False.

    The caller holds the product's lock. Raises BadOffer, AlreadyAsked while one is decided on, and
    UnderApproval while somebody decides on the launch.
    """
    check_prices(prices.price_fen, prices.prepaid_fen, prices.market_price_fen)
    require_undecided(sku.product_id)
    if open_price(sku.id) is not None:
        raise AlreadyAsked("该规格已有待审批的改价")
    if not was_agreed_to(sku.product_id) or _is_small(sku, prices, above_percent):
        _set(sku, prices, actor=actor, now=now)
        return True
    db.session.add(
        PriceProposal(
            sku_id=sku.id,
            product_id=sku.product_id,
            from_fen=sku.price_fen,
            price_fen=prices.price_fen,
            prepaid_fen=prices.prepaid_fen,
            market_price_fen=prices.market_price_fen,
            asked_by=actor,
            asked_at=now,
        )
    )
    _note(sku, "price_asked", _change(sku, prices), actor=actor, now=now)
    return False


def decide_price(
    proposal_id: int, *, product_id: int, verdict: Verdict, note: str, actor: str, now: datetime
) -> None:
    """Another person agrees to a change of price, which sets it, or rejects it.

    The caller holds the product's lock. Raises NotFound, SamePerson, PriceDecided, PriceMoved, and
    UnderApproval where agreeing would change a launch somebody decides on.
    """
    asked = _undecided(proposal_id, product_id)
    if asked.asked_by == actor:
        raise SamePerson("不能审批自己提交的改价")
    sku = _decided(asked, verdict, note=note, actor=actor, now=now)
    if verdict is Verdict.REJECTED:
        change = _change(sku, Prices.of(asked))
        _note(sku, "price_rejected", {**change, "note": note}, actor=actor, now=now)
        return
    require_undecided(product_id)
    if sku.price_fen != asked.from_fen:
        raise PriceMoved
    _set(sku, Prices.of(asked), actor=actor, now=now, asked_by=asked.asked_by)


def withdraw_price(proposal_id: int, *, product_id: int, actor: str, now: datetime) -> None:
    """Whoever asked for a change of price takes it back: the next one may be asked for.

    The caller holds the product's lock. Raises NotFound, NotTheAsker, PriceDecided.
    """
    asked = _undecided(proposal_id, product_id)
    if asked.asked_by != actor:
        raise NotTheAsker
    sku = _decided(asked, Verdict.WITHDRAWN, actor=actor, now=now)
    _note(sku, "price_withdrawn", _change(sku, Prices.of(asked)), actor=actor, now=now)


def was_agreed_to(product_id: int) -> bool:
    """Whether a second person ever let the product go on sale: until then he sees the prices anyway.

    A rejection since then changes nothing about it.
    """
    return any(each.verdict == Verdict.APPROVED for each in approvals_of(product_id))


def require_anothers(sku: Sku, actor: str) -> None:
    """Raises SamePerson while nobody but this person has seen the price of a variant.

    For one that was added to what was agreed to, until somebody else offers it.
    """
    if not was_agreed_to(sku.product_id):
        return
    events = db.session.scalars(
        select(ProductEvent)
        .where(
            ProductEvent.product_id == sku.product_id,
            ProductEvent.what.in_(("sku_added", "priced", "sku_offered", Verdict.APPROVED)),
        )
        .order_by(ProductEvent.id.desc())
    )
    set_by = None
    for event in events:
        if event.what == Verdict.APPROVED:
            return
        if event.details.get("sku") != sku.number:
            continue
        if event.what == "sku_offered" or event.details.get("asked_by"):
            return
        set_by = set_by or event.actor
        if event.what == "sku_added" and set_by == actor:
            raise SamePerson("新规格的价格须由另一位同事确认，请他恢复销售")


def open_price(sku_id: int) -> PriceProposal | None:
    """The change of a variant's price that nobody has decided on yet."""
    return db.session.scalar(
        select(PriceProposal).where(PriceProposal.sku_id == sku_id, PriceProposal.verdict.is_(None))
    )


def prices_waiting() -> Sequence[PriceProposal]:
    """Every change that nobody has decided on yet, the oldest first."""
    query = select(PriceProposal).where(PriceProposal.verdict.is_(None))
    return db.session.scalars(query.order_by(PriceProposal.id)).all()


def open_prices(product_id: int) -> Sequence[PriceProposal]:
    """Those of all variants of a product."""
    return db.session.scalars(
        select(PriceProposal)
        .where(PriceProposal.product_id == product_id, PriceProposal.verdict.is_(None))
        .order_by(PriceProposal.id)
    ).all()


def _undecided(proposal_id: int, product_id: int) -> PriceProposal:
    """A change that waits, locked. Raises NotFound, PriceDecided."""
    asked = locked(
        select(PriceProposal).where(
            PriceProposal.id == proposal_id, PriceProposal.product_id == product_id
        )
    )
    if asked is None:
        raise NotFound("没有待审批的改价")
    if asked.verdict is not None:
        raise PriceDecided
    return asked


def _decided(
    asked: PriceProposal, verdict: Verdict, *, note: str = "", actor: str, now: datetime
) -> Sku:
    """Note what became of it; the variant it is about, read freshly."""
    asked.verdict, asked.note = verdict, note
    asked.decided_by, asked.decided_at = actor, now
    return db.session.get_one(Sku, asked.sku_id, populate_existing=True)


def _set(
    sku: Sku, prices: Prices, *, actor: str, now: datetime, asked_by: str | None = None
) -> None:
    change = _change(sku, prices)
    price_sku(
        sku_id=sku.id,
        price_fen=prices.price_fen,
        prepaid_fen=prices.prepaid_fen,
        market_price_fen=prices.market_price_fen,
    )
    if asked_by is not None:
        change["asked_by"] = asked_by
    _note(sku, "priced", change, actor=actor, now=now)


def _is_small(sku: Sku, prices: Prices, above_percent: int) -> bool:
    """Whether one person may change so much, counted from what was last agreed to."""
    agreed_price, agreed_prepaid = _agreed(sku)
    change = max(abs(prices.price_fen - agreed_price), abs(prices.prepaid_fen - agreed_prepaid))
    return change * 100 <= agreed_price * above_percent


def _agreed(sku: Sku) -> tuple[int, int]:
    """Price and prepaid fees of a variant as another person last agreed to them."""
    found = (sku.price_fen, sku.prepaid_fen)
    events = db.session.scalars(
        select(ProductEvent)
        .where(
            ProductEvent.product_id == sku.product_id,
            ProductEvent.what.in_(("priced", Verdict.APPROVED)),
        )
        .order_by(ProductEvent.id.desc())
    )
    for event in events:
        if event.what == Verdict.APPROVED:
            return found
        if event.details["sku"] == sku.number:
            if event.details.get("asked_by"):
                return found
            found = (event.details["from_fen"][0], event.details["from_fen"][1])
    return found


def _change(sku: Sku, after: Prices) -> dict[str, Any]:
    """What is kept on record of a change from a variant's prices of this moment."""
    return {"sku": sku.number, "from_fen": Prices.of(sku).as_list(), "to_fen": after.as_list()}


def _note(sku: Sku, what: str, change: Mapping[str, Any], *, actor: str, now: datetime) -> None:
    record_event(product_id=sku.product_id, what=what, details=change, actor=actor, now=now)
