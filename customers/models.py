"""Rows of the rep's notebook: a card per customer, notes, and the page a person saw last.

They hang on identities, as touches do: a customer need not have joined.
"""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend.db import Instant, Model, id_column


class CustomerCard(Model):
    """What one rep keeps about one customer: his own remark, sealed, and when to see him next."""

    __tablename__ = "customer_card"
    __table_args__ = (
        UniqueConstraint("rep_id", "identity_id"),
        Index("ix_customer_card_identity", "identity_id"),
        Index("ix_customer_card_visit", "rep_id", "visit_on"),
    )

    id: Mapped[int] = id_column()
    rep_id: Mapped[int] = mapped_column(ForeignKey("rep.id"))
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))
    remark: Mapped[bytes | None] = mapped_column(LargeBinary)
    visit_on: Mapped[date | None] = mapped_column(Date)
    changed_at: Mapped[datetime] = mapped_column(Instant)


class CustomerNote(Model):
    """One note of a rep about a customer, sealed; `client_key` makes a form sent twice one note."""

    __tablename__ = "customer_note"
    __table_args__ = (
        UniqueConstraint("rep_id", "client_key"),
        Index("ix_customer_note_identity", "identity_id", "rep_id"),
    )

    id: Mapped[int] = id_column()
    rep_id: Mapped[int] = mapped_column(ForeignKey("rep.id"))
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))
    client_key: Mapped[str] = mapped_column(String(32))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    noted_at: Mapped[datetime] = mapped_column(Instant)


class PageSeen(Model):
    """The page of the mall an identity looked at last: what a share of it would show."""

    __tablename__ = "page_seen"

    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"), primary_key=True)
    subject: Mapped[str] = mapped_column(String(12))
    subject_key: Mapped[str] = mapped_column(String(32))
    seen_at: Mapped[datetime] = mapped_column(Instant)
