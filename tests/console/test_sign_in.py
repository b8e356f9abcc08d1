"""Staff come in with login and password, are locked out by guessing, and go when told to."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, select

from console.sign_in import REFUSED
from org import address_lock
from org.address_lock import AddressFailures, try_from
from org.models import Role, Staff, StaffSession
from org.staff import change_role, disable_staff
from tests.console.conftest import Desks
from tests.console.desk import PASSWORD
from tests.console.world import World
from tests.racing import race
from wx_backend import clock
from wx_backend.db import db, retried, transaction
from wx_backend.purge import purge


def staff_id(login: str) -> int:
    db.session.rollback()
    return db.session.scalars(select(Staff.id).where(Staff.login == login)).one()


def test_right_password_opens_the_dashboard(desk_of: Desks) -> None:
    page = desk_of("south").get("/")
    assert page.status_code == 200
    assert "今日概览" in page.text


def test_nobody_is_sent_to_the_login_and_back(desk_of: Desks) -> None:
    desk = desk_of()
    away = desk.get("/orders", status="paid")
    assert away.headers["Location"].startswith("/console/login?next=/console/orders")
    back = desk.post("/login", login="south", password=PASSWORD, next="/console/orders?status=paid")
    assert back.headers["Location"] == "/console/orders?status=paid"


def test_login_never_leads_to_another_site(desk_of: Desks) -> None:
    for elsewhere in ("https://evil.test/", "//evil.test", "/console/\\evil", "javascript:1", "/x"):
        answer = desk_of().post("/login", login="south", password=PASSWORD, next=elsewhere)
        assert answer.headers["Location"] == "/console/"


def test_five_failures_lock_out_even_the_right_password(desk_of: Desks) -> None:
    desk = desk_of()
    for _ in range(5):
        wrong = desk.sign_in("south", "a wrong password")
        assert wrong.status_code == 401
        assert REFUSED in wrong.text
    locked = desk.sign_in("south")
    assert locked.status_code == 401
    assert REFUSED in locked.text


def test_guessing_at_an_empty_desk_locks_like_guessing_at_the_door(desk_of: Desks) -> None:
    desk = desk_of("south")
    for path in ("factor", "factor/codes", "factor/drop", "password", "password"):
        assert desk.post(f"/account/{path}", current="a wrong password").status_code == 400
    assert desk.post("/account/factor", current=PASSWORD).status_code == 400
    assert desk_of().sign_in("south").status_code == 401


def test_unknown_login_is_answered_like_a_wrong_password(desk_of: Desks) -> None:
    assert REFUSED in desk_of().sign_in("mallory").text


def test_logout_ends_the_session_not_only_the_cookie(desk_of: Desks) -> None:
    desk = desk_of("south")
    assert desk.post("/logout").status_code == 302
    assert desk.get("/").status_code == 302
    db.session.rollback()
    sessions = db.session.scalars(select(StaffSession)).all()
    assert all(each.ended_at for each in sessions)


def test_disabled_staff_are_out_at_once(desk_of: Desks) -> None:
    desk = desk_of("manager")
    assert desk.get("/orders").status_code == 200
    with transaction():
        disable_staff(staff_id=staff_id("manager"), by_id=staff_id("root"), now=clock.now())
    assert desk.get("/orders").status_code == 302


def test_moved_staff_see_their_new_place_at_once(desk_of: Desks, world: World) -> None:
    desk = desk_of("manager")
    assert world.southern.number in desk.get("/orders").text
    with transaction():
        change_role(
            staff_id=staff_id("manager"),
            role=Role.MANAGER,
            node_id=world.tree.north,
            by_id=staff_id("root"),
        )
    page = desk.get("/orders").text
    assert world.southern.number not in page
    assert world.northern.number in page


def test_a_smaller_role_loses_its_rights_at_once(desk_of: Desks, world: World) -> None:
    desk = desk_of("manager")
    with transaction():
        change_role(
            staff_id=staff_id("manager"),
            role=Role.MARKETER,
            node_id=world.tree.south,
            by_id=staff_id("root"),
        )
    assert desk.post(f"/reps/{world.alice_number}/disable").status_code == 403
    assert desk.get("/orders").status_code == 403


def test_scripts_and_other_pages_do_not_see_the_cookie(desk_of: Desks) -> None:
    given = desk_of().sign_in("south").headers.getlist("Set-Cookie")
    (cookie,) = (each for each in given if each.startswith("wx_staff="))
    for flag in ("HttpOnly", "Path=/console", "SameSite=Lax"):
        assert flag in cookie


def test_every_session_has_its_own_token(desk_of: Desks) -> None:
    first, second = desk_of("south"), desk_of("south")
    first.post("/logout")
    assert second.get("/").status_code == 200


def test_an_address_that_guesses_is_locked_out_whichever_account_it_tries(
    desk_of: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(address_lock, "FAILURES_MAX", 6)
    desk = desk_of()
    for number in range(6):
        assert desk.sign_in(f"nobody{number}").status_code == 401
    for login in ("south", "nobody9"):
        locked = desk.sign_in(login)
        assert locked.status_code == 429
        assert 0 < int(locked.headers["Retry-After"]) <= 15 * 60
    with transaction():
        db.session.execute(delete(AddressFailures))
    assert desk.sign_in("south").status_code == 302


def test_it_is_let_in_again_after_a_quarter_of_an_hour(
    desk_of: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(address_lock, "FAILURES_MAX", 2)
    desk = desk_of()
    for _ in range(4):
        desk.sign_in("nobody")
    assert desk.sign_in("south").status_code == 429
    start = clock.now
    monkeypatch.setattr(clock, "now", lambda: start() + timedelta(minutes=15, seconds=1))
    assert desk.sign_in("south").status_code == 302
    assert desk_of().sign_in("nobody").status_code == 401


def test_who_signs_in_rightly_counts_as_no_failure(
    desk_of: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(address_lock, "FAILURES_MAX", 3)
    for _ in range(8):
        assert desk_of().sign_in("south").status_code == 302
    assert desk_of().sign_in("nobody").status_code == 401


def test_of_many_guesses_at_once_no_more_get_through_than_may(
    app: Flask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert world
    monkeypatch.setattr(address_lock, "FAILURES_MAX", 5)
    let_in: list[bool] = []

    def guess(_: int) -> None:
        now = clock.now()
        let_in.append(retried(lambda: try_from("10.0.0.1", now=now)) is None)

    race(app, guess, times=12)
    assert sum(let_in) == 5


def test_another_address_is_not_locked_with_it(world: World) -> None:
    assert world
    with transaction():
        for _ in range(address_lock.FAILURES_MAX):
            assert try_from("10.0.0.1", now=clock.now()) is None
        assert try_from("10.0.0.1", now=clock.now()) is not None
        assert try_from("10.0.0.2", now=clock.now()) is None


def test_failures_by_address_are_forgotten_after_a_day(world: World) -> None:
    assert world
    with transaction():
        try_from("10.0.0.1", now=clock.now() - timedelta(days=2))
        try_from("10.0.0.2", now=clock.now())
    purge(now=clock.now())
    db.session.rollback()
    assert db.session.scalars(select(AddressFailures.network)).all() == ["10.0.0.2"]
