"""Rows about people who cannot get at the WeChat their orders are of."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend.db import Instant, Model, id_column


class ClaimVerdict(StrEnum):
    """What a second person said, or that whoever asked took it back before."""

    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class ClaimKind(StrEnum):
    """A WeChat is lost; or one that was reported lost is found, or was reported by mistake."""

    LOST = "lost"
    FOUND = "found"
    WRONG = "wrong"


class MemberClaim(Model):
    """Staff say that `new` is the person `old` is, whose WeChat is lost: what for, why, and who agreed.

    Or that what came of such a claim (`lifts_id`) shall stand no more: the old WeChat is let in again,
    and, where the claim was wrong, the new one is somebody else.
    `order_number` is the order that was shown; whose order it is decides which staff see the claim.
    What was written about him (`reason`, `note`) goes with him, and so is not in the trail.
    """

    __tablename__ = "member_claim"
    __table_args__ = (
        CheckConstraint("old_id <> new_id", name="two"),
        CheckConstraint("(kind = 'lost') = (lifts_id IS NULL)", name="lifts"),
        CheckConstraint("(decided_by = asked_by) = (verdict = 'withdrawn')", name="second_person"),
        CheckConstraint(
            "(decided_at IS NULL) = (verdict IS NULL) AND (decided_by IS NULL) = (verdict IS NULL)",
            name="decided",
        ),
        Index(
            "ix_member_claim_open",
            "old_id",
            unique=True,
            sqlite_where=text("verdict IS NULL"),
            postgresql_where=text("verdict IS NULL"),
        ),
        Index("ix_member_claim_order", "order_number"),
    )
    __audited__: ClassVar = ("kind", "order_number", "old_id", "new_id", "lifts_id", "verdict")

    id: Mapped[int] = id_column()
    kind: Mapped[str] = mapped_column(String(8), default=ClaimKind.LOST, server_default="lost")
    lifts_id: Mapped[int | None] = mapped_column(ForeignKey("member_claim.id"))
    order_number: Mapped[str] = mapped_column(String(32))
    old_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    new_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    reason: Mapped[str] = mapped_column(String(200))
    asked_by: Mapped[str] = mapped_column(String(40))
    asked_at: Mapped[datetime] = mapped_column(Instant)
    verdict: Mapped[str | None] = mapped_column(String(10))
    note: Mapped[str] = mapped_column(String(200), default="", server_default="")
    decided_by: Mapped[str | None] = mapped_column(String(40))
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
