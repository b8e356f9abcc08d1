"""Rows of the policy being changed: what one person wrote, and what another said to it."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Final

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend.db import Instant, Model, id_column

_WAITING: Final = text("verdict IS NULL")
_APPROVED: Final = text("verdict = 'approved'")


class DraftVerdict(StrEnum):
    """What a second person said, or that whoever wrote it took it back before."""

    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class PolicyDraft(Model):
    """The attribution policy as somebody wants it from an instant on; never changed once decided on.

    `version` is the number it gets when it is agreed to. One of a number waits at a time.
    """

    __tablename__ = "policy_draft"
    __table_args__ = (
        CheckConstraint(
            "(decided_by = drafted_by) = (verdict = 'withdrawn')", name="second_person"
        ),
        CheckConstraint(
            "(decided_at IS NULL) = (verdict IS NULL) AND (decided_by IS NULL) = (verdict IS NULL)",
            name="decided",
        ),
        CheckConstraint(
            "verdict IS NULL OR verdict = 'withdrawn' OR note <> ''", name="with_a_reason"
        ),
        Index(
            "ix_policy_draft_waiting",
            "version",
            unique=True,
            sqlite_where=_WAITING,
            postgresql_where=_WAITING,
        ),
        Index(
            "ix_policy_draft_approved",
            "version",
            unique=True,
            sqlite_where=_APPROVED,
            postgresql_where=_APPROVED,
        ),
    )
    __audited__: ClassVar = ("version", "valid_from", "reason", "verdict", "note")

    id: Mapped[int] = id_column()
    version: Mapped[int]
    settings: Mapped[dict[str, Any]] = mapped_column(JSON)
    valid_from: Mapped[datetime] = mapped_column(Instant)
    reason: Mapped[str] = mapped_column(String(200))
    drafted_by: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    drafted_at: Mapped[datetime] = mapped_column(Instant)
    verdict: Mapped[str | None] = mapped_column(String(10))
    note: Mapped[str] = mapped_column(String(200), default="", server_default="")
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
