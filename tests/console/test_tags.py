"""Tags in the console: made with a rule, given by hand and by lists, used by campaigns, taken away."""

import re
from collections.abc import Callable
from io import BytesIO

import pytest
from flask import Flask
from sqlalchemy import select

from campaigns.models import Recipient
from flows.tags import applying
from members.operations import follow
from members.tags.models import Tag, TagHolder
from tests.campaigns.cast import notices_in, one_job
from tests.console.campaigns.conftest import FORM
from tests.console.conftest import Desks
from tests.console.desk import Desk
from tests.console.world import APPID, World
from tests.wechat.doubles import ScriptedTransport
from wx_backend import clock
from wx_backend.audit import AuditEntry
from wx_backend.db import db, transaction

RunJobs = Callable[[], None]
PATH = "/tags/city"


@pytest.fixture
def mina(desk_of: Desks) -> Desk:
    return desk_of("marketer")


@pytest.fixture
def bob(world: World) -> int:
    """Bob, who bought a phone, follows."""
    return following("oBob", world.bob.identity_id)


def following(openid: str, expected: int | None = None) -> int:
    now = clock.now()
    with transaction():
        identity_id = follow(
            key=openid.encode().ljust(16), appid=APPID, openid=openid, event_at=now, known_at=now
        )
    assert expected in (None, identity_id)
    return identity_id


def made(desk: Desk, name: str = "买过手机", **rule: str) -> int:
    answer = desk.post(PATH, name=name, **rule)
    assert answer.status_code == 302, answer.text
    return int(answer.headers["Location"].rpartition("/")[2])


def holders() -> dict[int, str]:
    db.session.rollback()
    rows = db.session.execute(
        select(TagHolder.identity_id, TagHolder.origin).where(TagHolder.taken_at.is_(None))
    )
    return {identity_id: origin for identity_id, origin in rows}  # noqa: C416 - rows are no pairs to dict()


def test_a_tag_with_a_rule_from_the_empty_page_on(mina: Desk, bob: int, run_jobs: RunJobs) -> None:
    assert "还没有标签" in mina.get(PATH).text
    assert '/console/tags/city"' in mina.get("/tags").text
    tag_id = made(mina, ordered="paid", shelf="phones")
    page = mina.get(f"{PATH}/{tag_id}").text
    assert "正在按规则核对" in page
    assert 'http-equiv="refresh"' in page
    run_jobs()
    page = mina.get(f"{PATH}/{tag_id}").text
    assert 'http-equiv="refresh"' not in page
    assert f"会员 {bob:04d}" in page
    assert "商品分类“手机”" in page
    assert "买过" in mina.get(PATH).text
    assert holders() == {bob: "rule"}
    assert mina.post(f"{PATH}/{tag_id}/take/{bob}").status_code == 409
    assert mina.post(f"{PATH}/{tag_id}/edit", name="从未购买", ordered="never").status_code == 302
    run_jobs()
    assert bob not in holders()
    assert mina.post(f"{PATH}/{tag_id}/apply").status_code == 302
    run_jobs()
    assert mina.post(f"{PATH}/{tag_id}/edit", name="手工", ordered="").status_code == 302
    assert holders() == {}
    assert mina.post(f"{PATH}/{tag_id}/apply").status_code == 409


def test_tags_are_given_by_hand_and_by_a_file_and_taken(mina: Desk, bob: int) -> None:
    tag_id = made(mina)
    cat = following("oCatherine")
    sent = "oBob\noCatherine\n13700137000\nnonsense\noBob\n"
    said = mina.post(f"{PATH}/{tag_id}/give", list=sent)
    assert said.status_code == 302
    page = mina.get(f"{PATH}/{tag_id}").text
    assert "已给 1 人" in page
    assert "没有这个手机号的会员 1 行" in page
    assert holders() == {cat: "hand"}
    nobody = BytesIO(b"oNobody00,x\n")
    assert mina.upload(f"{PATH}/{tag_id}/give", nobody, "list.csv").status_code == 400
    file = BytesIO("\ufeffoDaniel00,x\noCatherine\n".encode())
    dan = following("oDaniel00")
    assert mina.upload(f"{PATH}/{tag_id}/give", file, "list.csv").status_code == 302
    assert holders() == {cat: "hand", dan: "list"}
    assert mina.post(f"{PATH}/{tag_id}/take/{cat}").status_code == 302
    assert mina.post(f"{PATH}/{tag_id}/take/{cat}").status_code == 404
    assert holders() == {dan: "list"}
    assert bob


