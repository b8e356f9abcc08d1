"""Mass sends in the console: drafts read, an article chosen, guarded, agreed to, sent, totals shown."""

from collections.abc import Callable
from datetime import time, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from campaigns import rules
from campaigns.mass import Told, record_end
from campaigns.models import Campaign, CampaignStatus
from members.operations import follow
from org.models import Role, Staff
from tests.campaigns.cast import ARTICLE, CITY
from tests.campaigns.platform import Platform
from tests.console.conftest import Desks
from tests.console.desk import Desk
from tests.console.world import World
from wx_backend import clock
from wx_backend.clock import business_on
from wx_backend.db import db, transaction

RunJobs = Callable[[], None]
FORM = {
    "account": "city",
    "name": "春季到店",
    "campaign_class": "mass",
    "purpose": "告知老客户新款到店",
    "article_id": "D1",
}


@pytest.fixture
def platform(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """An account with three drafts: an article, two articles in one, a picture message."""
    monkeypatch.setattr(rules, "LOUD_FROM", time.min)
    monkeypatch.setattr(rules, "LOUD_UNTIL", time.max)
    made = Platform()
    picture = {**ARTICLE, "article_type": "newspic", "title": "图片消息"}
    several = [{**ARTICLE, "title": "头条"}, {**ARTICLE, "title": "次条"}]
    made.written = {"D1": [ARTICLE], "D2": several, "D3": [picture]}
    app.extensions["wx_clients"]._transport = made
    return made


@pytest.fixture
def root(world: World, platform: Platform, desk_of: Desks, run_jobs: RunJobs) -> Desk:
    """Who writes at the top, the drafts read; two people follow."""
    assert world
    assert platform
    now = clock.now()
    with transaction():
        for n in range(2):
            key = f"{n:016d}".encode()
            follow(key=key, appid=CITY, openid=f"oFan{n:06d}", event_at=now, known_at=now)
    desk = desk_of("root")
    assert desk.post("/mass-sends/city/sync").status_code == 302
    run_jobs()
    return desk


def written(desk: Desk, **form: str) -> str:
    answer = desk.post("/campaigns", **{**FORM, **form})
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"].removeprefix("/console")


def colleague(desk_of: Desks) -> Desk:
    """Somebody else at the top."""
    with transaction():
        one = db.session.scalars(select(Staff).where(Staff.login == "root")).one()
        password, node_id = one.password_hash, one.node_id
        db.session.add(
            Staff(
                login="reader",
                name="审批员",
                password_hash=password,
                role=Role.MARKETER,
                node_id=node_id,
            )
        )
    return desk_of("reader")


def row() -> Campaign:
    db.session.rollback()
    return db.session.scalars(select(Campaign)).one()


def test_an_article_goes_its_way_from_the_draft_box_to_the_report(
    root: Desk, platform: Platform, desk_of: Desks, run_jobs: RunJobs
) -> None:
    page = root.get("/mass-sends", account="city").text
    assert "春季好机" in page
    assert "头条" not in page
    assert "图片消息" not in page
    path = written(root)
    platform.written["D1"] = [{**ARTICLE, "title": "改过的标题"}]
    page = root.get(path).text
    assert "新款到店" in page, "what is agreed to is a copy"
    assert "预览" in page
    assert root.post(f"{path}/submit").status_code == 302
    run_jobs()
    assert "足够" in root.get(path).text
    reader = colleague(desk_of)
    assert reader.post(f"{path}/approve", revision="1").status_code == 302
    assert reader.post(f"{path}/start").status_code == 302
    run_jobs()
    page = root.get(path).text
    assert "等待管理员确认或发送" in page
    assert "如需管理员确认，最迟" in page
    sent = platform.bodies[0]
    assert platform.drafts[0]["title"] == "春季好机"
    told = Told(status="err(40002)", total=2, filtered=0, sent=0, failed=2, event_at=clock.now())
    with transaction():
        record_end(appid=CITY, msg_id="9000000000000000000", told=told)
    page = root.get(path).text
    assert "没有发出" in page
    assert "管理员 30 分钟内未确认" in page
    assert "正在统计" in root.get(f"{path}/report").text
    run_jobs()
    assert "微信统计" in root.get(f"{path}/report").text
    assert len(sent["touser"]) >= 2


@pytest.mark.parametrize("content", ["<p>转发好友<b>领</b>红包</p>", "<p>请好友帮我砍一刀</p>"])
def test_what_an_article_may_not_say_is_found_behind_its_tags(
    root: Desk, platform: Platform, run_jobs: RunJobs, content: str
) -> None:
    platform.written["D1"] = [{**ARTICLE, "content": content}]
    with time_machine.travel(clock.now() + timedelta(minutes=2)):
        root.post("/mass-sends/city/sync")
        run_jobs()
    path = written(root)
    assert "违反规则" in root.get(path).text
    assert root.post(f"{path}/submit").status_code == 409
    assert row().status == CampaignStatus.DRAFT


def test_without_an_article_nothing_is_submitted(root: Desk) -> None:
    path = written(root, article_id="")
    assert root.post(f"{path}/submit").status_code == 400
    assert root.post("/campaigns", **{**FORM, "article_id": "D9"}).status_code == 404


def test_a_send_by_hand_is_entered_once_and_seen_by_its_place_only(
    root: Desk, desk_of: Desks
) -> None:
    today = business_on(clock.now())
    title = "会员日" * 21 + "！"
    by_hand = {"sent_on": today.isoformat(), "title": title}
    assert root.post("/mass-sends/city/by-hand", **by_hand).status_code == 302
    assert title in root.get("/mass-sends", account="city").text
    assert root.post("/mass-sends/city/by-hand", **by_hand).status_code == 409
    for wrong in (
        {"title": ""},
        {"sent_on": "昨天"},
        {"sent_on": (today + timedelta(days=1)).isoformat()},
        {"sent_on": (today - timedelta(days=40)).isoformat()},
    ):
        answer = root.post("/mass-sends/city/by-hand", **{**by_hand, **wrong})
        assert answer.status_code == 400
    assert desk_of("clerk").get("/mass-sends").status_code == 403
    head, another = desk_of("head"), {**by_hand, "title": "假的群发"}
    assert head.post("/mass-sends/city/by-hand", **another).status_code == 403
    assert "by-hand" not in head.get("/mass-sends").text
    assert "by-hand" in desk_of("south").get("/mass-sends").text
