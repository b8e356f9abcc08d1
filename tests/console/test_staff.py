"""Console users under those above them; the audit trail of it; nobody gives what he has not."""

import re

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from org.models import Role, Staff, StaffSession, Tier
from org.staff import GRANTS
from tests.console.conftest import Desks
from tests.console.desk import PASSWORD, Desk
from tests.console.world import STAFF, World
from wx_backend.access import TABLE
from wx_backend.audit import HIDDEN, AuditEntry
from wx_backend.db import db, transaction

_PASSWORD = re.compile(r'class="code[^"]*">([^<]+)<')


def row_of(login: str) -> Staff:
    db.session.rollback()
    return db.session.scalars(select(Staff).where(Staff.login == login)).one()


def path_of(login: str) -> str:
    return f"/staff/{row_of(login).id}"


def made(desk: Desk, login: str, role: str = "manager", place: str = "SC") -> str:
    """Somebody new; his one-time password."""
    form = {"login": login, "name": "新人", "role": role, "place": place, "reason": "新店开业"}
    answer = desk.post("/staff", **form)
    assert answer.status_code == 200, answer.text
    found = _PASSWORD.search(answer.text)
    assert found
    return found[1]


def entries(what: str) -> list[AuditEntry]:
    db.session.rollback()
    return list(db.session.scalars(select(AuditEntry).where(AuditEntry.what == what)))


def test_a_new_colleague_changes_his_password_before_anything_else(
    desk_of: Desks, world: World
) -> None:
    password = made(desk_of("south"), "newcomer")
    desk = desk_of()
    assert desk.sign_in("newcomer", password).status_code == 302
    assert desk.get("/orders").headers["Location"] == "/console/account/password"
    assert desk.post(f"/reps/{world.alice_number}/disable", reason="x").status_code == 403
    form = {"current": password, "password": "my very own password", "again": "another one of them"}
    assert "两次输入的新密码不一致" in desk.post("/account/password", **form).text
    form["again"] = form["password"]
    assert desk.post("/account/password", **form).status_code == 302
    assert world.southern.number in desk.get("/orders").text


def test_the_trail_tells_who_what_why_and_no_secret(desk_of: Desks) -> None:
    password = made(desk_of("south"), "newcomer", role="clerk", place="SC1")
    (entry,) = entries("console.staff.create")
    assert (entry.actor, entry.reason) == (f"staff:{row_of('south').id}", "新店开业")
    (change,) = (each for each in entry.changes if each["table"] == "staff")
    assert change["after"]["role"] == "clerk"
    assert "password_hash" not in change["after"]
    assert password not in str(entry.changes)


def test_the_trail_tells_what_was_before(desk_of: Desks, world: World) -> None:
    form = {"role": "marketer", "place": "N", "reason": "调到北省"}
    assert desk_of("root").post(f"{path_of('manager')}/transfer", **form).status_code == 302
    (change,) = entries("console.staff.transfer")[0].changes
    assert change["before"] == {"role": "manager", "node_id": world.tree.south}
    assert change["after"] == {"role": "marketer", "node_id": world.tree.north}


def test_a_hidden_value_is_told_of_without_being_told(desk_of: Desks) -> None:
    desk_of("south").post(f"{path_of('clerk')}/reset", reason="忘记密码")
    changes = entries("console.staff.reset")[0].changes
    after = next(each["after"] for each in changes if each["table"] == "staff")
    assert after == {"password_hash": HIDDEN, "must_change_password": True}


def test_an_act_upon_rights_without_a_reason_is_none(desk_of: Desks, world: World) -> None:
    assert desk_of("south").post(f"{path_of('clerk')}/disable").status_code == 400
    assert desk_of("south").post(f"/reps/{world.alice_number}/disable").status_code == 400
    assert row_of("clerk").is_active
    assert entries("console.staff.disable") == []


def test_what_fails_leaves_no_trace(desk_of: Desks) -> None:
    answer = desk_of("south").post(f"{path_of('root')}/disable", reason="x")
    assert answer.status_code == 404
    assert entries("console.staff.disable") == []


def test_the_trail_is_for_one_s_own_part(desk_of: Desks) -> None:
    desk_of("south").post(f"{path_of('clerk')}/disable", reason="盘点期间停用")
    page = desk_of("south").get("/audit", what="console.staff.disable", text="盘点")
    assert "盘点期间停用" in page.text
    assert "盘点期间停用" in desk_of("root").get("/audit", login="south").text
    assert "盘点期间停用" not in desk_of("north").get("/audit").text
    found = entries("console.staff.disable")[0]
    assert desk_of("north").get(f"/audit/{found.id}").status_code == 404
    assert "is_active" in desk_of("south").get(f"/audit/{found.id}").text
    assert desk_of("south").get("/audit", what="mallory").status_code == 400


def test_who_knows_a_login_cannot_fill_the_trail(desk_of: Desks) -> None:
    desk = desk_of()
    for _ in range(5):
        desk.sign_in("south", "a wrong password")
    assert len(entries("console.sign_in.enter")) == 5
    for password in ("a wrong password", PASSWORD):
        assert desk.sign_in("south", password).status_code == 401
    assert len(entries("console.sign_in.enter")) == 5


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_entry SET actor = 'x'", "DELETE FROM audit_entry"]
)
def test_the_trail_is_only_added_to(desk_of: Desks, statement: str) -> None:
    desk_of("south")
    with pytest.raises(DBAPIError), transaction() as session:
        session.execute(text(statement))


