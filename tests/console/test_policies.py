"""The attribution policy in the console: written by one person, agreed to by another, never backwards."""

import re
from datetime import timedelta
from html import unescape
from typing import Any, cast

import pytest
from flask import Flask
from sqlalchemy import select

from console.audit_words import act_words, change_line
from console.policy_forms import rows_of
from demo.story import credit
from demo.story.frame import Story
from orders.models import OrderLine
from referral.models import PolicyVersion
from referral.policy_models import PolicyDraft
from referral.proofs import policy_in_force
from referral.values import TouchKind
from tests.console.conftest import Desks
from tests.console.desk import Desk
from tests.console.policies import (
    DAY,
    NOTE,
    PASSING,
    drafted,
    first,
    form,
    later,
    second,
    typed,
    versions,
)
from tests.console.test_kept_forms import shown
from tests.console.world import World, buy, known, share, touch
from tests.rows import rows
from wx_backend import clock
from wx_backend.audit import AuditEntry
from wx_backend.clock import SHANGHAI
from wx_backend.db import db, transaction

__all__ = ["first", "later", "second"]


def test_the_page_tells_the_policy_in_sentences_and_that_nothing_is_special(first: Desk) -> None:
    page = first.get("/policies").text
    for words in (
        "下单前 30 天内的接触有效",
        "7 天内受保护",
        "发展人得 70%",
        "受理人得 30%",
        "锁定前 10 分钟内",
        "没有例外",
        "系统初始",
        "还没有草案",
        "还没有被替换的版本",
        "起草新版本",
    ):
        assert words in page, words


@pytest.mark.usefixtures("later")
def test_two_persons_make_a_version_that_decides_from_its_moment_on(
    app: Flask, desk_of: Desks, first: Desk, second: Desk, world: World
) -> None:
    """A line keeps the version it was placed under; the next one goes by the new one."""
    path = drafted(first, **{"channel-0": "own_hall", "window_days-0": "60"})
    waiting = second.get(path).text
    for words in ("7 天", "14 天", "例外：自有营业厅", "有效期 60 天", "延长保护期"):
        assert words in waiting, words
    assert "归属规则 <strong>1</strong>" in second.get("/").text
    assert "归属规则 <strong>" not in first.get("/").text
    before = rows(but=PASSING)
    assert second.post(f"{path}/approve", **NOTE).status_code == 302
    after = rows(but=PASSING)
    assert {table for table in before if before[table] != after[table]} == {
        *("policy_draft", "policy_version")
    }
    assert "待生效" in second.get("/policies").text
    assert policy_in_force(clock.now()).version == 1

    dora, eve = known("Dora"), known("Eve")
    for each in (dora, eve):
        touch(each, share(world.alice_id), kind=TouchKind.SUBSCRIBE, ago=10 * DAY)
        touch(each, share(world.nils_id), kind=TouchKind.SCAN, ago=DAY / 2)
    old = buy(dora, world.wares, world.tree.hall)
    assert old.rep_number == world.nils_number
    clock._offset.value += 1.5 * DAY
    new = buy(eve, world.wares, world.tree.hall)
    assert new.rep_number == world.alice_number
    told = credit.lines_keep_their_policy(Story(cast(Any, None), cast(Any, None), db.engine, app))
    assert told == "2 versions of the policy"
    placed = {
        line.order_id: line.policy_version
        for line in db.session.scalars(
            select(OrderLine).where(OrderLine.order_id.in_({old.id, new.id}))
        )
    }
    assert placed == {old.id: 1, new.id: 2}
    page = desk_of("root").get("/policies").text
    for words in (
        "14 天内受保护",
        "自有营业厅：有效期 60 天",
        "总监 审批：已与省公司核对",
        "第 1 版",
    ):
        assert words in page, words


def test_both_persons_are_in_the_trail(first: Desk, second: Desk) -> None:
    path = drafted(first)
    assert second.post(f"{path}/approve", **NOTE).status_code == 302
    db.session.rollback()
    entries = {each.what: each for each in db.session.scalars(select(AuditEntry))}
    asked = entries["console.policies.create"]
    agreed = entries["console.policies.approve"]
    assert asked.actor != agreed.actor
    assert (asked.reason, agreed.reason) == ("延长保护期", NOTE["note"])
    assert act_words(agreed.what) == "批准归属规则"
    told = "\n".join(change_line(change) for change in agreed.changes)
    assert "新增 归属规则" in told
    assert "verdict：— → approved" in told


