"""Lines that were refunded soon after their commission had become free."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select

from settlement.models import Accrual, Commission, ShareRole, TakeBack
from wx_backend.db import db
from wx_backend.sql import later


class EarlyRefund(NamedTuple):
    """A refund of a line: what the buyer got back, after the commission of a rep became free."""

    rep_id: int
    take_back_id: int
    order_line_id: int
    refunded_fen: int
    vested_at: datetime
    at: datetime


def early_refunds(*, since: datetime, within: timedelta) -> list[EarlyRefund]:
    """The refunds since an instant that came so soon after the commission of a selling rep was free."""
    return _found(
        _of_sellers().where(
            Commission.vested_at >= since - within,
            TakeBack.taken_back_at >= since,
            TakeBack.taken_back_at >= Commission.vested_at,
            TakeBack.taken_back_at <= later(Commission.vested_at, within),
        )
    )


def refunds_by_id(take_back_ids: Collection[int], rep_id: int) -> dict[int, EarlyRefund]:
    """Some refunds as they touch one rep, by id."""
    query = _of_sellers().where(TakeBack.id.in_(take_back_ids), Commission.rep_id == rep_id)
    return {each.take_back_id: each for each in _found(query)}


def _of_sellers() -> Select[*tuple[Any, ...]]:
    """A rep's parts for managing an outlet are not sales of his."""
    return (
        select(
            Commission.rep_id,
            TakeBack.id,
            TakeBack.order_line_id,
            TakeBack.refunded_fen,
            func.max(Commission.vested_at),
            TakeBack.taken_back_at,
        )
        .join(Accrual, Accrual.id == Commission.accrual_id)
        .join(TakeBack, TakeBack.order_line_id == Accrual.order_line_id)
        .where(
            Commission.rep_id.is_not(None),
            Commission.role.in_((ShareRole.DEVELOPER, ShareRole.ACCEPTOR)),
            Commission.vested_at.is_not(None),
        )
    )


def _found(query: Select[*tuple[Any, ...]]) -> list[EarlyRefund]:
    grouped = query.group_by(
        Commission.rep_id,
        TakeBack.id,
        TakeBack.order_line_id,
        TakeBack.refunded_fen,
        TakeBack.taken_back_at,
    )
    rows = db.session.execute(grouped.order_by(TakeBack.taken_back_at, TakeBack.id))
    return [EarlyRefund(*row) for row in rows]
