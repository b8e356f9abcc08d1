"""A menu for who has a tag: published, and shown to them alone, for as long as they have it."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from flows.menus.publishing import begin_with, publish_soon
from flows.tags import desk
from members.tags.models import Tag, TagHolder, TagOrigin
from menus.editions import start_draft
from menus.tree import Button
from menus.whole import AccountMenu, Personal
from org.models import OrgNode
from tests.flows.menus.conftest import CITY
from tests.flows.tags.tagging import at_wechat, following, tagged
from tests.org.cast import plant
from tests.simulator.stage import Stage
from wx_backend import clock
from wx_backend.db import db, transaction
from wx_backend.platform import client

RunJobs = Callable[[], None]
SHOP = Button(name="商城", type="view", url="https://shop.example/")
CLUB = Button(name="会员日", type="view", url="https://shop.example/club")
MENU = AccountMenu((SHOP,), (Personal("老客户", (CLUB,)),))


def menu_of(openid: str) -> str:
    """What is under the chat on somebody's phone."""
    answer = client(CITY).caller.call("POST", "/cgi-bin/menu/trymatch", body={"user_id": openid})
    return str(answer["button"][0]["name"])


def test_a_menu_published_for_a_tag_reaches_who_has_it(account: Stage, run_jobs: RunJobs) -> None:
    ann, ann_id = following(account, "ann")
    ben, ben_id = following(account, "ben")
    tag_id = tagged({ann: ann_id})
    begin_with(appid=CITY, menu=MENU)
    run_jobs()
    assert (menu_of(ann), menu_of(ben)) == ("会员日", "商城")
    tree = plant()
    node_id = tree.group
    with transaction():
        db.session.get_one(OrgNode, tree.corner).code = "O1"  # the account's own outlet
    given = desk.Given([ben_id], {}, TagOrigin.HAND)
    with transaction():
        desk.give(
            given, account="city", tag_id=tag_id, node_id=node_id, by="staff:1", now=clock.now()
        )
        desk.take(
            account="city", tag_id=tag_id, identity_id=ann_id, node_id=node_id, now=clock.now()
        )
    run_jobs()
    assert (menu_of(ann), menu_of(ben)) == ("商城", "会员日")
    with transaction(), pytest.raises(desk.TagInUse):
        desk.remove(account="city", tag_id=tag_id, node_id=node_id, now=clock.now())
    _publish(AccountMenu((SHOP,)))
    run_jobs()
    assert menu_of(ben) == "商城"
    with transaction():
        desk.remove(account="city", tag_id=tag_id, node_id=node_id, now=clock.now())
    run_jobs()
    assert client(CITY).tags() == {}


def test_a_tag_only_a_menu_names_is_one_of_ours_from_then_on(
    account: Stage, run_jobs: RunJobs
) -> None:
    ann, ann_id = following(account, "ann")
    api = client(CITY)
    api.tag_followers(api.create_tag("老客户"), [ann])
    begin_with(appid=CITY, menu=MENU)
    run_jobs()
    assert menu_of(ann) == "会员日"
    db.session.rollback()
    assert [each.name for each in db.session.scalars(select(Tag))] == ["老客户"]
    assert list(db.session.scalars(select(TagHolder.identity_id))) == [ann_id]
    assert at_wechat(account) == {ann}


def _publish(menu: AccountMenu) -> None:
    with transaction():
        start_draft(appid=CITY, menu=menu, staff_id=None, now=clock.now())
        publish_soon(appid=CITY, revision=1, staff_id=None, now=clock.now())
