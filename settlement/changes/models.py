"""Rows of change: proposals and their previews, outlet managers, and who bears what a rep owes."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend.db import Instant, Model, id_column


class Subject(StrEnum):
    """What a proposal changes."""

    RATE = "rate"
    RATE_END = "rate_end"
    VESTING = "vesting"
    MANAGER = "manager"
    BEARER = "bearer"


class ProposalStatus(StrEnum):
    """What a second person said, or that whoever proposed it took it back before."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Bearer(StrEnum):
    """Who bears what a rep still owes when he leaves."""

    OUTLET = "outlet"
    COMPANY = "company"


class RateProposal(Model):
    """A change somebody wants; in force once somebody else has approved it, never before.

    `content` is what the subject needs. `effective_on` is when it really began: the day that was
    wished for, but not before the day after the approval.
    """

    __tablename__ = "rate_proposal"
    __table_args__ = (
        CheckConstraint(
            "(decided_by = proposed_by) = (status = 'withdrawn')", name="second_person"
        ),
        CheckConstraint(
            "(status = 'proposed') = (decided_by IS NULL)"
            " AND (decided_by IS NULL) = (decided_at IS NULL)",
            name="decided",
        ),
        Index("ix_rate_proposal_status", "status", "id"),
    )
    __audited__: ClassVar = ("subject", "valid_from", "reason", "status", "effective_on")

    id: Mapped[int] = id_column()
    subject: Mapped[str] = mapped_column(String(10))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    valid_from: Mapped[date] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(10), default=ProposalStatus.PROPOSED)
    proposed_by: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    proposed_at: Mapped[datetime] = mapped_column(Instant)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    note: Mapped[str] = mapped_column(String(200), default="")
    effective_on: Mapped[date | None] = mapped_column(Date)


class RatePreview(Model):
    """What a span of days would have cost under a proposal; counted line by line in the background.

    `state` is where the count stands: the last line and the volumes so far. Both days included.
    """

    __tablename__ = "rate_preview"
    __table_args__ = (CheckConstraint("last_on >= first_on", name="span"),)

    id: Mapped[int] = id_column()
    proposal_id: Mapped[int] = mapped_column(ForeignKey("rate_proposal.id"), index=True)
    first_on: Mapped[date] = mapped_column(Date)
    last_on: Mapped[date] = mapped_column(Date)
    asked_by: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    asked_at: Mapped[datetime] = mapped_column(Instant)
    lines: Mapped[int]
    lines_done: Mapped[int] = mapped_column(default=0)
    state: Mapped[dict[str, Any]] = mapped_column(JSON)
    done_at: Mapped[datetime | None] = mapped_column(Instant)


class PreviewLine(Model):
    """One paid line in a preview: what it costs by today's rules and by the proposal, in fen."""

    __tablename__ = "preview_line"
    __table_args__ = (UniqueConstraint("preview_id", "order_line_id"),)

    id: Mapped[int] = id_column()
    preview_id: Mapped[int] = mapped_column(ForeignKey("rate_preview.id"))
    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_line.id"))
    rep_id: Mapped[int | None] = mapped_column(ForeignKey("rep.id"))
    outlet_id: Mapped[int | None] = mapped_column(ForeignKey("org_node.id"))
    city_id: Mapped[int | None] = mapped_column(ForeignKey("org_node.id"))
    before_fen: Mapped[int] = mapped_column(BigInteger)
    after_fen: Mapped[int] = mapped_column(BigInteger)


class OutletManager(Model):
    """Who has the manager's part of an outlet's lines from a day on; nobody where no rep is named."""

    __tablename__ = "outlet_manager"
    __table_args__ = (UniqueConstraint("outlet_id", "valid_from"),)
    __audited__: ClassVar = ("outlet_id", "rep_id", "valid_from")

    id: Mapped[int] = id_column()
    outlet_id: Mapped[int] = mapped_column(ForeignKey("org_node.id"))
    rep_id: Mapped[int | None] = mapped_column(ForeignKey("rep.id"))
    valid_from: Mapped[date] = mapped_column(Date)


class BearerRule(Model):
    """Who bears the debt of reps who leave, from a day on; the newest rule holds."""

    __tablename__ = "bearer_rule"
    __table_args__ = (UniqueConstraint("valid_from"),)
    __audited__: ClassVar = ("bearer", "valid_from")

    id: Mapped[int] = id_column()
    bearer: Mapped[str] = mapped_column(String(10))
    valid_from: Mapped[date] = mapped_column(Date)