@pytest.mark.parametrize("login", ["south", "manager", "marketer", "city"])
def test_who_does_not_hold_every_outlet_reads_and_changes_nothing(
    desk_of: Desks, first: Desk, login: str
) -> None:
    path, desk = drafted(first), desk_of(login)
    page = desk.get("/policies").text
    assert "7 天内受保护" in page
    assert "起草新版本" not in page
    before = rows(but=PASSING)
    for answer in (
        *(desk.get("/policies/new"), desk.get(path), desk.post("/policies/new", **form())),
        *(desk.post(f"{path}/{verb}", **NOTE) for verb in ("approve", "refuse", "withdraw")),
    ):
        assert answer.status_code == 403
    assert rows(but=PASSING) == before


WRONG = [
    ({"window_days": "0"}, "window_days", "必须是 1 到 3650 之间的整数"),
    ({"window_days": ""}, "window_days", "必须是"),
    ({"window_days": "三十"}, "window_days", "必须是"),
    ({"protection_days": "31"}, "protection_days", "保护期不能长于有效期"),
    ({"developer_percent": "100.5"}, "developer_percent", "0 到 100"),
    ({"developer_percent": "七成"}, "developer_percent", "0 到 100"),
    ({"developer_percent": "33.333"}, "developer_percent", "0 到 100"),
    ({"flash_recent_minutes": "1441"}, "flash_recent_minutes", "必须是 0 到 1440"),
    ({"window_days-1": "60"}, "channel-1", "必须指定渠道类别或商品类别"),
    ({"channel-2": "own_hall"}, "window_days-2", "至少填写一项"),
    ({"channel-0": "moon", "window_days-0": "9"}, "channel-0", "没有这个渠道"),
    ({"category-0": "moon", "window_days-0": "20"}, "category-0", "没有这个商品类别"),
    ({"channel-1": "own_hall", "window_days-1": "x"}, "window_days-1", "必须是"),
    ({"channel-1": "partner", "developer_percent-1": "-1"}, "developer_percent-1", "0 到 100"),
    ({"channel-1": "partner", "window_days-1": "7"}, "window_days-1", "合作渠道：保护期不能长于"),
    ({"channel-1": "partner", "protection_days-1": "31"}, "protection_days-1", "合作渠道：保护期"),
    (
        {
            "channel-0": "partner",
            "window_days-0": "60",
            "channel-2": "partner",
            "window_days-2": "50",
        },
        "channel-2",
        "只能设置一次",
    ),
    ({"valid_from": "2026-01-01T00:00"}, "valid_from", "不能补记过去"),
    ({"valid_from": "2099-01-01T00:00"}, "valid_from", "一年"),
    ({"valid_from": "soon"}, "valid_from", "时间格式"),
    ({"valid_from": ""}, "valid_from", "必填"),
    ({"reason": " "}, "reason", "必填"),
    ({"protection_days": "7"}, "", "完全相同"),
]


@pytest.mark.parametrize(("wrong", "field", "words"), WRONG)
def test_what_cannot_be_is_said_beside_its_field_and_nothing_typed_is_lost(
    first: Desk, wrong: dict[str, str], field: str, words: str
) -> None:
    sent = form(**wrong)
    answer = first.post("/policies/new", **sent)
    assert answer.status_code == 400
    page = unescape(answer.text)
    found = re.search(rf'id="fault-{field}">([^<]*)<', page) if field else None
    assert words in (found[1] if found else "" if field else page), page[:9000]
    assert {each for each in sent.values() if each != "moon"} <= shown(answer.text) | {""}
    db.session.rollback()
    assert db.session.scalars(select(PolicyDraft)).all() == []


def test_more_rows_keep_what_was_typed(first: Desk) -> None:
    sent = form(**{"channel-2": "partner", "window_days-2": "45", "valid_from": ""})
    answer = first.post("/policies/new", **sent, more="1")
    assert answer.status_code == 200
    assert {"45", "partner"} <= shown(answer.text)
    assert 'name="channel-5"' in answer.text
    assert 'name="channel-6"' not in answer.text
    assert rows_of({"channel-99": "", "channel-x": "", "channel-1234": ""}) == 50


