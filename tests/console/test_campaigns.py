"""Campaigns in the console: written, tried out, agreed to by another, sent, measured."""

import html
import re
from collections.abc import Callable
from datetime import datetime, time

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from campaigns import rules
from campaigns.models import Campaign, CampaignEvent, CampaignStatus, ListEntry, Recipient
from campaigns.operations import Plan
from flows.campaign.quotas import rest_until_tomorrow
from flows.sealed import vault
from members.phone_joining import prove_phone
from members.queries import member_of
from org.models import Role, Staff
from tests.campaigns.cast import (
    CITY,
    NOON,
    NOTICE,
    OFFER,
    agreed,
    brought,
    crowd,
    followers,
    notices_in,
    paid,
)
from tests.campaigns.platform import Platform
from tests.console.conftest import Desks
from tests.console.desk import Desk
from tests.console.world import World
from tests.counting import questions
from wx_backend import clock
from wx_backend.db import db, transaction
from wx_backend.stops import Line, stop

FORM = {
    "account": "city",
    "name": "发票提醒",
    "campaign_class": "service",
    "purpose": "提醒已购机客户领取发票",
    "service_event": "order_paid",
    "event_days": "30",
    "template_id": NOTICE,
    "field-A-thing1": "您购买的手机",
    "field-A-thing2": "{员工}提醒您领取发票",
}
MISSED = [
    (2, "duplicate"),
    (5, "unknown_openid"),
    (6, "unknown_phone"),
    (7, "unreadable"),
]
OFFERED = {
    **FORM,
    "campaign_class": "promotion",
    "template_id": OFFER,
    "field-A-thing2": "满减进行中",
    "service_event": "",
}


@pytest.fixture
def platform(app: Flask) -> Platform:
    made = Platform()
    app.extensions["wx_clients"]._transport = made
    return made


@pytest.fixture
def writer(world: World, platform: Platform, desk_of: Desks) -> Desk:
    """The marketer who writes."""
    assert world
    assert platform
    notices_in()
    return desk_of("marketer")


@pytest.fixture
def reader(world: World, desk_of: Desks) -> Desk:
    """A colleague of his."""
    with transaction():
        one = db.session.scalars(select(Staff).where(Staff.login == "marketer")).one()
        db.session.add(
            Staff(
                login="reader",
                name="审批员",
                password_hash=one.password_hash,
                role=Role.MARKETER,
                node_id=world.tree.south,
            )
        )
    return desk_of("reader")


def made(desk: Desk, **form: str) -> str:
    """A draft; where it is."""
    answer = desk.post("/campaigns", **{**FORM, **form})
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"].removeprefix("/console")


def row() -> Campaign:
    db.session.rollback()
    return db.session.scalars(select(Campaign)).one()


def events() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(CampaignEvent.kind).order_by(CampaignEvent.id)))


def test_a_draft_for_a_list_has_a_page_before_there_is_one(writer: Desk) -> None:
    path = made(writer, is_list="1")
    page = writer.get(path)
    assert page.status_code == 200
    assert f'action="/console{path}/list"' in page.text
    assert "行，匹配" not in page.text


