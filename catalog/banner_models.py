"""Rows of campaign slots: banners of places in the organisation, and how often they were tapped."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint, true
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend.db import Instant, Model, id_column


class LeadsTo(StrEnum):
    """What a banner leads to; always a page of ours."""

    PRODUCT = "product"
    CATEGORY = "category"
    SEARCH = "search"


_TARGETS = (
    "(leads_to = 'product' AND product_id IS NOT NULL AND category_id IS NULL AND words = '')"
    " OR (leads_to = 'category' AND category_id IS NOT NULL AND product_id IS NULL AND words = '')"
    " OR (leads_to = 'search' AND words <> '' AND product_id IS NULL AND category_id IS NULL)"
)


class Banner(Model):
    """A picture shown at its place and everywhere below it, from one instant up to another.

    `revision` grows with each change; `form_key` is that of the form that made it: sent twice, it
    makes one.
    """

    __tablename__ = "banner"
    __table_args__ = (
        UniqueConstraint("number"),
        Index("ix_banner_form", "form_key", unique=True),
        Index("ix_banner_node", "node_id", "shown_until"),
        CheckConstraint("shown_until > shown_from", name="span"),
        CheckConstraint(_TARGETS, name="target"),
        CheckConstraint("width > 0 AND height > 0", name="size"),
    )
    __audited__: ClassVar = (
        *("number", "node_id", "title", "picture", "leads_to", "product_id", "category_id"),
        *("words", "shown_from", "shown_until", "position", "is_on"),
    )

    id: Mapped[int] = id_column()
    number: Mapped[str] = mapped_column(String(32))
    node_id: Mapped[int] = mapped_column(ForeignKey("org_node.id"))
    title: Mapped[str] = mapped_column(String(30))
    picture: Mapped[str] = mapped_column(String(200))
    width: Mapped[int]
    height: Mapped[int]
    leads_to: Mapped[str] = mapped_column(String(8))
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"))
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"))
    words: Mapped[str] = mapped_column(String(40), default="", server_default="")
    shown_from: Mapped[datetime] = mapped_column(Instant)
    shown_until: Mapped[datetime] = mapped_column(Instant)
    position: Mapped[int] = mapped_column(default=0, server_default="0")
    is_on: Mapped[bool] = mapped_column(default=True, server_default=true())
    revision: Mapped[int] = mapped_column(default=1, server_default="1")
    form_key: Mapped[str] = mapped_column(String(64))
    created_by: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(Instant)


class BannerCount(Model):
    """How often a banner's link was fetched per day, by kind: `view` is a person's tap."""

    __tablename__ = "banner_count"

    banner_id: Mapped[int] = mapped_column(ForeignKey("banner.id"), primary_key=True)
    business_on: Mapped[date] = mapped_column(Date, primary_key=True)
    kind: Mapped[str] = mapped_column(String(12), primary_key=True)
    count: Mapped[int] = mapped_column(default=0)
