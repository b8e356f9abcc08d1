"""What a campaign that is held up says: by the night, a stop, a pause or WeChat, and how it goes on."""

from collections.abc import Callable
from datetime import time

import pytest

from campaigns import rules
from campaigns.models import CampaignStatus
from flows.campaign.quotas import rest_until_tomorrow
from tests.campaigns.cast import brought, followers, paid
from tests.campaigns.platform import Platform
from tests.console.campaigns.conftest import FORM, going, row
from tests.console.desk import Desk
from tests.console.world import World
from wx_backend import clock
from wx_backend.db import transaction
from wx_backend.stops import Line, stop


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
    assert "00:10:00 自动" not in page
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


def test_what_is_stopped_for_good_is_asked_for_twice_and_says_for_how_many(
    writer: Desk, reader: Desk, run_jobs: Callable[[], None], world: World
) -> None:
    (bob,) = followers(["Bob"])
    paid(bob)
    brought(bob, world.alice_id)
    page = reader.get(going(writer, reader, run_jobs)).text
    assert "确认终止" in page
    assert "还没有发送的 1 人不再发送" in page