def test_a_draft_waits_alone_and_a_refused_one_can_be_written_anew(
    first: Desk, second: Desk
) -> None:
    path = drafted(first, **{"channel-0": "partner", "developer_percent-0": "66.67"})
    another = second.post("/policies/new", **form(window_days="40"))
    assert another.status_code == 409
    assert "已有一份草案等待审批" in another.text
    assert "40" in shown(another.text)
    assert path in second.get("/policies/new").text
    assert first.post(f"{path}/refuse", **NOTE).status_code == 403
    silent = second.post(f"{path}/refuse", note=" ")
    assert silent.status_code == 400
    assert 'id="fault-note"' in silent.text
    assert second.post(f"{path}/approve").status_code == 400
    assert second.post(f"{path}/refuse", note="比例要与财务商量").status_code == 302
    assert "比例要与财务商量" in first.get(path).text
    anew = first.get("/policies/new", like=path.rpartition("/")[2]).text
    assert {"14", "66.67", "partner", "延长保护期"} <= shown(anew)
    assert versions() == [1]
    assert drafted(second) != path
    page = first.get("/policies").text
    assert "已驳回" in page
    assert "待审批" in page


@pytest.mark.usefixtures("later")
def test_whose_moment_has_come_before_anybody_agreed_is_not_backdated(
    first: Desk, second: Desk
) -> None:
    path = drafted(first, valid_from=typed(clock.now() + timedelta(minutes=15)))
    clock._offset.value += timedelta(minutes=10)
    answer = second.post(f"{path}/approve", note="同意")
    assert answer.status_code == 409
    assert "改期后重新提交" in answer.text
    assert "同意" in shown(answer.text)
    assert versions() == [1]
    assert first.post(f"{path}/withdraw").status_code == 302


def test_two_versions_do_not_begin_at_one_moment(first: Desk, second: Desk) -> None:
    moment = typed(clock.now() + DAY)
    path = drafted(first, valid_from=moment)
    assert second.post(f"{path}/approve", **NOTE).status_code == 302
    answer = first.post("/policies/new", **form(valid_from=moment, window_days="40"))
    assert answer.status_code == 400
    assert "第 2 版已在这个时间生效" in answer.text
    sooner = drafted(first, valid_from=typed(clock.now() + DAY / 2), window_days="40")
    assert second.post(f"{sooner}/approve", **NOTE).status_code == 302
    assert versions() == [1, 2, 3]
    for ahead, version in ((DAY / 4, 1), (DAY * 3 / 4, 3), (2 * DAY, 2)):
        assert policy_in_force(clock.now() + ahead).version == version


def test_a_draft_says_until_when_it_would_hold_where_a_later_version_was_agreed_to(
    first: Desk, second: Desk
) -> None:
    late = clock.now() + 2 * DAY
    end = f"{late.astimezone(SHANGHAI):%Y-%m-%d %H:%M:00}"
    path = drafted(first, valid_from=typed(late))
    alone = second.get(path).text
    assert "失效" not in alone
    assert "止下的订单" not in alone
    assert second.post(f"{path}/approve", **NOTE).status_code == 302
    sooner = drafted(first, window_days="40")
    page = second.get(sooner).text
    assert f"<dt>失效</dt><dd>{end}" in page
    assert f"至 {end} 止下的订单按草案判定" in page
    assert second.post(f"{sooner}/approve", **NOTE).status_code == 302
    assert f"<dt>失效</dt><dd>{end}" in second.get(sooner).text
    last = drafted(first, valid_from=typed(late + DAY), window_days="50")
    assert "失效" not in second.get(last).text
    assert second.post(f"{last}/refuse", **NOTE).status_code == 302