def test_a_campaign_goes_its_way_from_draft_to_report(
    writer: Desk, reader: Desk, platform: Platform, run_jobs: Callable[[], None]
) -> None:
    path = made(writer)
    assert "有已支付的订单" in writer.get(path).text
    assert "全部的人" in writer.get(f"{path}/preview").text
    assert writer.post(f"{path}/submit").status_code == 302
    run_jobs()
    page = writer.get(path).text
    assert "由您提交，须由另一位同事审批" in page
    assert "没有对应的服务事件" not in page
    listed = writer.get(f"{path}/people").text
    assert "未关注公众号" in listed
    assert "没有这样的人" in writer.get(f"{path}/people", reason="opted_out").text
    assert writer.post(f"{path}/approve", revision="1").status_code == 409
    assert reader.post(f"{path}/approve", revision="1").status_code == 302
    with time_machine.travel(NOON.replace(year=2027)):
        assert row().status == CampaignStatus.SCHEDULED
    assert reader.post(f"{path}/start").status_code == 302
    assert row().status == CampaignStatus.RUNNING
    assert reader.post(f"{path}/pause", reason="等一下").status_code == 302
    assert "等一下" in reader.get(path).text
    assert reader.post(f"{path}/resume").status_code == 302
    assert reader.post(f"{path}/stop", reason="够了").status_code == 302
    assert "正在统计" in reader.get(f"{path}/report").text
    run_jobs()
    assert "统计于" in reader.get(f"{path}/report").text
    assert platform.calls == 0
    assert events() == [
        *("created", "submitted", "frozen", "approved", "started"),
        *("paused", "resumed", "stopped"),
    ]


@pytest.fixture
def customers(world: World) -> Callable[[int], None]:
    """Some who came by Alice's link, and paid yesterday."""

    def come(count: int) -> None:
        for each in crowd(count, now=clock.now()):
            brought(each, world.alice_id, now=clock.now())

    return come


def going(writer: Desk, reader: Desk, run_jobs: Callable[[], None]) -> str:
    """A campaign that is on, nothing of it sent; where it is."""
    path = made(writer)
    writer.post(f"{path}/submit")
    run_jobs()
    reader.post(f"{path}/approve", revision="1")
    assert reader.post(f"{path}/start").status_code == 302
    return path


