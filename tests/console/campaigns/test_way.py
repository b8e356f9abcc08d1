"""Campaigns in the console: written, agreed to by another, sent, seen by their own part only."""

from collections.abc import Callable
from datetime import datetime

import pytest
import time_machine
from sqlalchemy import select

from campaigns.models import CampaignEvent, CampaignStatus, Recipient
from tests.campaigns.cast import CITY, NOON, NOTICE, OFFER
from tests.campaigns.platform import Platform
from tests.console.campaigns.conftest import FORM, OFFERED, events, made, row
from tests.console.conftest import Desks
from tests.console.desk import Desk
from wx_backend.db import db


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
