"""Campaign slots as marketers keep them, each within his part of the organisation."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from catalog import banner_queries, banners
from catalog.banner_models import Banner, LeadsTo
from catalog.banner_queries import Led
from catalog.banners import BannerData, Target
from catalog.queries import categories, product_by_number
from flows.album import let_go, require_kept
from org.models import OrgNode
from org.queries import node_by_code, node_of, under
from wx_backend.errors import BadInput
from wx_backend.platform import config


class BannerState(StrEnum):
    """Where a banner stands at a moment."""

    OFF = "off"
    AHEAD = "ahead"
    SHOWN = "shown"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class BannerRow:
    """A banner in the list: where it is shown, what it leads to, how often people tapped it."""

    banner: Banner
    node: OrgNode
    target: str
    state: BannerState
    taps: int


@dataclass(frozen=True, slots=True)
class BannerFile:
    """One banner, and its taps day by day, the newest first."""

    row: BannerRow
    days: Sequence[tuple[date, int]]


def banner_rows(node_id: int, *, now: datetime, after: int, limit: int) -> list[BannerRow]:
    """The banners of a place and those below it."""
    found = banner_queries.banners_of(under(node_id), after=after, limit=limit)
    taps = banner_queries.taps_of([led.banner.id for led in found])
    return [_row(led, taps.get(led.banner.id, 0), now) for led in found]


def count_rows(node_id: int) -> int:
    """How many there are."""
    return banner_queries.count_banners(under(node_id))


def banner_file(number: str, node_id: int, *, now: datetime) -> BannerFile:
    """One banner of a node's part; NotFound for foreign as for missing ones."""
    led = banner_queries.banner_of(number, under(node_id))
    taps = banner_queries.taps_of([led.banner.id])
    row = _row(led, taps.get(led.banner.id, 0), now)
    return BannerFile(row, banner_queries.taps_by_day(led.banner.id))


def place_named(code: str, node_id: int) -> OrgNode:
    """The open place of this code in a node's part. Raises BadInput."""
    found = node_by_code(code, under(node_id))
    if found is None or found.closed_on is not None:
        raise BadInput("没有这个单位，或不归您管理", fields=["place"])
    return found


def target_named(leads_to: LeadsTo, typed: str) -> Target:
    """What is led to, by a product's number, a category's slug or words. Raises BadInput."""
    if leads_to is LeadsTo.PRODUCT:
        product = product_by_number(typed)
        if product is None:
            raise BadInput("没有这个商品编号", fields=[leads_to])
        return Target(leads_to, product_id=product.id)
    if leads_to is LeadsTo.CATEGORY:
        shelf = next((each.id for each in categories() if each.slug == typed), None)
        if shelf is None:
            raise BadInput("请选择分类", fields=[leads_to])
        return Target(leads_to, category_id=shelf)
    if not typed:
        raise BadInput("请填写搜索词", fields=[leads_to])
    return Target(leads_to, words=typed)


def create(data: BannerData, *, form_key: str, actor: str, now: datetime) -> str:
    """A new banner's number; the same form again is the same banner. Raises FormUsed, PictureGone."""
    require_kept([data.picture])
    prefix = config().service.number_prefix
    return banners.add_banner(data, form_key=form_key, actor=actor, now=now, prefix=prefix)


def change(number: str, data: BannerData, *, seen: int, node_id: int) -> None:
    """Say something else with it. Raises NotFound, BannerChanged and PictureGone."""
    before = banner_queries.banner_of(number, under(node_id)).banner.picture
    require_kept([data.picture])
    banners.change_banner(number, data, seen=seen, nodes=under(node_id))
    if before != data.picture.path:
        let_go([before])


def switch(number: str, *, is_on: bool, node_id: int) -> None:
    """Show it in its time, or not at all. Raises NotFound."""
    banners.switch_banner(number, is_on=is_on, nodes=under(node_id))


def state_of(banner: Banner, now: datetime) -> BannerState:
    """Where a banner stands."""
    if banner.shown_until <= now:
        return BannerState.OVER
    if not banner.is_on:
        return BannerState.OFF
    return BannerState.AHEAD if now < banner.shown_from else BannerState.SHOWN


def _row(led: Led, taps: int, now: datetime) -> BannerRow:
    banner = led.banner
    return BannerRow(banner, node_of(banner.node_id), led.target, state_of(banner, now), taps)
