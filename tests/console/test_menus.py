"""Menus in the console: adopted, edited, compared, published, brought back, each account its own."""

import re
from collections.abc import Callable

import pytest

from flows.menus.adopting import adopt_account
from menus.queries import draft_of, published_edition
from menus.whole import AccountMenu
from tests.console.conftest import Desks
from tests.console.desk import Desk
from tests.console.world import APPID, World
from tests.serving import announce
from tests.simulator.stage import Stage
from wx_backend.config import Config
from wx_backend.db import db
from wx_backend.outbox import done_here
from wx_backend.platform import client

RunJobs = Callable[[], None]
_REVISION = re.compile(r'name="revision" value="(\d+)"')


@pytest.fixture
def account(wechat: Stage, config: Config) -> Stage:
    announce(wechat, config, "http://127.0.0.1:9")
    return wechat


@pytest.fixture
def mina(account: Stage, desk_of: Desks) -> Desk:
    """A marketer, who finds the account adopted."""
    assert account
    done_here(adopt_account(appid=APPID))
    return desk_of("marketer")


def edit(desk: Desk, act: str, place: str = "", tree: str = "default", **fields: str) -> int:
    """One change of the draft as its page stands."""
    found = _REVISION.search(desk.get("/menus/city").text)
    assert found
    form = {"revision": found[1], "tree": tree, "place": place, "act": act, **fields}
    return desk.post("/menus/city/edit", **form).status_code


def drafted() -> AccountMenu:
    db.session.rollback()
    draft = draft_of(APPID)
    assert draft
    return AccountMenu.from_json(draft.content)


def test_an_account_is_adopted_by_a_button(
    account: Stage, desk_of: Desks, run_jobs: RunJobs
) -> None:
    old = [{"type": "video", "name": "宣传片", "value": "http://v.example/1"}]
    account.control("PUT", f"/accounts/{APPID}/console", menu=old)
    desk = desk_of("marketer")
    assert "读取并接管" in desk.get("/menus/city").text
    assert desk.post("/menus/city/adopt").status_code == 302
    assert "本页会自动刷新" in desk.get("/menus/city").text
    run_jobs()

    assert "不能恢复" not in desk.get("/menus/city/history").text
    page = desk.get("/menus/city").text
    assert "已发布第 1 版" in page
    assert "微信后台的视频按钮，按原样保留" in page


def test_why_an_account_could_not_be_read_is_said(
    account: Stage, desk_of: Desks, run_jobs: RunJobs
) -> None:
    account.control("PUT", f"/accounts/{APPID}", secret="another")
    desk = desk_of("marketer")
    assert desk.post("/menus/city/adopt").status_code == 302
    run_jobs()

    page = desk.get("/menus/city").text
    assert "读取失败：40125" in page
    assert "读取并接管" in page


def test_a_menu_is_edited_compared_published_and_brought_back(
    mina: Desk, run_jobs: RunJobs
) -> None:
    assert mina.post("/menus/city/draft", source="default").status_code == 302
    assert edit(mina, "save", "3", name="客服", type="click", key="human_service") == 302
    assert edit(mina, "add", "3") == 302
    assert "请选择菜单动作" in mina.get("/menus/city").text
    assert "可以发布" not in mina.get("/menus/city/differences").text
    assert edit(mina, "save", "3.1", name="网点", type="view", url="https://x.example/") == 302
    assert edit(mina, "up", "3") == 302
    assert [each.name for each in drafted().default] == ["商城", "客服", "员工"]
    assert mina.post("/menus/city/compare").status_code == 302
    assert "正在向微信读取" in mina.get("/menus/city/differences").text
    run_jobs()
    page = mina.get("/menus/city/differences").text
    assert "打开网页：https://x.example/" in page
    revision = _REVISION.search(page)
    assert revision
    assert mina.post("/menus/city/publish", revision=revision[1]).status_code == 302
    run_jobs()
    assert [each["name"] for each in (client(APPID).menu() or {})["menu"]["button"]] == [
        "商城",
        "客服",
        "员工",
    ]

    assert mina.post("/menus/city/draft", source="published").status_code == 302
    assert edit(mina, "remove", "2") == 302
    assert mina.post("/menus/city/compare").status_code == 302
    run_jobs()
    revision = _REVISION.search(mina.get("/menus/city/differences").text)
    assert revision
    assert mina.post("/menus/city/publish", revision=revision[1]).status_code == 302
    run_jobs()
    history = mina.get("/menus/city/history").text
    assert "员工marketer" in history
    assert mina.post("/menus/city/restore/1").status_code == 302
    run_jobs()
    edition = published_edition(APPID)
    assert edition
    assert (edition.number, edition.origin) == (3, "restored")
    assert mina.get("/menus/city/history", number="1").status_code == 200


def test_reps_get_a_menu_of_their_own(mina: Desk) -> None:
    assert mina.post("/menus/city/draft", source="default").status_code == 302

    def personal(**form: str) -> int:
        return mina.post("/menus/city/personal", revision=str(revision()), **form).status_code

    def revision() -> int:
        db.session.rollback()
        draft = draft_of(APPID)
        assert draft
        return draft.revision

    assert personal(tag=" ") == 400
    assert personal(tag="销售员工") == 302
    assert edit(mina, "remove", "1", tree="p0") == 302
    assert [each.name for each in drafted().personal[0].menu] == ["员工", "人工客服"]
    assert len(drafted().default) == 3
    assert personal(remove="p1") == 404
    assert personal(remove="p0") == 302
    assert drafted().personal == ()


def test_nobody_saves_over_somebody_elses_draft(mina: Desk, desk_of: Desks) -> None:
    assert mina.post("/menus/city/draft", source="default").status_code == 302
    form = {"revision": "1", "tree": "default", "place": "1", "act": "remove"}
    assert mina.post("/menus/city/edit", **form).status_code == 302
    late = desk_of("manager").post("/menus/city/edit", **form)

    assert late.status_code == 409
    assert "草稿已被别人修改" in late.text
    assert len(drafted().default) == 2


@pytest.mark.parametrize(
    "form",
    [
        {"act": "explode"},
        {"act": "up", "place": "9"},
        {"act": "save", "place": "1.x"},
        {"act": "add", "place": "1.1.1"},
        {"act": "add", "tree": "p7"},
        {"act": "add", "tree": "x"},
        {"act": "add"},
    ],
)
def test_a_change_that_makes_no_sense_is_refused(mina: Desk, form: dict[str, str]) -> None:
    assert mina.post("/menus/city/draft", source="default").status_code == 302
    assert mina.post("/menus/city/edit", revision="1", **form).status_code in {400, 404}
    assert mina.post("/menus/city/edit", revision="x", **form).status_code == 400

    assert len(drafted().default) == 3


def test_each_province_changes_its_own_account(mina: Desk, desk_of: Desks, world: World) -> None:
    assert world
    north = desk_of("north")
    assert "城市营业厅" not in north.get("/menus").text
    for path in ("/menus/city", "/menus/city/history", "/replies/city", "/menus/nobody"):
        assert north.get(path).status_code == 404
    assert north.post("/menus/city/draft", source="default").status_code == 404
    assert north.post("/replies/city/rules", trigger="default", kind="silence").status_code == 404
    assert "城市营业厅" in mina.get("/menus").text
    assert "城市营业厅" in desk_of("root").get("/menus").text
