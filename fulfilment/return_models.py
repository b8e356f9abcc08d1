"""Rows of what customers ask to give back."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend.db import Instant, Model, id_column

_STANDING = "status IN ('asked', 'agreed')"


class RequestStatus(StrEnum):
    """What became of a request; `agreed` lets the goods come, money goes back once they are here."""

    ASKED = "asked"
    AGREED = "agreed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class ReturnRequest(Model):
    """A customer asks to give back a line that reached him in one round; one stands at a time.

    `answer` is what he was told when it was declined.
    """

    __tablename__ = "return_request"
    __table_args__ = (
        UniqueConstraint("chain_id", "key"),
        Index(
            "uq_return_request_standing",
            "chain_id",
            "round",
            unique=True,
            sqlite_where=text(_STANDING),
            postgresql_where=text(_STANDING),
        ),
        Index("ix_return_request_status", "status", "asked_at"),
        CheckConstraint(
            "(status = 'asked') = (decided_by IS NULL)"
            " AND (decided_by IS NULL) = (decided_at IS NULL)",
            name="decided",
        ),
    )
    __audited__: ClassVar = ("chain_id", "reason", "status", "answer")

    id: Mapped[int] = id_column()
    chain_id: Mapped[int] = mapped_column(ForeignKey("fulfilment_chain.id"))
    round: Mapped[int]
    key: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(80))
    status: Mapped[str] = mapped_column(String(10), default=RequestStatus.ASKED)
    asked_by: Mapped[str] = mapped_column(String(40))
    asked_at: Mapped[datetime] = mapped_column(Instant)
    decided_by: Mapped[str | None] = mapped_column(String(40))
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    answer: Mapped[str] = mapped_column(String(80), default="")