def test_who_looks_at_night_reads_when_it_goes_on(
    *,
    writer: Desk,
    reader: Desk,
    customers: Callable[[int], None],
    run_jobs: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    customers(1)
    path = going(writer, reader, run_jobs)
    monkeypatch.setattr(rules, "LOUD_FROM", time.min)
    monkeypatch.setattr(rules, "LOUD_UNTIL", time.max)
    assert "预计还需约" in reader.get(path).text
    assert "自动继续" not in reader.get("/campaigns").text
    monkeypatch.setattr(rules, "LOUD_FROM", time.max)
    page = reader.get(path).text
    assert "每天 21:00 至次日 9:00 不发送" in page
    assert "预计还需约" not in page
    assert "自动继续" in reader.get("/campaigns").text


def test_a_stop_of_all_messages_is_said_where_somebody_waits_for_them(
    writer: Desk, reader: Desk, run_jobs: Callable[[], None]
) -> None:
    path = going(writer, reader, run_jobs)
    with transaction():
        stop(line=Line.MESSAGES, reason="演练", by="system", now=clock.now())
    assert "消息发送已被整体停止" in reader.get(path).text
    assert "消息发送已整体停止" in reader.get("/campaigns").text


def test_a_pause_says_whether_it_ends_by_itself(
    writer: Desk, reader: Desk, run_jobs: Callable[[], None]
) -> None:
    """Used-up calls come back after midnight, when nobody is written to."""
    path = going(writer, reader, run_jobs)
    campaign_id = row().id
    with transaction():
        rest_until_tomorrow(campaign_id, clock.now())
    page, listed = reader.get(path).text, reader.get("/campaigns").text
    assert "今日额度已用完" in page
    assert "09:00:00 自动继续发送" in page
    assert "00:10" not in page
    assert "09:00:00</span> 自动继续" in listed

    reader.post(f"{path}/pause", reason="先不发")
    page, listed = reader.get(path).text, reader.get("/campaigns").text
    assert "不会自动继续" in page
    assert "待人继续或终止" in listed
    reader.post(f"{path}/stop", reason="不发了")
    assert "先不发。" not in reader.get(path).text, "that was the pause"


def test_a_campaign_broken_off_says_what_wechat_meant(
    *,
    writer: Desk,
    reader: Desk,
    platform: Platform,
    customers: Callable[[int], None],
    run_jobs: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rules, "LOUD_FROM", time.min)
    monkeypatch.setattr(rules, "LOUD_UNTIL", time.max)
    platform.trouble = lambda _: 47003
    customers(rules.EQUAL_ERRORS_MAX + 1)
    path = going(writer, reader, run_jobs)
    run_jobs()
    assert row().status == CampaignStatus.PAUSED
    page, listed = reader.get(path).text, reader.get("/campaigns").text
    assert "次同样的错误 47003" in page
    assert "内容不符合模板字段的要求" in page
    assert "请先查明原因" in page
    assert "连续被拒，待人处理" in listed
    assert reader.post(f"{path}/resume").status_code == 302
    assert "内容不符合" not in reader.get(path).text


def test_what_broke_off_is_mended_in_a_version_of_its_own_for_who_is_left(
    *,
    writer: Desk,
    reader: Desk,
    platform: Platform,
    customers: Callable[[int], None],
    run_jobs: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rules, "LOUD_FROM", time.min)
    monkeypatch.setattr(rules, "LOUD_UNTIL", time.max)
    platform.trouble = lambda _: 47003
    customers(rules.EQUAL_ERRORS_MAX + 1)
    path = going(writer, reader, run_jobs)
    assert "改正后续发" not in reader.get(path).text
    assert writer.post(f"{path}/carry-on").status_code == 409
    run_jobs()
    asked = reader.get(path).text
    assert "还有 21 人没有送达" in asked
    assert "只是暂时不发，保持暂停即可" in asked
    assert "终止并另建一稿</button>" in asked  # what ends a campaign for good is asked twice
    answer = writer.post(f"{path}/carry-on")
    editor = answer.headers["Location"].removeprefix("/console")
    assert editor != f"{path}/edit"
    assert writer.post(f"{path}/carry-on").headers["Location"].endswith(editor)
    before = writer.get(path).text
    assert "由 <a href" in before
    assert "终止并另建一稿</button>" not in before
    assert "改正后续发</button>" not in before
    form = writer.get(editor).text
    assert "没有送达的人；再加条件只会缩小范围" in form
    assert "对照组沿用原活动" in form
    platform.trouble = lambda _: None
    after = editor.removesuffix("/edit")
    writer.post(editor, **{**FORM, "name": "改好的", "field-A-thing2": "请领取发票"})
    assert "没有送达的人</li>" in writer.get(after).text
    writer.post(f"{after}/submit")
    run_jobs()
    assert writer.post(f"{after}/approve", revision="2").status_code == 409
    assert reader.post(f"{after}/approve", revision="2").status_code == 302
    reader.post(f"{after}/start")
    run_jobs()
    assert set(platform.received.values()) == {1}
    assert len(platform.received) == rules.EQUAL_ERRORS_MAX + 1


def test_an_hour_is_typed_as_shanghai_has_it_and_nobody_is_early(
    writer: Desk, reader: Desk, run_jobs: Callable[[], None]
) -> None:
    path = made(writer, starts_at="2031-03-02T14:30")
    assert row().starts_at == datetime.fromisoformat("2031-03-02T14:30:00+08:00")
    assert 'value="2031-03-02T14:30"' in writer.get(f"{path}/edit").text
    writer.post(f"{path}/submit")
    run_jobs()
    reader.post(f"{path}/approve", revision="1")
    assert "立即开始" not in reader.get(path).text
    assert "2031-03-02 14:30" in reader.get(path).text

    assert reader.post(f"{path}/start").status_code == 409
    assert row().status == CampaignStatus.SCHEDULED


def test_an_edit_needs_a_new_approval(
    writer: Desk, reader: Desk, run_jobs: Callable[[], None]
) -> None:
    path = made(writer)
    writer.post(f"{path}/submit")
    run_jobs()
    assert writer.post(f"{path}/edit", **{**FORM, "name": "改过的"}).status_code == 302
    assert reader.post(f"{path}/approve", revision="1").status_code == 409

    found = row()
    assert (found.status, found.revision, found.name) == (CampaignStatus.DRAFT, 2, "改过的")
    assert db.session.scalars(select(Recipient)).all() == []


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({"field-A-thing2": "全场五折抢购"}, 409, "guard"),
        ({"field-A-thing2": "转发好友领红包"}, 409, "guard"),
        ({"field-A-thing2": "超" * 21}, 400, "campaign_not_ready"),
        ({"template_id": OFFER}, 400, "campaign_not_ready"),
        ({"template_id": ""}, 400, "campaign_not_ready"),
        ({**OFFERED, "template_id": NOTICE}, 400, "campaign_not_ready"),
        ({**OFFERED, "template_id": ""}, 400, "campaign_not_ready"),
        ({**OFFERED, "field-A-thing1": "助力砍价"}, 409, "guard"),
        ({"is_list": "1"}, 400, "campaign_not_ready"),
    ],
)
def test_what_breaks_a_rule_or_is_not_whole_is_not_submitted(
    writer: Desk, form: dict[str, str], status: int, code: str
) -> None:
    path = made(writer, **form)
    answer = writer.post(f"{path}/submit")

    assert answer.status_code == status, answer.text
    assert row().status == CampaignStatus.DRAFT
    assert code


