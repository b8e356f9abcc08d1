"""A version of the attribution policy that has not begun is called off, with a reason, and never decides."""

from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any, cast

import pytest
from flask import Flask
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError

from console.audit_words import act_words
from demo.story import credit
from demo.story.frame import Story
from referral.models import PolicyCallOff, PolicyVersion
from referral.policy_drafts import (
    approve_draft,
    call_off_version,
)
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
    staff_id,
    typed,
    versions,
)
from tests.console.world import World, buy, known, share, touch
from tests.racing import race
from tests.rows import rows
from wx_backend import clock
from wx_backend.audit import AuditEntry
from wx_backend.db import db, retried, transaction
from wx_backend.errors import AppError

__all__ = ["first", "later", "second"]


@pytest.mark.usefixtures("later")
def test_a_version_that_has_not_begun_is_called_off_and_never_decides(
    app: Flask, desk_of: Desks, first: Desk, second: Desk, world: World
) -> None:
    path = drafted(first)
    assert second.post(f"{path}/approve", **NOTE).status_code == 302
    page = second.get("/policies").text
    assert "取消这一版" in page
    before = rows(but=PASSING)
    assert second.post("/policies/2/call-off", reason="与省公司口径不符").status_code == 302
    after = rows(but=PASSING)
    assert {table for table in before if before[table] != after[table]} == {"policy_call_off"}
    for words in ("生效前取消的版本", "总监 于", "与省公司口径不符", "14 天内受保护"):
        assert words in second.get("/policies").text, words
    told = first.get(path).text
    for page in (told, second.get("/policies").text):
        assert "已取消" in page
        assert "已通过" not in page
    assert "待生效" not in second.get("/policies").text
    assert "与省公司口径不符" in told
    assert "以此为基础重新起草" in told
    assert "以第 1 版为基础" in first.get("/policies/new").text
    assert policy_in_force(clock.now() + 2 * DAY).version == 1
    db.session.rollback()
    entries = {each.what: each for each in db.session.scalars(select(AuditEntry))}
    acted = entries["console.policies.call_off"]
    assert act_words(acted.what) == "取消归属规则版本"
    assert acted.reason == "与省公司口径不符"

    dora = known("Dora")
    touch(dora, share(world.alice_id), kind=TouchKind.SUBSCRIBE, ago=10 * DAY)
    touch(dora, share(world.nils_id), kind=TouchKind.SCAN, ago=DAY / 2)
    clock._offset.value += 1.5 * DAY
    sold = buy(dora, world.wares, world.tree.hall)
    assert sold.rep_number == world.nils_number
    told = credit.lines_keep_their_policy(Story(cast(Any, None), cast(Any, None), db.engine, app))
    assert told == "2 versions of the policy"
    again = drafted(desk_of("root"), window_days="40")
    assert "分别用第 1 版和草案判定" in desk_of("chief").get(again).text
    assert desk_of("chief").post(f"{again}/approve", **NOTE).status_code == 302
    assert versions() == [1, 2, 3]
    assert policy_in_force(clock.now() + 2 * DAY).version == 3


@pytest.mark.usefixtures("later")
def test_what_cannot_be_called_off_is_not(first: Desk, second: Desk) -> None:
    """What decides or did, what is about to, what is not there, what was called off before; and not silently."""
    moment = clock.now() + timedelta(minutes=20)
    path = drafted(first, valid_from=typed(moment))
    assert second.post(f"{path}/approve", **NOTE).status_code == 302
    late = drafted(first, valid_from=typed(clock.now() + DAY), window_days="40")
    assert second.post(f"{late}/approve", **NOTE).status_code == 302
    before = rows(but=PASSING)
    silent = second.post("/policies/3/call-off", reason=" ")
    assert silent.status_code == 400
    assert 'id="fault-reason"' in silent.text
    assert second.post("/policies/9/call-off", reason="x").status_code == 404
    assert second.post("/policies/1/call-off", reason="x").status_code == 409
    clock._offset.value += timedelta(minutes=19, seconds=5)
    answer = second.post("/policies/2/call-off", reason="太晚了")
    assert answer.status_code == 409
    assert "不能取消" in answer.text
    clock._offset.value += timedelta(minutes=5)
    assert second.post("/policies/2/call-off", reason="太晚了").status_code == 409
    assert rows(but=PASSING) == before
    assert second.post("/policies/3/call-off", reason="写错了").status_code == 302
    again = second.post("/policies/3/call-off", reason="再来一次")
    assert again.status_code == 409
    assert "已经取消" in again.text
    db.session.rollback()
    moment = db.session.get_one(PolicyVersion, 3).valid_from
    taken = first.post("/policies/new", **form(valid_from=typed(moment)))
    assert "虽已取消" in taken.text


