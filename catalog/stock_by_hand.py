"""Verbs on stock by the hand of staff: what was delivered, and what was counted; each form once.

The one conditional UPDATE is that of `catalog.stock`, so that no correction takes promised units.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from catalog.models import DEFAULT_PLACE, MoveKind, Stock, StockMove
from catalog.stock import change_units
from wx_backend.db import db, upsert
from wx_backend.errors import Conflict


class StockTooLow(Conflict):
    """A correction would leave less than what is already promised."""

    code, message = "stock_too_low", "调整后的库存少于已预留数量"


class FormUsed(Conflict):
    """The same form was sent before and said another number then."""

    code, message = "form_used", "该表单已提交过，请刷新页面后重新填写"


@dataclass(frozen=True, slots=True)
class Form:
    """What tells a form sent twice from two forms, and why it was sent."""

    key: str
    reason: str = ""


def receive_stock(
    *,
    sku_id: int,
    quantity: int,
    actor: str,
    now: datetime,
    form: Form | None = None,
    place_id: int = DEFAULT_PLACE,
) -> int:
    """Add delivered units and return the stock row's id; the first delivery makes the row.

    Once per form, where there is one; FormUsed for another quantity under the same.
    """
    if quantity <= 0:
        raise ValueError("a delivery has at least one unit")
    upsert(
        Stock,
        {"sku_id": sku_id, "place_id": place_id, "on_hand": 0, "reserved": 0},
        key=("sku_id", "place_id"),
    )
    stock_id = _stock_id(sku_id, place_id)
    assert stock_id is not None  # noqa: S101 - made above at the latest
    _change_by_hand(stock_id, MoveKind.RECEIVED, quantity, **_said(actor, now, form))
    return stock_id


def correct_stock(
    *, stock_id: int, change: int, actor: str, now: datetime, form: Form | None = None
) -> None:
    """Bring the books to what was counted; StockTooLow when units already promised would go.

    Once per form, where there is one; FormUsed for another change under the same.
    """
    if not _change_by_hand(stock_id, MoveKind.CORRECTED, change, **_said(actor, now, form)):
        raise StockTooLow


def _said(actor: str, now: datetime, form: Form | None) -> dict[str, Any]:
    return {
        "actor": actor,
        "moved_at": now,
        "form_key": form.key if form else None,
        "reason": form.reason if form else "",
    }


def _change_by_hand(stock_id: int, kind: MoveKind, on_hand: int, **history: Any) -> bool:
    """Change what lies there as a person says; his form sent again changes nothing more.

    The history row comes first: of two that arrive at once, the second waits for it.
    """
    key = {"stock_id": stock_id, "kind": kind, "form_key": history["form_key"]}
    row = {**key, **history, "on_hand_change": on_hand, "reserved_change": 0}
    if upsert(StockMove, row, key=tuple(key)):
        return change_units(stock_id, on_hand, 0)
    said = db.session.scalar(select(StockMove.on_hand_change).filter_by(**key))
    if said != on_hand:
        raise FormUsed
    return True


def _stock_id(sku_id: int, place_id: int) -> int | None:
    return db.session.scalar(
        select(Stock.id).where(Stock.sku_id == sku_id, Stock.place_id == place_id)
    )