@pytest.mark.parametrize(
    "form",
    [
        {"name": ""},
        {"campaign_class": "spam"},
        {"service_event": "birthday"},
        {"rate_per_second": "0"},
        {"rate_per_second": "１０"},
        {"control_percent": "51"},
        {"starts_at": "tomorrow"},
        {"followed_days": "-1"},
        {"ordered": "maybe"},
        {"landing": "PD0"},
    ],
)
def test_nonsense_makes_no_campaign(writer: Desk, form: dict[str, str]) -> None:
    assert writer.post("/campaigns", **{**FORM, **form}).status_code == 400
    assert db.session.scalars(select(Campaign)).all() == []


def test_the_editor_shows_a_campaign_as_it_is(writer: Desk) -> None:
    """Whoever mends a word and saves changes nothing else: not how many are held out, nor how often people hear."""
    unusual = {
        "service_event": "order_refunded",
        "event_days": "7",
        "rate_per_second": "5",
        "control_percent": "20",
        "cap_messages": "1",
        "cap_days": "7",
        "starts_at": "2040-01-02T09:30",
        "followed_days": "11",
        "quiet_days": "45",
        "ordered": "paid",
        "is_list": "1",
    }
    path = made(writer, **unusual)
    before = Plan.of(row())
    assert (
        writer.post(f"{path}/edit", **shown_in(writer.get(f"{path}/edit").text)).status_code == 302
    )
    assert Plan.of(row()) == before
    shown = shown_in(writer.get(f"{path}/edit").text)
    assert {name: shown[name] for name in unusual} == unusual


def shown_in(page: str) -> dict[str, str]:
    """What a browser would send of the editor, saved as it was opened."""
    (form,) = re.findall(r'<form method="post" action="[^"]*/edit">.*?</form>', page, re.DOTALL)
    sent: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        has = dict(re.findall(r'(\S+?)="([^"]*)"', tag))
        if has.get("type") != "checkbox" or " checked" in tag:
            sent[has["name"]] = html.unescape(has.get("value", ""))
    for name, said in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', form):
        sent[name] = html.unescape(said)
    for name, offered in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form):
        options = re.findall(r'<option value="([^"]*)"( selected)?', offered)
        chosen = [value for value, is_chosen in options if is_chosen]
        sent[name] = (chosen or [options[0][0]])[0]
    return sent


