"""Rows of a product's launch: the check-list, its approvals, and who did what to the product."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend.db import Instant, Model, id_column


class LaunchStep(StrEnum):
    """What has to be done before a product goes on sale, in this order."""

    PLAN = "plan"
    RESOURCES = "resources"
    TRAINING = "training"
    LISTING = "listing"


class Verdict(StrEnum):
    """What a second person said, or that whoever asked took it back before."""

    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


_BY_WHOM = "(decided_by = asked_by) = (verdict = 'withdrawn')"
"""Another person decides; whoever asked takes it back."""


class LaunchItem(Model):
    """One item of a product's check-list: who cares for it, what was done, by whom.

    `content` holds what the item asks for (see `catalog.launch_rules`); `evidence` says where
    the proof of it is. The listing itself is not ticked here but approved.
    """

    __tablename__ = "launch_item"
    __table_args__ = (
        UniqueConstraint("product_id", "step"),
        CheckConstraint("step <> 'listing'", name="ticked"),
        CheckConstraint("(done_at IS NULL) = (done_by IS NULL)", name="done"),
    )
    __audited__: ClassVar = ("product_id", "step", "owner")

    id: Mapped[int] = id_column()
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    step: Mapped[str] = mapped_column(String(12))
    owner: Mapped[str] = mapped_column(String(40))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    evidence: Mapped[str] = mapped_column(Text)
    done_by: Mapped[str | None] = mapped_column(String(40))
    done_at: Mapped[datetime | None] = mapped_column(Instant)


class LaunchApproval(Model):
    """Somebody asks that a product go on sale from an instant to another; another one decides."""

    __tablename__ = "launch_approval"
    __table_args__ = (
        CheckConstraint(_BY_WHOM, name="second_person"),
        CheckConstraint("(decided_at IS NULL) = (verdict IS NULL)", name="decided"),
        CheckConstraint("(decided_by IS NULL) = (verdict IS NULL)", name="decided_by"),
        CheckConstraint("on_sale_until > on_sale_from", name="schedule"),
        Index(
            "ix_launch_approval_open",
            "product_id",
            unique=True,
            sqlite_where=text("verdict IS NULL"),
            postgresql_where=text("verdict IS NULL"),
        ),
        Index("ix_launch_approval_product", "product_id", "id"),
    )
    __audited__: ClassVar = ("product_id", "on_sale_from", "on_sale_until", "verdict")

    id: Mapped[int] = id_column()
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    on_sale_from: Mapped[datetime] = mapped_column(Instant)
    on_sale_until: Mapped[datetime | None] = mapped_column(Instant)
    asked_by: Mapped[str] = mapped_column(String(40))
    asked_at: Mapped[datetime] = mapped_column(Instant)
    verdict: Mapped[str | None] = mapped_column(String(10))
    note: Mapped[str] = mapped_column(String(200), default="")
    decided_by: Mapped[str | None] = mapped_column(String(40))
    decided_at: Mapped[datetime | None] = mapped_column(Instant)


class PriceProposal(Model):
    """A change of a variant's prices too large for one person: what is asked, and who decided.

    `from_fen` is the price when it was asked for.
    """

    __tablename__ = "price_proposal"
    __table_args__ = (
        CheckConstraint(_BY_WHOM, name="second_person"),
        CheckConstraint(
            "(decided_at IS NULL) = (verdict IS NULL) AND (decided_by IS NULL) = (verdict IS NULL)",
            name="decided",
        ),
        Index(
            "ix_price_proposal_open",
            "sku_id",
            unique=True,
            sqlite_where=text("verdict IS NULL"),
            postgresql_where=text("verdict IS NULL"),
        ),
        Index("ix_price_proposal_product", "product_id", "id"),
    )
    __audited__: ClassVar = ("sku_id", "from_fen", "price_fen", "prepaid_fen", "verdict")

    id: Mapped[int] = id_column()
    sku_id: Mapped[int] = mapped_column(ForeignKey("sku.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    from_fen: Mapped[int] = mapped_column(BigInteger)
    price_fen: Mapped[int] = mapped_column(BigInteger)
    prepaid_fen: Mapped[int] = mapped_column(BigInteger)
    market_price_fen: Mapped[int | None] = mapped_column(BigInteger)
    asked_by: Mapped[str] = mapped_column(String(40))
    asked_at: Mapped[datetime] = mapped_column(Instant)
    verdict: Mapped[str | None] = mapped_column(String(10))
    note: Mapped[str] = mapped_column(String(200), default="", server_default="")
    decided_by: Mapped[str | None] = mapped_column(String(40))
    decided_at: Mapped[datetime | None] = mapped_column(Instant)


class ProductEvent(Model):
    """Something a person did to a product: ticked, asked, approved, priced, listed. Never changes."""

    __tablename__ = "product_event"
    __table_args__ = (Index("ix_product_event_product", "product_id", "id"),)

    id: Mapped[int] = id_column()
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    what: Mapped[str] = mapped_column(String(20))
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
    actor: Mapped[str] = mapped_column(String(40))
    happened_at: Mapped[datetime] = mapped_column(Instant)