def test_a_campaign_goes_to_who_has_a_tag_and_not_to_who_has_another(
    desk_of: Desks, bob: int, run_jobs: RunJobs
) -> None:
    notices_in()
    mina = desk_of("root")  # a place sees the customers of its own reps alone
    with_tag, without = made(mina, "要发"), made(mina, "不发")
    cat, dan = following("oCatherine"), following("oDaniel00")
    assert mina.post(f"{PATH}/{with_tag}/give", list="oCatherine\noDaniel00").status_code == 302
    assert mina.post(f"{PATH}/{without}/give", list="oDaniel00").status_code == 302
    assert holders().keys() >= {cat, dan}
    form = {**FORM, "tags": str(with_tag), "without_tags": str(without)}
    answer = mina.post("/campaigns", **form)
    path = answer.headers["Location"].removeprefix("/console")
    page = mina.get(path).text
    assert "有标签“要发”" in page
    assert "没有标签“不发”" in page
    assert f'<option value="{with_tag}" selected>' in mina.get(f"{path}/edit").text
    assert f"客户 {cat:04d}" in mina.get(f"{path}/preview").text
    assert mina.post(f"{path}/submit").status_code == 302
    gone = mina.post(f"{PATH}/{without}/remove")
    assert gone.status_code == 409
    assert "正在按这个标签锁定名单" in gone.text
    run_jobs()
    db.session.rollback()
    assert list(db.session.scalars(select(Recipient.identity_id))) == [cat]
    assert mina.post(f"{PATH}/{without}/remove").status_code == 302
    assert "没有标签“已删除”" in mina.get(path).text
    assert mina.get(f"{path}/preview").status_code == 400
    assert bob


def test_what_no_tag_can_be_is_refused(mina: Desk, desk_of: Desks) -> None:
    tag_id = made(mina, "有了")
    assert mina.post(PATH, name="有了").status_code == 409
    assert mina.post(PATH, name="").status_code == 400
    assert mina.post(PATH, name="黑名单").status_code == 400
    assert mina.post(PATH, name="错", product_number="PD-NONE").status_code == 400
    assert mina.post(PATH, name="错", tags=str(tag_id)).status_code == 400
    assert mina.post(PATH, name="错", followed_days="很久").status_code == 400
    assert mina.get(f"{PATH}/404").status_code == 404
    assert mina.post("/tags/elsewhere", name="错").status_code == 404
    assert desk_of("north").get(f"{PATH}/{tag_id}").status_code == 404
    assert desk_of("finance").get(PATH).status_code == 403
    assert mina.post("/campaigns", **{**FORM, "tags": "404"}).status_code == 400


def test_what_was_done_to_a_tag_is_in_the_audit_trail(mina: Desk, bob: int) -> None:
    tag_id = made(mina, "会员", followed_days="7")
    assert mina.post(f"{PATH}/{tag_id}/give", list="oBob00000\n").status_code == 400
    assert mina.post(f"{PATH}/{tag_id}/remove").status_code == 302
    db.session.rollback()
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.what.like("console.tags.%")))
    told = [(each.what, each.changes[0]["table"]) for each in entries]
    assert told == [("console.tags.create", "tag"), ("console.tags.remove", "tag")]
    assert bob


def test_how_much_of_everybody_was_looked_at_is_shown(
    mina: Desk, bob: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applying, "PAGE", 1)
    following("oCatherine")
    for n in range(3):
        following(f"oElse{n}")
    tag_id = made(mina, "关注过", followed_days="30")
    shown = []
    for _ in range(4):
        page = mina.get(f"{PATH}/{tag_id}").text
        (percent,) = re.findall(r'max="100" value="(\d+)" aria-label="规则核对进度"', page)
        assert f"已看过 {percent}%" in page
        assert f"正在核对 {percent}%" in mina.get(PATH).text
        shown.append(int(percent))
        one_job()
    assert shown[0] == 0
    assert shown == sorted({*shown})
    assert max(shown) < 100
    for _ in range(3):
        one_job()
    assert "规则核对进度" not in mina.get(f"{PATH}/{tag_id}").text
    assert len(holders()) == 5
    assert bob


def test_a_removal_that_wechat_refused_is_told_and_can_be_tried_again(
    mina: Desk, bob: int, app: Flask, run_jobs: RunJobs
) -> None:
    platform = app.extensions["wx_clients"]._transport = ScriptedTransport()
    platform.on("/cgi-bin/stable_token", {"access_token": "T", "expires_in": 7200})
    platform.on("/cgi-bin/tags/delete", {"errcode": 48001, "errmsg": "api unauthorized"})
    tag_id = made(mina, "老客户")
    with transaction():
        db.session.get_one(Tag, tag_id).wechat_id = 101
    assert "正在删除" not in mina.get(PATH).text
    assert mina.post(f"{PATH}/{tag_id}/remove").status_code == 302
    page = mina.get(PATH).text
    assert "正在从微信删除，完成后即消失" in page
    assert 'http-equiv="refresh"' in page
    assert mina.post(PATH, name="老客户").status_code == 409, "WeChat has it still"
    assert mina.get(f"{PATH}/{tag_id}").status_code == 404
    run_jobs()

    page = mina.get(PATH).text
    assert "未完成" in page
    assert "微信拒绝：48001" in page
    assert "再试一次" in page
    assert 'http-equiv="refresh"' not in page
    platform.on("/cgi-bin/tags/delete", {"errcode": 0})
    assert mina.post(f"{PATH}/{tag_id}/remove").status_code == 302
    assert mina.post(f"{PATH}/{tag_id}/remove").status_code == 302, "pressed twice"
    run_jobs()
    page = mina.get(PATH).text
    assert "未完成" not in page
    assert "老客户" not in page.partition("新建标签")[0]
    assert mina.post(PATH, name="老客户").status_code == 302
    assert bob
