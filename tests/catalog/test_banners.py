"""What a place shows: its own and those of the places above, in their time, the nearest first."""

from datetime import datetime, timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from catalog.banner_models import Banner, BannerCount, LeadsTo
from catalog.banner_queries import SHOWN_MAX, banner_of, banners_at, taps_of
from catalog.banners import (
    BannerChanged,
    BannerData,
    Target,
    add_banner,
    change_banner,
    count_tap,
    switch_banner,
)
from catalog.models import Product
from catalog.stock_by_hand import FormUsed
from org.queries import under
from tests.catalog.shelf import put_on_shelf
from tests.catalog.slots import PHONES, PICTURE, put_up
from tests.org.cast import NOON, Tree, plant
from tests.racing import race
from wx_backend.db import db, retried, transaction
from wx_backend.errors import NotFound

DAY = timedelta(days=1)


@pytest.fixture
def tree(app: Flask) -> Tree:
    assert app.testing
    return plant()


def titles(node_id: int, now: datetime = NOON) -> list[str]:
    db.session.rollback()
    return [led.banner.title for led in banners_at(node_id, now=now)]


def test_a_place_shows_its_own_first_then_those_above(tree: Tree) -> None:
    for node_id, title in (
        (tree.group, "集团"),
        (tree.south, "南省"),
        (tree.hall, "天河"),
        (tree.canton, "广州"),
        (tree.north, "北省"),
        (tree.corner, "越秀"),
    ):
        put_up(node_id, title, now=NOON)
    assert titles(tree.hall) == ["天河", "广州", "南省", "集团"]
    assert titles(tree.canton) == ["广州", "南省", "集团"]
    assert titles(tree.frost) == ["北省", "集团"]
    assert titles(tree.group) == ["集团"]


def test_a_few_are_shown_in_their_order(tree: Tree) -> None:
    for position in range(SHOWN_MAX + 2):
        put_up(tree.hall, f"第{position}", now=NOON, position=-position)
    shown = titles(tree.hall)
    assert len(shown) == SHOWN_MAX
    assert shown == [f"第{position}" for position in range(SHOWN_MAX + 1, 1, -1)]


def test_a_banner_has_its_time_and_can_be_switched_off(tree: Tree) -> None:
    number = put_up(tree.hall, now=NOON, shown_from=NOON, shown_until=NOON + DAY)
    assert titles(tree.hall, NOON - timedelta(seconds=1)) == []
    assert titles(tree.hall, NOON) == ["开学季"]
    assert titles(tree.hall, NOON + DAY) == []
    with transaction():
        switch_banner(number, is_on=False, nodes=under(tree.hall))
    assert titles(tree.hall) == []
    with transaction():
        switch_banner(number, is_on=True, nodes=under(tree.hall))
    assert titles(tree.hall) == ["开学季"]


def test_what_leads_to_a_product_off_sale_is_left_out(tree: Tree) -> None:
    put_on_shelf()
    product_id = db.session.scalars(select(Product.id).order_by(Product.id)).first()
    later = NOON + timedelta(days=300)
    target = Target(LeadsTo.PRODUCT, product_id=product_id)
    put_up(tree.hall, now=NOON, target=target, shown_until=later + DAY)
    assert titles(tree.hall, later) == ["开学季"]
    with transaction():
        db.session.execute(update(Product).values(is_listed=False))
    assert titles(tree.hall, later) == []


@pytest.mark.parametrize(
    "broken",
    [
        {"leads_to": "product"},
        {"leads_to": "away"},
        {"words": ""},
        {"shown_until": NOON - DAY},
        {"width": 0},
    ],
)
def test_the_database_refuses_what_leads_nowhere(tree: Tree, broken: dict[str, object]) -> None:
    put_up(tree.hall, now=NOON)
    with pytest.raises(IntegrityError), transaction():
        db.session.execute(update(Banner).values(**broken))


def data(node_id: int, title: str = "开学季") -> BannerData:
    return BannerData(
        node_id=node_id,
        title=title,
        picture=PICTURE,
        target=PHONES,
        shown_from=NOON,
        shown_until=NOON + DAY,
    )


def test_a_form_makes_one(tree: Tree) -> None:
    def send(title: str = "开学季") -> str:
        with transaction():
            return add_banner(data(tree.hall, title), form_key="k", actor="staff:1", now=NOON)

    assert send() == send()
    with pytest.raises(FormUsed):
        send("别的")
    assert len(titles(tree.hall)) == 1


def test_an_edit_over_a_colleagues_and_of_another_place_is_refused(tree: Tree) -> None:
    number, mine = put_up(tree.hall, now=NOON), under(tree.canton)
    with transaction():
        change_banner(number, data(tree.corner, "新"), seen=1, nodes=mine)
    with pytest.raises(BannerChanged), transaction():
        change_banner(number, data(tree.hall, "旧"), seen=1, nodes=mine)
    for act in (
        lambda: change_banner(number, data(tree.frost), seen=2, nodes=under(tree.north)),
        lambda: switch_banner(number, is_on=False, nodes=under(tree.north)),
        lambda: banner_of(number, under(tree.north)),
    ):
        with pytest.raises(NotFound), transaction():
            act()
    assert (titles(tree.corner), titles(tree.hall)) == (["新"], [])


def test_taps_at_once_are_all_counted(tree: Tree, app: Flask) -> None:
    put_up(tree.hall, now=NOON)
    banner_id = db.session.scalars(select(Banner.id)).one()
    db.session.rollback()
    tap = partial(count_tap, banner_id, kind="view", now=NOON)
    race(app, lambda _: retried(tap), times=12)
    retried(lambda: count_tap(banner_id, kind="prefetch", now=NOON))
    db.session.rollback()
    assert taps_of([banner_id]) == {banner_id: 12}
    assert len(db.session.scalars(select(BannerCount)).all()) == 2
