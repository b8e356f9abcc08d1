"""Campaign slots at the console: typed, refused as typed, seen as customers see them, each in his part."""

import re
from contextvars import Context
from datetime import timedelta
from io import BytesIO

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from catalog.banner_models import Banner
from catalog.banners import count_tap
from console.pages import moment_as_typed
from tests.catalog.slots import put_up
from tests.console.conftest import Desks
from tests.console.desk import Desk
from tests.console.test_product_editor import picture
from tests.console.world import World
from tests.storefront.mall import product_of
from wx_backend import clock
from wx_backend.audit import AuditEntry
from wx_backend.clock import SHANGHAI
from wx_backend.db import db, transaction

KEY = "c" * 32


@pytest.fixture
def typed(world: World) -> dict[str, str]:
    """A banner as a marketer of the south types it."""
    now = clock.now()
    return {
        "key": KEY,
        "title": "开学季，学生机立减",
        "place": "SC",
        "leads_to": "product",
        "product": product_of(world.wares.phone_id),
        "shown_from": moment_as_typed(now - timedelta(hours=1)),
        "shown_until": moment_as_typed(now + timedelta(days=7)),
        "position": "2",
    }


def send(
    desk: Desk, typed: dict[str, str], file: BytesIO | None, path: str = "new"
) -> TestResponse:
    form: dict[str, object] = {"csrf_token": desk.token(), **typed}
    if file is not None:
        form["file"] = (file, "x.png")
    return Context().run(desk.browser.open, f"/console/banners/{path}", method="POST", data=form)


@pytest.fixture
def number(desk_of: Desks, typed: dict[str, str]) -> str:
    answer = send(desk_of("marketer"), typed, picture((1200, 480)))
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"].rpartition("/")[2]


def seen_in(page: str) -> str:
    """The revision the form says it was opened at."""
    found = re.search(r'name="seen" value="(\d+)"', page)
    assert found
    return found[1]


def rows() -> list[Banner]:
    db.session.rollback()
    return list(db.session.scalars(select(Banner).order_by(Banner.id)))


def test_a_banner_is_made_shown_and_on_record(
    desk_of: Desks, world: World, typed: dict[str, str], number: str
) -> None:
    [row] = rows()
    assert (row.node_id, row.leads_to, row.position) == (world.tree.canton, "product", 2)
    assert (row.width, row.height) == (1200, 480)
    local = row.shown_from.astimezone(SHANGHAI)
    assert f"{local:%Y-%m-%dT%H:%M}" == typed["shown_from"]
    page = desk_of("marketer").get(f"/banners/{number}").text
    for said in (typed["title"], row.picture, "广州", "展示中", "还没有人点击"):
        assert said in page
    assert typed["title"] in desk_of("marketer").get("/banners").text
    entry = db.session.scalars(
        select(AuditEntry).where(AuditEntry.what == "console.banners.create")
    ).one()
    assert any(change["table"] == "banner" for change in entry.changes)
    assert "新建活动位" in desk_of("south").get("/audit").text


def test_an_empty_list_says_what_to_do(desk_of: Desks) -> None:
    assert "还没有活动位" in desk_of("marketer").get("/banners").text


def test_a_form_sent_twice_makes_one(desk_of: Desks, typed: dict[str, str], number: str) -> None:
    desk = desk_of("marketer")
    again = send(desk, typed, picture((1200, 480)))
    assert again.headers["Location"].endswith(number)
    assert send(desk, {**typed, "title": "别的"}, picture((1200, 480))).status_code == 409
    assert send(desk, {**typed, "key": ""}, picture()).status_code == 400
    assert len(rows()) == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"title": ""}, "必填"),
        ({"title": "长" * 31}, "最多 30 个字"),
        ({"place": "NH"}, "没有这个单位"),
        ({"place": ""}, "必填"),
        ({"product": "PD0"}, "没有这个商品编号"),
        ({"product": "https://evil.example/"}, "没有这个商品编号"),
        ({"leads_to": "category", "category": "nowhere"}, "请选择分类"),
        ({"leads_to": "search", "search": ""}, "请填写搜索词"),
        ({"leads_to": "https://evil.example/"}, "请选择打开什么"),
        ({"shown_until": "2026-01-01T00:00"}, "应晚于开始时间"),
        ({"shown_from": "gestern"}, "时间格式应为"),
        ({"shown_from": "1026-01-01T00:00"}, "时间超出范围"),
        ({"position": "-1"}, "0 至 9999"),
    ],
)
def test_what_is_refused_comes_back_as_typed(
    desk_of: Desks, typed: dict[str, str], wrong: dict[str, str], said: str
) -> None:
    answer = send(desk_of("marketer"), {**typed, **wrong}, picture())
    assert answer.status_code == 400
    assert said in answer.text
    assert f'value="{({**typed, **wrong})["shown_until"]}"' in answer.text
    assert rows() == []
    kept = re.search(r'name="picture" value="(/pictures/[0-9a-f]{32}\.jpg)"', answer.text)
    assert kept, "the picture need not be chosen again"
    assert send(desk_of("marketer"), {**typed, "picture": kept[1]}, None).status_code == 302
    assert rows()[0].picture == kept[1]