def test_a_refused_form_comes_back_as_it_was_typed(writer: Desk) -> None:
    typed = {**FORM, "name": "写了很久的活动", "quiet_days": "45", "rate_per_second": "900"}
    refused = writer.post("/campaigns", **typed)
    assert refused.status_code == 400
    for kept in ("写了很久的活动", 'value="45"', 'value="900"', "提醒已购机客户领取发票"):
        assert kept in refused.text
    assert "应为 1 到 500 的整数" in refused.text
    assert 'aria-describedby="fault-rate_per_second"' in refused.text

    path = made(writer)
    again = writer.post(f"{path}/edit", **{**FORM, "purpose": "改过的目的", "landing": "PD0"})
    assert again.status_code == 400
    assert "改过的目的" in again.text
    assert "没有这个商品" in again.text
    assert row().purpose == FORM["purpose"]


def test_what_is_stopped_for_good_is_asked_for_twice_and_says_for_how_many(
    writer: Desk, reader: Desk, run_jobs: Callable[[], None], world: World
) -> None:
    (bob,) = followers(["Bob"])
    paid(bob)
    brought(bob, world.alice_id)
    page = reader.get(going(writer, reader, run_jobs)).text
    assert "确认终止" in page
    assert "还没有发送的 1 人不再发送" in page


def test_somebody_else_may_answer_for_a_finding_and_is_remembered(
    writer: Desk, reader: Desk, desk_of: Desks
) -> None:
    path = made(writer, **{"field-A-thing2": "活动报名已受理"})
    assert "违反规则" in writer.get(path).text
    assert writer.post(f"{path}/override", revision="1", reason="就要发").status_code == 403
    assert reader.post(f"{path}/override", revision="1", reason="就要发").status_code == 403
    manager, said = desk_of("manager"), "活动是客户自己报名的"
    assert 'name="revision" value="1"' in manager.get(path).text
    assert manager.post(f"{path}/override", revision="1", reason="").status_code == 400
    assert manager.post(f"{path}/override", revision="2", reason=said).status_code == 409
    assert manager.post(f"{path}/override", revision="1", reason=said).status_code == 302
    assert writer.post(f"{path}/submit").status_code == 302

    db.session.rollback()
    event = db.session.scalars(select(CampaignEvent).where(CampaignEvent.rule.is_not(None))).one()
    assert (event.rule, event.note) == ("marketing_words", "活动是客户自己报名的")
    writer.post(f"{path}/edit", **{**FORM, "field-A-thing2": "活动报名已受理"})
    assert writer.post(f"{path}/submit").status_code == 409, "an edit is another text"


def test_whoever_wrote_in_it_does_not_answer_for_it(writer: Desk, desk_of: Desks) -> None:
    path, manager = made(writer), desk_of("manager")
    claims = {**FORM, "field-A-thing2": "活动报名已受理"}
    assert manager.post(f"{path}/edit", **claims).status_code == 302
    assert "可由编写人以外的同事" in manager.get(path).text
    answer = manager.post(f"{path}/override", revision="2", reason="我写的我负责")

    assert answer.status_code == 403
    assert writer.post(f"{path}/submit").status_code == 409
    assert desk_of("south").post(f"{path}/override", revision="2", reason="可以").status_code == 302


def test_a_list_tells_who_was_not_found_and_is_gone_once_frozen(
    writer: Desk, world: World, run_jobs: Callable[[], None]
) -> None:
    (zoe,) = followers(["Zoe00000"])
    paid(zoe)
    with transaction():
        bob, now = world.bob.member_id, clock.now()
        prove_phone(member_id=bob, phone="13800000002", vault=vault(), now=now)
    path = made(writer, is_list="1")
    lines = "138 0000 0002\n13800000002\n\noZoe00000,x\noNobody000\n13900000000\n营业厅\n"
    assert writer.post(f"{path}/list", list=lines).status_code == 302
    page = writer.get(path).text
    assert "共 6 行，匹配 2 行（33%）" in page
    assert "没有这个手机号的会员" in page
    db.session.rollback()
    entries = db.session.scalars(select(ListEntry)).all()
    kept = [entry.sealed or b"" for entry in entries]
    assert all(kept)
    assert all(b"1380000" not in sealed and b"oZoe" not in sealed for sealed in kept)

    writer.post(f"{path}/submit")
    run_jobs()
    db.session.rollback()
    left = db.session.scalars(select(ListEntry).order_by(ListEntry.position)).all()
    assert all((entry.sealed, entry.identity_id) == (None, None) for entry in left)
    assert [(entry.position, entry.miss) for entry in left] == MISSED
    assert {each.identity_id for each in db.session.scalars(select(Recipient))} <= {
        zoe,
        world.bob.identity_id,
    }
    assert member_of(zoe)