def test_disabled_is_out_at_once_and_comes_back_when_enabled(desk_of: Desks) -> None:
    clerk, south = desk_of("clerk"), desk_of("south")
    south.post(f"{path_of('clerk')}/disable", reason="x")
    assert clerk.get("/orders").status_code == 302
    south.post(f"{path_of('clerk')}/enable", reason="x")
    assert clerk.sign_in("clerk").status_code == 302


@pytest.mark.parametrize(
    ("who", "role", "place", "status"),
    [
        ("south", "administrator", "S", 403),  # his own equal
        ("south", "clerk", "N", 404),  # beside him: as if it were not there
        ("south", "clerk", "G", 404),
        ("south", "administrator", "SC", 200),
        ("root", "administrator", "G", 403),
        ("city", "clerk", "SC1", 403),  # people are no business of a city
        ("manager", "clerk", "SC1", 403),
        ("south", "mallory", "SC", 400),
    ],
)
def test_who_may_make_whom(desk_of: Desks, who: str, role: str, place: str, status: int) -> None:
    form = {"login": "newcomer", "name": "新人", "role": role, "place": place, "reason": "x"}
    assert desk_of(who).post("/staff", **form).status_code == status


def test_nobody_reaches_his_equals_or_betters(desk_of: Desks) -> None:
    south = desk_of("south")
    for act in ("disable", "enable", "reset"):
        assert south.post(f"{path_of('south')}/{act}", reason="x").status_code == 403
        assert south.post(f"{path_of('root')}/{act}", reason="x").status_code == 404
        assert south.post(f"{path_of('north')}/{act}", reason="x").status_code == 404
    form = {"role": "administrator", "place": "S", "reason": "x"}
    assert south.post(f"{path_of('clerk')}/transfer", **form).status_code == 403


def test_the_highest_administrator_stays_whoever_tries(desk_of: Desks) -> None:
    for login in ("root", "south"):
        desk = desk_of(login)
        for act in ("disable", "transfer"):
            desk.post(f"{path_of('root')}/{act}", role="clerk", place="SC1", reason="x")
    assert (row_of("root").role, row_of("root").is_active) == (Role.ADMINISTRATOR, True)


def endpoints(role: Role, tier: Tier) -> set[str]:
    return {name for name, row in TABLE.items() if row.admits(role, tier)}


def test_what_a_role_grants_it_may_do_itself() -> None:
    tiers = list(Tier)
    for giver, granted in GRANTS.items():
        for at in tiers:
            mine = endpoints(giver, at)
            below = tiers[tiers.index(at) :]
            assert all(endpoints(role, tier) <= mine for role in granted for tier in below)


def test_powers_by_tier_are_those_the_operator_lays_down() -> None:
    def may(endpoint: str) -> set[Tier]:
        return {tier for tier in Tier if TABLE[endpoint].admits(Role.ADMINISTRATOR, tier)}

    above_outlets = {Tier.GROUP, Tier.PROVINCE, Tier.CITY}
    assert may("console.staff.create") == {Tier.GROUP, Tier.PROVINCE}
    assert may("console.periods.close") == may("console.calendar.same_day") == above_outlets
    assert may("console.orders.index") == may("console.products.index") == set(Tier)


def test_one_s_own_browsers_are_listed_and_ended(desk_of: Desks) -> None:
    here, there, third = desk_of("clerk"), desk_of("clerk"), desk_of("clerk")
    assert here.get("/account").text.count('action="/console/account/sessions/') == 3
    foreign = db.session.scalars(
        select(StaffSession.id).where(StaffSession.staff_id != row_of("clerk").id)
    ).first()
    newest = db.session.scalars(
        select(StaffSession.id).where(StaffSession.staff_id == row_of("clerk").id)
    ).all()[-1]
    assert here.post(f"/account/sessions/{foreign or 0}/end").status_code == 404
    assert here.post(f"/account/sessions/{newest}/end").status_code == 302
    assert third.get("/orders").status_code == 302
    assert here.post("/account/sessions/end").status_code == 302
    assert there.get("/orders").status_code == 302
    assert here.get("/orders").status_code == 200


def test_a_new_password_leaves_only_this_browser_in(desk_of: Desks) -> None:
    here, there = desk_of("clerk"), desk_of("clerk")
    form = {"current": PASSWORD, "password": "a fresh long password"}
    form["again"] = form["password"]
    assert here.post("/account/password", **{**form, "current": "wrong"}).status_code == 400
    assert here.post("/account/password", **form).status_code == 302
    assert here.get("/orders").status_code == 200
    assert there.get("/orders").status_code == 302


def test_the_list_is_searched_within_one_s_own_part(desk_of: Desks) -> None:
    page = desk_of("south").get("/staff").text
    assert "manager" in page
    assert "员工north" not in page
    assert "员工root" not in page
    assert "共 1 条" in desk_of("south").get("/staff", text="till").text
    assert desk_of("south").get("/staff", role="mallory").status_code == 400
    assert set(STAFF) >= {"till"}
