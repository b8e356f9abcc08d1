"""Verbs on campaign slots: banners made, changed, switched, and their taps counted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select, update
from sqlalchemy.exc import IntegrityError

from catalog.banner_models import Banner, BannerCount, LeadsTo
from catalog.showing import Picture
from catalog.stock_by_hand import FormUsed
from wx_backend import numbers
from wx_backend.clock import business_on
from wx_backend.db import db, locked, upsert
from wx_backend.errors import Conflict, NotFound


class BannerChanged(Conflict):
    """Somebody else changed the banner since the form was opened."""

    code, message = "changed_meanwhile", "其他同事刚刚修改过该活动位，请核对后再保存"


@dataclass(frozen=True, slots=True)
class Target:
    """What a banner leads to: one of the three, as `leads_to` says."""

    leads_to: LeadsTo
    product_id: int | None = None
    category_id: int | None = None
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BannerData:
    """What staff type in about a banner."""

    node_id: int
    title: str
    picture: Picture
    target: Target
    shown_from: datetime
    shown_until: datetime
    position: int = 0

    def columns(self) -> Mapping[str, object]:
        """Its values by column."""
        target = self.target
        return {
            "node_id": self.node_id,
            "title": self.title,
            "picture": self.picture.path,
            "width": self.picture.width,
            "height": self.picture.height,
            "leads_to": target.leads_to,
            "product_id": target.product_id,
            "category_id": target.category_id,
            "words": target.words,
            "shown_from": self.shown_from,
            "shown_until": self.shown_until,
            "position": self.position,
        }


def add_banner(
    data: BannerData, *, form_key: str, actor: str, now: datetime, prefix: str = ""
) -> str:
    """A new banner's number; the same form again is the same banner. Raises FormUsed."""
    made = Banner(
        **data.columns(),
        number=numbers.new_number(numbers.BANNER, on=business_on(now), prefix=prefix),
        form_key=form_key,
        created_by=actor,
        created_at=now,
    )
    try:
        with db.session.begin_nested():
            db.session.add(made)
            db.session.flush()
    except IntegrityError:
        return _made_before(form_key, data)
    return made.number


def change_banner(number: str, data: BannerData, *, seen: int, nodes: Select[int]) -> None:
    """Say something else with a banner; `seen` is its revision in the form.

    Raises NotFound for one of other places, and BannerChanged.
    """
    banner = _mine(number, nodes)
    if banner.revision != seen:
        raise BannerChanged
    for name, value in data.columns().items():
        setattr(banner, name, value)
    banner.revision += 1


def switch_banner(number: str, *, is_on: bool, nodes: Select[int]) -> None:
    """Show a banner in its time, or never. Raises NotFound."""
    banner = _mine(number, nodes)
    if banner.is_on is not is_on:
        banner.is_on = is_on
        banner.revision += 1


def count_tap(banner_id: int, *, kind: str, now: datetime) -> None:
    """One more fetch of a banner's link; nobody is credited for it."""
    day = {"banner_id": banner_id, "business_on": business_on(now), "kind": kind}
    upsert(BannerCount, {**day, "count": 0}, key=("banner_id", "business_on", "kind"))
    db.session.execute(update(BannerCount).filter_by(**day).values(count=BannerCount.count + 1))


def _mine(number: str, nodes: Select[int]) -> Banner:
    mine = select(Banner).where(Banner.number == number, Banner.node_id.in_(nodes))
    banner = locked(mine)
    if banner is None:
        raise NotFound
    return banner


def _made_before(form_key: str, data: BannerData) -> str:
    made = db.session.scalars(select(Banner).where(Banner.form_key == form_key)).one()
    if any(getattr(made, name) != value for name, value in data.columns().items()):
        raise FormUsed
    return made.number
