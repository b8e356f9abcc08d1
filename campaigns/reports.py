"""Reports of campaigns as they were counted last: looking at one counts nothing."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend.db import Instant, Model, db, upsert_all


class KeptReport(Model):
    """What was counted of a campaign last, and when counting was begun last.

    `content` is None until the first count is over.
    """

    __tablename__ = "campaign_report"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(Instant)
    counted_at: Mapped[datetime | None] = mapped_column(Instant)
    content: Mapped[dict[str, Any] | None] = mapped_column(JSON)


def kept_report(campaign_id: int) -> KeptReport | None:
    """What is known of a campaign's report."""
    return db.session.get(KeptReport, campaign_id, populate_existing=True)


def begin_count(campaign_id: int, *, unless_since: datetime, now: datetime) -> bool:
    """Whether to count it now: of many who look at once one does, and nobody since an instant did."""
    upsert_all(
        KeptReport,
        [{"campaign_id": campaign_id, "asked_at": now}],
        key=("campaign_id",),
        change=lambda _, new: {"asked_at": new.asked_at},
        where=lambda old, _: old.asked_at <= unless_since,
    )
    kept = kept_report(campaign_id)
    return kept is not None and kept.asked_at == now


def keep_report(campaign_id: int, content: dict[str, Any], *, now: datetime) -> None:
    """What was counted."""
    kept = kept_report(campaign_id)
    if kept is not None:
        kept.content, kept.counted_at = content, now