@pytest.mark.parametrize(
    "forged",
    [
        "",
        "https://evil.example/x.jpg",
        "//evil.example/x.jpg",
        "/pictures/../x.jpg",
        "/mall-assets/mark.png",
    ],
)
def test_only_pictures_kept_here_are_taken(
    desk_of: Desks, typed: dict[str, str], forged: str
) -> None:
    answer = send(desk_of("marketer"), {**typed, "picture": forged}, None)
    assert answer.status_code == 400
    assert "请选择图片" in answer.text
    assert not forged or forged not in answer.text
    answer = send(desk_of("marketer"), typed, BytesIO(b"<svg/>"))
    assert answer.status_code == 400
    assert "图片无法识别" in answer.text
    assert rows() == []


def test_it_is_changed_and_switched_off_and_on(
    desk_of: Desks, typed: dict[str, str], number: str
) -> None:
    desk = desk_of("marketer")
    page = desk.get(f"/banners/{number}/edit").text
    assert f'value="{typed["shown_until"]}"' in page
    kept = re.search(r'name="picture" value="([^"]+)"', page)
    assert kept
    new = {**typed, "title": "新标题", "place": "SC1", "picture": kept[1], "seen": seen_in(page)}
    assert send(desk, new, None, f"{number}/edit").status_code == 302
    refused = send(desk, {**new, "title": "旧标题"}, None, f"{number}/edit")
    assert (refused.status_code, "其他同事" in refused.text) == (409, True)
    assert rows()[0].title == "新标题"
    desk.post(f"/banners/{number}/switch")
    assert not rows()[0].is_on
    assert "已下线" in desk.get(f"/banners/{number}").text
    desk.post(f"/banners/{number}/switch", is_on="1")
    assert rows()[0].is_on


def test_a_refused_form_still_knows_what_was_seen(
    desk_of: Desks, typed: dict[str, str], number: str
) -> None:
    """Putting a fault right saves over nobody: what a colleague said meanwhile is shown first."""
    desk, path = desk_of("marketer"), f"{number}/edit"
    opened = seen_in(desk.get(f"/banners/{path}").text)
    kept = {**typed, "picture": rows()[0].picture}
    colleague = {**kept, "title": "同事的标题", "seen": opened}
    assert send(desk_of("marketer"), colleague, None, path).status_code == 302

    refused = send(desk, {**kept, "title": "", "seen": opened}, None, path)
    assert refused.status_code == 400
    mine = {**kept, "title": "我的标题"}
    changed = send(desk, {**mine, "seen": seen_in(refused.text)}, None, path)
    assert (changed.status_code, "其他同事" in changed.text) == (409, True)
    assert rows()[0].title == "同事的标题"
    assert send(desk, {**mine, "seen": seen_in(changed.text)}, None, path).status_code == 302
    assert rows()[0].title == "我的标题"


def test_taps_are_told(desk_of: Desks, number: str) -> None:
    banner_id = rows()[0].id
    with transaction():
        for kind in ("view", "view", "head"):
            count_tap(banner_id, kind=kind, now=clock.now())
    assert "共 2 次" in desk_of("marketer").get(f"/banners/{number}").text


def test_everybody_keeps_those_of_his_part(
    desk_of: Desks, world: World, typed: dict[str, str]
) -> None:
    tree = world.tree
    numbers = {
        name: put_up(getattr(tree, name), name)
        for name in ("group", "south", "canton", "hall", "north", "frost")
    }
    mine = {
        "root": set(numbers),
        "south": {"south", "canton", "hall"},
        "city": {"canton", "hall"},
        "head": {"hall"},
        "north": {"north", "frost"},
    }
    for login, names in mine.items():
        desk = desk_of(login)
        listed = desk.get("/banners").text
        before = [(row.title, row.is_on, row.revision) for row in rows()]
        for name, number in numbers.items():
            assert (number in listed) is (name in names), (login, name)
            status = desk.get(f"/banners/{number}").status_code
            assert status == (200 if name in names else 404)
            if name not in names:
                form = {**typed, "place": "G", "seen": "1"}
                assert send(desk, form, picture(), f"{number}/edit").status_code == 404
                assert desk.post(f"/banners/{number}/switch").status_code == 404
        assert [(row.title, row.is_on, row.revision) for row in rows()] == before
    for login in ("finance", "clerk"):
        assert desk_of(login).get("/banners").status_code == 403
