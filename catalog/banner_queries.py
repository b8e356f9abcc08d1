"""Reads of campaign slots: what a place shows, what staff keep, how often people tapped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Select, func, or_, select

from catalog.banner_models import Banner, BannerCount
from catalog.models import Category, Product
from catalog.offers import on_sale
from catalog.showing import Picture
from org.models import OrgPath
from wx_backend.db import db
from wx_backend.errors import NotFound

SHOWN_MAX: Final = 4
TAP: Final = "view"
Query = Select[Banner, str, str]


@dataclass(frozen=True, slots=True)
class Led:
    """A banner with what it leads to: a product's number, a category's slug, or words."""

    banner: Banner
    target: str


def banners_at(node_id: int, *, now: datetime) -> list[Led]:
    """What a place shows: the nearest place's banners first, a few at most.

    Whatever leads to a product that is not on sale is left out.
    """
    query = _shown(now).join(OrgPath, OrgPath.ancestor_id == Banner.node_id)
    query = query.where(OrgPath.descendant_id == node_id)
    query = query.order_by(OrgPath.depth, Banner.position, Banner.id).limit(SHOWN_MAX)
    return _led(query)


def shown_banner(number: str, *, now: datetime) -> Led | None:
    """A banner that is shown somewhere at this moment."""
    return next(iter(_led(_shown(now).where(Banner.number == number))), None)


def banner_of(number: str, nodes: Select[int]) -> Led:
    """A banner of one of these places; NotFound otherwise."""
    found = _led(_with_target().where(Banner.number == number, Banner.node_id.in_(nodes)))
    if not found:
        raise NotFound
    return found[0]


def is_banner(number: str) -> bool:
    """Whether there is such a banner, shown or not."""
    return db.session.scalar(select(Banner.id).where(Banner.number == number)) is not None


def banners_of(nodes: Select[int], *, after: int, limit: int) -> list[Led]:
    """The banners of some places, those that end last first."""
    query = _with_target().where(Banner.node_id.in_(nodes))
    query = query.order_by(Banner.shown_until.desc(), Banner.position, Banner.id)
    return _led(query.offset(after).limit(limit))


def count_banners(nodes: Select[int]) -> int:
    """How many banners some places have."""
    query = select(func.count()).select_from(Banner).where(Banner.node_id.in_(nodes))
    return db.session.scalar(query) or 0


def picture_of(banner: Banner) -> Picture:
    """What a banner shows, with its size."""
    return Picture(banner.picture, banner.width, banner.height)


def taps_of(banner_ids: Sequence[int]) -> Mapping[int, int]:
    """How often people tapped each of these banners; those nobody tapped are left out."""
    rows = db.session.execute(
        select(BannerCount.banner_id, func.sum(BannerCount.count))
        .where(BannerCount.banner_id.in_(banner_ids), BannerCount.kind == TAP)
        .group_by(BannerCount.banner_id)
    )
    return {banner_id: int(taps) for banner_id, taps in rows}


def taps_by_day(banner_id: int, *, limit: int = 30) -> list[tuple[date, int]]:
    """How often people tapped a banner on each day they did, the newest first."""
    rows = db.session.execute(
        select(BannerCount.business_on, BannerCount.count.label("taps"))
        .where(BannerCount.banner_id == banner_id, BannerCount.kind == TAP)
        .order_by(BannerCount.business_on.desc())
        .limit(limit)
    )
    return [(row.business_on, row.taps) for row in rows]


def _with_target() -> Query:
    return (
        select(Banner, Product.number, Category.slug)
        .outerjoin(Product, Product.id == Banner.product_id)
        .outerjoin(Category, Category.id == Banner.category_id)
    )


def _shown(now: datetime) -> Query:
    return _with_target().where(
        Banner.is_on,
        Banner.shown_from <= now,
        Banner.shown_until > now,
        or_(Banner.product_id.is_(None), on_sale(now)),
    )


def _led(query: Query) -> list[Led]:
    rows = db.session.execute(query)
    return [Led(banner, product or category or banner.words) for banner, product, category in rows]
