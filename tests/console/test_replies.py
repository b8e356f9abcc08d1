"""Automatic replies in the console: written, ordered, switched, and tried as a phone would show it."""

import pytest

from menus.queries import own_rules
from tests.console.conftest import Desks
from tests.console.desk import Desk
from tests.console.world import APPID
from wx_backend.db import db

WORD = {"trigger": "contains", "kind": "text", "match": "宽带", "text": "宽带请到营业厅办理"}


@pytest.fixture
def mina(desk_of: Desks) -> Desk:
    return desk_of("marketer")


def rows() -> list[tuple[str, str, bool]]:
    db.session.rollback()
    return [(row.match, row.kind, row.is_active) for row in own_rules(APPID)]


def ids() -> list[int]:
    db.session.rollback()
    return [row.id for row in own_rules(APPID)]


def test_a_rule_answers_as_soon_as_it_is_written(mina: Desk) -> None:
    before = mina.get("/replies/city", how="exact", say="我家的宽带坏了").text
    assert "由系统默认规则回复" in " ".join(before.split())
    assert mina.post("/replies/city/rules", **WORD).status_code == 302
    assert mina.post("/replies/city/rules", **WORD).status_code == 409

    after = mina.get("/replies/city", how="exact", say="我家的宽带坏了").text
    assert '<div class="told">宽带请到营业厅办理</div>' in after
    assert "自己的规则" in after


def test_rules_are_changed_moved_switched_and_removed(mina: Desk) -> None:
    for word in ("宽带", "套餐"):
        assert mina.post("/replies/city/rules", **{**WORD, "match": word}).status_code == 302
    first, second = ids()

    def act(rule_id: int, what: str) -> int:
        return mina.post(f"/replies/city/rules/{rule_id}/act", act=what).status_code

    news = {"trigger": "exact", "kind": "news", "match": "套餐"}
    form = {**news, "articles": "5G 套餐 | https://x.example/ | | 每月 99 元"}
    assert mina.post(f"/replies/city/rules/{second}", **form).status_code == 302
    assert act(second, "up") == 302
    assert act(first, "off") == 302
    assert rows() == [("套餐", "news", True), ("宽带", "text", False)]
    page = mina.get("/replies/city", how="exact", say="套餐", edit=str(second)).text
    assert "<strong>5G 套餐</strong>" in page
    assert "5G 套餐 | https://x.example/ |  | 每月 99 元" in page
    assert act(first, "explode") == 400
    assert act(404, "off") == 404
    assert act(first, "remove") == 302
    assert rows() == [("套餐", "news", True)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"match": " "},
        {"text": ""},
        {"trigger": "whenever"},
        {"kind": "hologram"},
        {"kind": "image"},
        {"kind": "news", "articles": "没有网址"},
    ],
)
def test_a_rule_that_could_not_work_is_refused(mina: Desk, wrong: dict[str, str]) -> None:
    assert mina.post("/replies/city/rules", **{**WORD, **wrong}).status_code == 400
    assert rows() == []


@pytest.mark.parametrize(
    ("how", "say", "shown"),
    [
        ("follow", "", "欢迎关注"),
        ("scan", "desk7", "请点击下方菜单选购"),
        ("click", "human_service", "转人工客服"),
        ("click", "nothing", "没有规则回复"),
        ("exact", "<script>alert(1)</script>", "&lt;script&gt;"),
    ],
)
def test_every_way_in_can_be_tried(mina: Desk, how: str, say: str, shown: str) -> None:
    page = mina.get("/replies/city", how=how, say=say).text
    assert shown in page
    assert "<script>" not in page