@pytest.mark.parametrize("login", ["south", "manager", "marketer", "city"])
def test_who_may_not_change_the_policy_calls_nothing_off(
    desk_of: Desks, first: Desk, second: Desk, login: str
) -> None:
    assert second.post(f"{drafted(first)}/approve", **NOTE).status_code == 302
    assert "取消这一版" not in desk_of(login).get("/policies").text
    assert desk_of(login).post("/policies/2/call-off", reason="x").status_code == 403
    assert policy_in_force(clock.now() + 2 * DAY).version == 2


def test_of_many_who_call_off_at_once_one_does(app: Flask, first: Desk, second: Desk) -> None:
    assert second.post(f"{drafted(first)}/approve", **NOTE).status_code == 302
    who = staff_id("root")
    db.session.rollback()

    def work(_: int) -> bool:
        with suppress(AppError):
            retried(
                lambda: call_off_version(version=2, reason="误批", staff_id=who, now=clock.now())
            )
            return True
        return False

    assert race(app, work, times=4).count(True) == 1


def test_who_calls_off_while_another_agrees_to_a_later_one_changes_that_one_alone(
    app: Flask, first: Desk, second: Desk
) -> None:
    assert second.post(f"{drafted(first)}/approve", **NOTE).status_code == 302
    later = drafted(first, window_days="40", valid_from=typed(clock.now() + 2 * DAY))
    draft_id, root, chief = int(later.rpartition("/")[2]), staff_id("root"), staff_id("chief")
    db.session.rollback()
    now = clock.now()
    acts = (
        partial(call_off_version, version=2, reason="误批", staff_id=root, now=now),
        partial(approve_draft, draft_id=draft_id, note="同意", staff_id=chief, now=now),
    )

    def work(number: int) -> bool:
        retried(acts[number])
        return True

    assert race(app, work, times=2) == [True, True]
    assert [policy_in_force(now + ahead * DAY).version for ahead in (0, 1.5, 3)] == [1, 1, 3]


def test_a_crash_in_the_middle_calls_nothing_off(first: Desk, second: Desk) -> None:
    assert second.post(f"{drafted(first)}/approve", **NOTE).status_code == 302
    who, before = staff_id("root"), rows()
    with suppress(KeyboardInterrupt), transaction():
        call_off_version(version=2, reason="误批", staff_id=who, now=clock.now())
        raise KeyboardInterrupt
    assert rows() == before


def test_the_database_takes_no_call_off_of_what_has_begun_and_changes_none(
    first: Desk, second: Desk
) -> None:
    assert second.post(f"{drafted(first)}/approve", **NOTE).status_code == 302
    who = staff_id("root")
    db.session.rollback()
    begins = db.session.get_one(PolicyVersion, 2).valid_from
    db.session.rollback()
    sound = {"version": 2, "valid_from": begins, "reason": "x", "staff_id": who}
    for wrong in (
        {**sound, "called_off_at": begins},
        {**sound, "called_off_at": clock.now(), "valid_from": begins + DAY},
        {**sound, "called_off_at": clock.now(), "reason": ""},
    ):
        with pytest.raises(DBAPIError), transaction() as session:
            session.execute(insert(PolicyCallOff).values(wrong))
    retried(lambda: call_off_version(version=2, reason="误批", staff_id=who, now=clock.now()))
    for sql in ("UPDATE policy_call_off SET reason = 'y'", "DELETE FROM policy_call_off"):
        with pytest.raises(DBAPIError), transaction() as session:
            session.execute(text(sql))