@pytest.mark.usefixtures("later")
def test_a_new_draft_begins_with_the_last_version_to_begin_and_says_so(
    desk_of: Desks, first: Desk, second: Desk
) -> None:
    """Whoever drafts for after version 2 does not take back what it changes, unless he means to."""
    assert "以第 1 版为基础" in first.get("/policies/new").text
    behind = form(basis="1", window_days="41", valid_from="")
    assert "以第 1 版为基础" in first.post("/policies/new", **behind).text
    assert second.post(f"{drafted(first)}/approve", **NOTE).status_code == 302
    page = first.get("/policies/new").text
    assert "以第 2 版为基础" in page
    assert "待生效" in page
    assert "不在本表单里" not in page
    assert "14" in shown(page)
    stale = unescape(first.post("/policies/new", **behind).text)
    assert "以第 1 版为基础" in stale
    assert "第 2 版将于" in stale
    assert "它的变更不在本表单里" in stale
    refused = drafted(first, valid_from=typed(clock.now() + DAY / 2), window_days="44")
    assert second.post(f"{refused}/refuse", **NOTE).status_code == 302
    anew = first.get("/policies/new", like=refused.rpartition("/")[2]).text
    assert "以第 1 版为基础" in anew
    assert "它的变更不在本表单里" in anew
    for nonsense in ("", "9", "x", "1 "):
        answer = first.post("/policies/new", **form(basis=nonsense, valid_from=""))
        assert answer.status_code == 400
        assert "为基础" not in answer.text
    clock._offset.value += 1.5 * DAY
    page = desk_of("root").get("/policies/new").text
    assert "以第 2 版为基础" in page
    assert "待生效" not in page


def test_a_version_somebody_else_added_meanwhile_is_not_written_over(
    first: Desk, second: Desk
) -> None:
    path = drafted(first)
    with transaction() as session:
        session.add(PolicyVersion(version=2, settings={}, valid_from=clock.now() + 3 * DAY))
    answer = second.post(f"{path}/approve", **NOTE)
    assert answer.status_code == 409
    assert versions() == [1, 2]
    assert second.post(f"{path}/refuse", **NOTE).status_code == 302


def test_whoever_decides_reads_first_what_it_would_have_come_to(
    first: Desk, second: Desk, world: World
) -> None:
    dora = known("Dora")
    touch(dora, share(world.alice_id), kind=TouchKind.SUBSCRIBE, ago=10 * DAY)
    touch(dora, share(world.nils_id), kind=TouchKind.SCAN, ago=DAY / 2)
    sold = buy(dora, world.wares, world.tree.hall)
    path = drafted(first)
    before, page = rows(but=PASSING), second.get(path).text
    for words in ("共 3 行，全部试算", "<strong>1 行</strong>的结果会不同", "尼尔斯 100%"):
        assert words in page, words
    assert f"/console/receipts/{sold.receipt}" in page
    assert rows(but=PASSING) == before
    assert second.post(f"{path}/approve", **NOTE).status_code == 302
    assert "试算" not in second.get(path).text
    assert world.nils_number == sold.rep_number


@pytest.mark.usefixtures("later")
def test_the_trial_tells_what_the_draft_changes_and_not_what_a_version_before_it_did(
    desk_of: Desks, first: Desk, second: Desk, world: World
) -> None:
    """Dora's line is Nils' under version 1; version 2, to come and in force, makes such lines Alice's."""
    dora = known("Dora")
    touch(dora, share(world.alice_id), kind=TouchKind.SUBSCRIBE, ago=10 * DAY)
    touch(dora, share(world.nils_id), kind=TouchKind.SCAN, ago=DAY / 2)
    buy(dora, world.wares, world.tree.hall)
    assert second.post(f"{drafted(first)}/approve", **NOTE).status_code == 302
    minutes = {"flash_recent_minutes": "20"}
    after = drafted(first, **minutes, valid_from=typed(clock.now() + 2 * DAY))
    page = second.get(after).text
    assert "分别用第 2 版和草案判定" in page
    assert "<strong>没有一行</strong>的结果会不同" in page
    assert first.post(f"{after}/withdraw").status_code == 302
    sooner = drafted(first, valid_from=typed(clock.now() + DAY / 2))
    page = second.get(sooner).text
    assert "分别用第 1 版和草案判定" in page
    assert "<strong>1 行</strong>的结果会不同" in page
    assert first.post(f"{sooner}/withdraw").status_code == 302
    clock._offset.value += 1.5 * DAY
    page = desk_of("chief").get(drafted(desk_of("root"), **minutes)).text
    assert "分别用第 2 版和草案判定" in page
    assert "<strong>没有一行</strong>的结果会不同" in page
