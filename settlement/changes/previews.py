"""Verbs of previews: begin one, add its lines."""

from datetime import date, datetime

from sqlalchemy import select

from settlement.changes.models import PreviewLine, RatePreview
from wx_backend.db import db, locked


def begin_preview(
    *, proposal_id: int, span: tuple[date, date], lines: int, staff_id: int, now: datetime
) -> int:
    """A preview of a span of days, both included, of which nothing is counted yet; its id."""
    preview = RatePreview(
        proposal_id=proposal_id,
        first_on=span[0],
        last_on=span[1],
        asked_by=staff_id,
        asked_at=now,
        lines=lines,
        lines_done=0,
        state={},
    )
    db.session.add(preview)
    db.session.flush()
    return preview.id


def preview_under_lock(preview_id: int) -> RatePreview | None:
    """A preview, locked while a batch of it is counted."""
    return locked(select(RatePreview).where(RatePreview.id == preview_id))


def add_line(
    *,
    preview_id: int,
    order_line_id: int,
    places: tuple[int | None, int | None],
    rep_id: int | None,
    costs: tuple[int, int],
) -> None:
    """What a line costs before and after, in fen; `places` are its outlet and city."""
    db.session.add(
        PreviewLine(
            preview_id=preview_id,
            order_line_id=order_line_id,
            rep_id=rep_id,
            outlet_id=places[0],
            city_id=places[1],
            before_fen=costs[0],
            after_fen=costs[1],
        )
    )
