"""A refused form of rates, reps, console users or places comes back as it was typed, saying what is wrong."""

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import func, select

from org.models import OperatorIdentity, OrgNode, Rep, Staff
from org.queries import rep_card
from org.reps import disable_rep, part_with_rep
from settlement.changes.models import RateProposal
from tests.console.conftest import Desks
from tests.console.noon import TODAY, noon
from tests.console.world import World
from tests.org.cast import hire
from wx_backend import clock
from wx_backend.db import db, transaction

__all__ = ["noon"]

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


CODES = {"developer_code": "DV-9", "channel_code": "CH9", "staff_number": "SN9"}
ASSIGNED = {**CODES, "valid_from": TODAY.isoformat()}


@pytest.mark.parametrize(
    ("path", "form", "status", "fault"),
    [
        ("codes", {**ASSIGNED, "staff_number": "SN 9"}, 400, "staff_number"),
        ("codes", {**ASSIGNED, "channel_code": ""}, 400, "channel_code"),
        ("codes", {**ASSIGNED, "valid_from": "2020-01-01"}, 400, "valid_from"),
        ("codes", {**ASSIGNED, "developer_code": "DV-8"}, 409, "valid_from"),
        ("leave", {"heir": "", "reason": "回老家"}, 400, "heir"),
        ("leave", {"heir": "itself", "reason": "回老家"}, 409, "heir"),
        ("leave", {"heir": "404", "reason": "回老家"}, 404, ""),
    ],
)
def test_what_a_rep_was_to_get_comes_back_as_it_was_typed(
    desk_of: Desks, world: World, path: str, form: dict[str, str], status: int, fault: str
) -> None:
    desk, rep = desk_of("manager"), f"/reps/{world.alice_number}"
    assert desk.post(f"{rep}/codes", **ASSIGNED).status_code == 302
    sent = {name: world.alice_number if each == "itself" else each for name, each in form.items()}
    answer = desk.post(f"{rep}/{path}", **sent)
    assert answer.status_code == status
    assert {*form.values()} - {"itself", "404", ""} <= shown(answer.text)
    assert 'role="alert"' in answer.text
    assert (f'aria-describedby="fault-{fault}"' in answer.text) == bool(fault)
    db.session.rollback()
    assert db.session.scalars(select(Rep.status).where(Rep.id == world.alice_id)).one() == "active"
    assert db.session.scalar(select(func.count()).select_from(OperatorIdentity)) == 1


def test_an_heir_who_was_stopped_meanwhile_is_refused_and_the_reason_kept(
    desk_of: Desks, world: World
) -> None:
    desk, heir = desk_of("manager"), hire(world.tree.hall, "戴夫")
    with transaction():
        disable_rep(rep_id=heir)
    form = {"heir": rep_card(heir).number, "reason": "回老家"}
    answer = desk.post(f"/reps/{world.alice_number}/leave", **form)
    assert answer.status_code == 409
    assert "接手人必须是在职的其他员工" in answer.text
    assert "回老家" in shown(answer.text)


@pytest.mark.parametrize("form", ["disable", "enable", "leave"])
def test_who_has_left_meanwhile_is_neither_stopped_nor_let_in(
    desk_of: Desks, world: World, form: str
) -> None:
    desk, rep = desk_of("manager"), f"/reps/{world.alice_number}"
    with transaction():
        part_with_rep(rep_id=world.alice_id, now=clock.now())
    answer = desk.post(f"{rep}/{form}", heir="pool", reason="盘点")
    assert answer.status_code == 409
    assert "该员工已离职" in answer.text
    assert "已离职" in desk.get(rep).text


def test_a_refused_stop_of_an_account_is_said_on_its_page(desk_of: Desks) -> None:
    desk = desk_of("south")
    db.session.rollback()
    own = db.session.scalars(select(Staff.id).where(Staff.login == "south")).one()
    for form in ("disable", "enable", "reset"):
        answer = desk.post(f"/staff/{own}/{form}", reason="盘点")
        assert answer.status_code == 403
        assert 'role="alert"' in answer.text
        assert "您不能变更" in answer.text