def test_the_lines_that_named_nobody_are_listed_by_number_and_reason_before_and_after_freezing(
    writer: Desk, desk_of: Desks, world: World, run_jobs: Callable[[], None]
) -> None:
    (zoe,) = followers(["Zoe00000"])
    paid(zoe)
    assert world
    path = made(writer, is_list="1")
    lines = "手机号\noZoe00000\n\n13900000000\noZoe00000\n13900000001\n"
    assert writer.post(f"{path}/list", list=lines).status_code == 302

    def told(**query: str) -> list[str]:
        page, file = (
            writer.get(f"{path}/{name}", **query).text for name in ("misses", "misses.csv")
        )
        rows = re.findall(r'<td class="num">(\d+)</td><td>([^<]+)</td>', page)
        assert f"共 {len(rows)} 条" in page
        assert file.splitlines()[1:] == [",".join(row) for row in rows]
        return [number for number, _ in rows]

    for is_frozen in (False, True):
        if is_frozen:
            writer.post(f"{path}/submit")
            run_jobs()
        assert f"{path}/misses?miss=unknown_phone" in writer.get(path).text
        assert told() == ["1", "4", "5", "6"]
        assert told(miss="unknown_phone") == ["4", "6"]
        assert told(miss="nonsense") == []
        said = "名单内容已在锁定名单时删除" if is_frozen else "空行也计数"
        page = writer.get(f"{path}/misses").text
        assert said in page
        assert "139" not in page
    assert desk_of("north").get(f"{path}/misses.csv").status_code == 404
    writer.post(f"{path}/withdraw")
    again = writer.get(path).text
    assert "匹配 0 行" not in again  # those who matched are deleted, not unmatched
    assert "请导入名单" in again


def test_a_long_list_is_looked_up_some_hundreds_at_once(writer: Desk, world: World) -> None:
    assert world
    path = made(writer, is_list="1")
    lines = "\n".join(f"138{n:08d}\noNobody{n:05d}" for n in range(600))
    with questions() as asked:
        assert writer.post(f"{path}/list", list=lines).status_code == 302

    assert len(asked) < 50
    assert "共 1200 行，匹配 0 行" in writer.get(path).text


def test_a_promotion_reaches_only_who_agreed_or_wrote(
    writer: Desk, world: World, run_jobs: Callable[[], None]
) -> None:
    agreed(world.bob.identity_id)
    path = made(writer, **OFFERED)
    writer.post(f"{path}/submit")
    run_jobs()

    assert "订阅通知" in writer.get(path).text
    db.session.rollback()
    found = db.session.scalars(select(Recipient)).all()
    assert [(each.identity_id, each.way) for each in found] == [
        (world.bob.identity_id, "subscription")
    ], "Nora is the north's customer"


def test_campaigns_are_seen_within_the_own_subtree_only(
    writer: Desk, desk_of: Desks, platform: Platform
) -> None:
    path = made(writer)
    stranger = desk_of("north")

    assert stranger.get(path).status_code == 404
    assert row().number not in stranger.get("/campaigns").text
    for verb in ("edit", "submit", "approve", "refuse", "pause", "resume", "stop", "start", "list"):
        assert stranger.post(f"{path}/{verb}", **{**FORM, "revision": "1"}).status_code == 404
    assert desk_of("clerk").get("/campaigns").status_code == 403
    assert row().status == CampaignStatus.DRAFT
    assert platform.calls == 0
    assert row().appid == CITY
