"""A refused form of rates, reps, console users or places comes back as it was typed, saying what is wrong."""

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import func, select

from org.models import OrgNode, Rep, Staff
from settlement.changes.models import RateProposal
from tests.console.conftest import Desks
from wx_backend import clock
from wx_backend.clock import business_on
from wx_backend.db import db

TODAY = business_on(clock.now())
TOMORROW = TODAY + timedelta(days=1)
WHEN = {"valid_from": TOMORROW.isoformat(), "reason": "夏季促销"}
RATE = {
    **WHEN,
    "subject": "rate",
    "receiver": "outlet",
    "kind": "percent",
    "value": "6.00",
    "volume_of": "outlet",
}
STEPS = {**WHEN, "subject": "vesting", "product_kind": "goods", "milestone0": "received"}
MANAGER = {**WHEN, "subject": "manager", "outlet": "SC1"}
PLACE = {"tier": "outlet", "code": "SC9", "name": "新街营业厅", "phone": "020-1234"}
STAFF = {
    "login": "newcomer",
    "name": "新来的人",
    "role": "manager",
    "place": "SC",
    "reason": "新店开业",
}
REP = {"name": "新来的", "outlet": "O1", "channel_class": "own_hall", "title": "组长"}

REFUSED = [
    ("root", "/rates/proposals", {**RATE, "value": "3.333"}, 400, "value"),
    ("root", "/rates/proposals", {**RATE, "value": "101"}, 400, "value"),
    ("root", "/rates/proposals", {**RATE, "product": "PD404"}, 400, "product"),
    ("root", "/rates/proposals", {**RATE, "tiers": "10: 6\n5: 7"}, 400, "tiers"),
    ("root", "/rates/proposals", {**RATE, "valid_from": TODAY.isoformat()}, 400, "valid_from"),
    ("root", "/rates/proposals", {**RATE, "valid_until": TODAY.isoformat()}, 400, "valid_until"),
    ("root", "/rates/proposals", {**RATE, "reason": " "}, 400, "reason"),
    ("root", "/rates/proposals", {**STEPS, "part0": "90", "days0": "7"}, 400, "steps"),
    ("root", "/rates/proposals", {**STEPS, "part0": "100", "days0": "soon"}, 400, "days0"),
    ("root", "/rates/proposals", {**STEPS, "part0": "100", "days0": "401"}, 400, "steps"),
    ("root", "/rates/proposals", {**MANAGER, "outlet": "S"}, 400, "outlet"),
    ("root", "/rates/proposals", {**MANAGER, "rep": "404"}, 400, "rep"),
    ("root", "/rates/proposals", {**WHEN, "subject": "bearer", "bearer": "nobody"}, 400, "bearer"),
    ("south", "/reps/new", {**REP, "name": " "}, 400, "name"),
    ("south", "/reps/new", {**REP, "channel_class": "moon"}, 400, "channel_class"),
    ("south", "/reps/new", {**REP, "staff_number": "SN 9"}, 400, "developer_code"),
    ("south", "/reps/new", {**REP, "outlet": "SC"}, 404, ""),
    ("south", "/staff", {**STAFF, "login": "New Comer"}, 400, "login"),
    ("south", "/staff", {**STAFF, "login": "south"}, 409, "login"),
    ("south", "/staff", {**STAFF, "role": ""}, 400, "role"),
    ("manager", "/places/SC/below", PLACE, 403, None),
    ("south", "/places/SC/below", {**PLACE, "code": "../x"}, 400, "code"),
    ("south", "/places/SC/below", {**PLACE, "code": "SC1"}, 409, "code"),
    ("south", "/places/SC/below", {**PLACE, "name": " "}, 400, "name"),
    ("south", "/places/SC/below", {**PLACE, "tue": "9 to 5"}, 400, "tue"),
    ("south", "/places/SC1", {"name": "改名", "address": "新街 1 号", "mon": "8"}, 400, "mon"),
    ("south", "/places/SC1/close", {"reason": "租约到期"}, 409, ""),
]


def shown(page: str) -> set[str]:
    """What stands in the fields of a page."""
    typed = re.findall(r'<input [^>]*value="([^"]*)"', page)
    chosen = re.findall(r'<option value="([^"]*)" selected', page)
    return {unescape(each) for each in (*typed, *chosen, *re.findall(r">([^<]*)</textarea>", page))}


def counted() -> list[int | None]:
    db.session.rollback()
    tables = (RateProposal, Rep, Staff, OrgNode)
    return [db.session.scalar(select(func.count()).select_from(each)) for each in tables]


@pytest.mark.parametrize(("who", "path", "form", "status", "fault"), REFUSED)
def test_a_refused_form_comes_back_as_it_was_typed(
    desk_of: Desks, who: str, path: str, form: dict[str, str], status: int, fault: str | None
) -> None:
    desk, before = desk_of(who), counted()
    answer = desk.post(path, **form)
    assert answer.status_code == status
    assert counted() == before
    if fault is None:
        return  # not for him at all: no form either
    assert {each for each in form.values() if each not in {"moon", "nobody", "SC", "S"}} <= {
        *shown(answer.text),
        "",
    }
    assert 'role="alert"' in answer.text
    assert (f'aria-describedby="fault-{fault}"' in answer.text) == (fault not in {"", "steps"})
    assert not fault or f'id="fault-{fault}"' in answer.text


def test_the_end_of_a_rate_comes_back_at_its_own_row(desk_of: Desks) -> None:
    form = {**WHEN, "subject": "rate_end", "rate_rule_id": "1", "valid_from": TODAY.isoformat()}
    answer = desk_of("root").post("/rates/proposals", **form)
    assert answer.status_code == 400
    assert answer.text.count("<details open><summary>终止") == 1
    assert {TODAY.isoformat(), "夏季促销"} <= shown(answer.text)


def test_a_role_beyond_one_s_own_keeps_the_rest(desk_of: Desks) -> None:
    """Forbidden, and yet it is the form that has to be mended."""
    answer = desk_of("south").post("/staff", **{**STAFF, "role": "administrator", "place": "S"})
    assert answer.status_code == 403
    assert {"newcomer", "新来的人", "新店开业", "S"} <= shown(answer.text)


def test_another_role_that_was_refused_is_still_chosen(desk_of: Desks) -> None:
    desk = desk_of("south")
    db.session.rollback()
    clerk = db.session.scalars(select(Staff.id).where(Staff.login == "clerk")).one()
    form = {"role": "finance", "place": "NOWHERE", "reason": "调岗"}
    answer = desk.post(f"/staff/{clerk}/transfer", **form)
    assert answer.status_code == 404
    assert {"finance", "调岗"} <= shown(answer.text)
    assert "没有这个单位" in answer.text
    foreign = db.session.scalars(select(Staff.id).where(Staff.login == "north")).one()
    assert desk.post(f"/staff/{foreign}/transfer", **form).status_code == 404
