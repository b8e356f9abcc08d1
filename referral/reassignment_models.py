"""Rows of reassignment: whose the credit of a line becomes after a dispute, said by two persons."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Final

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend.db import Instant, Model, id_column

_WAITING: Final = text("verdict IS NULL")
_APPROVED: Final = text("verdict = 'approved'")


class ReassignmentVerdict(StrEnum):
    """What a second person said, or that whoever asked took it back before."""

    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class Reassignment(Model):
    """A dispute is upheld: the developer's credit of a line goes from one rep to another, and why.

    It stands beside the attribution, which stays as it was decided, and is never changed once somebody
    has decided on it. `moved_fen` is the commission that went along.
    """

    __tablename__ = "reassignment"
    __table_args__ = (
        CheckConstraint("from_rep_id <> to_rep_id", name="two"),
        CheckConstraint("(decided_by = asked_by) = (verdict = 'withdrawn')", name="second_person"),
        CheckConstraint(
            "(decided_at IS NULL) = (verdict IS NULL) AND (decided_by IS NULL) = (verdict IS NULL)",
            name="decided",
        ),
        CheckConstraint(
            "(moved_fen IS NULL) = (verdict IS NULL OR verdict <> 'approved')", name="moved"
        ),
        Index(
            "ix_reassignment_waiting",
            "order_line_id",
            unique=True,
            sqlite_where=_WAITING,
            postgresql_where=_WAITING,
        ),
        Index(
            "ix_reassignment_approved",
            "dispute_id",
            unique=True,
            sqlite_where=_APPROVED,
            postgresql_where=_APPROVED,
        ),
        Index("ix_reassignment_line", "order_line_id"),
        Index("ix_reassignment_dispute", "dispute_id"),
        Index("ix_reassignment_from", "from_rep_id", "decided_at"),
        Index("ix_reassignment_to", "to_rep_id", "decided_at"),
    )
    __audited__: ClassVar = (
        "dispute_id",
        "order_line_id",
        "from_rep_id",
        "to_rep_id",
        "reason",
        "verdict",
        "note",
        "moved_fen",
    )

    id: Mapped[int] = id_column()
    dispute_id: Mapped[int] = mapped_column(ForeignKey("dispute.id"))
    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_line.id"))
    from_rep_id: Mapped[int] = mapped_column(ForeignKey("rep.id"))
    to_rep_id: Mapped[int] = mapped_column(ForeignKey("rep.id"))
    reason: Mapped[str] = mapped_column(String(200))
    asked_by: Mapped[str] = mapped_column(String(40))
    asked_at: Mapped[datetime] = mapped_column(Instant)
    verdict: Mapped[str | None] = mapped_column(String(10))
    note: Mapped[str] = mapped_column(String(200), default="", server_default="")
    decided_by: Mapped[str | None] = mapped_column(String(40))
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    moved_fen: Mapped[int | None] = mapped_column(BigInteger)
