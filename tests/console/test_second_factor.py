"""The second factor: a code of the phone once, a code on paper once, and nothing without either."""

import re
from datetime import timedelta

import pyotp
import pytest
from flask import Flask
from sqlalchemy import select

from console.sign_in import REFUSED, REFUSED_CODE
from flows import staff_door
from members.vault import CannotOpen
from org.models import RecoveryCode, Staff, StaffFactor
from org.sessions import NOWHERE
from tests.console.conftest import Desks
from tests.console.desk import PASSWORD, Desk
from tests.naughty import packs
from tests.racing import race
from tests.steps import begin_within_a_step
from wx_backend import clock
from wx_backend.db import db, retried, transaction

_SECRET = re.compile(r'class="mono wrap">([A-Z2-7 ]+)<')
_RECOVERY = re.compile(r"<li>([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})</li>")


class Phone:
    """An authenticator that somebody else wrote."""

    def __init__(self, secret: str) -> None:
        self.codes = pyotp.TOTP(secret)
        self.paper: list[str] = []

    def code(self, steps: int = 0) -> str:
        return str(self.codes.at(clock.now() + timedelta(seconds=30 * steps)))


@pytest.fixture
def phone(desk_of: Desks, monkeypatch: pytest.MonkeyPatch) -> Phone:
    """The clerk's phone, and his codes on paper."""
    begin_within_a_step(monkeypatch)
    desk = desk_of("clerk")
    assert desk.post("/account/factor", current=PASSWORD).status_code == 302
    page = desk.get("/account/factor").text
    assert "<svg" in page
    found = _SECRET.search(page)
    assert found
    phone = Phone(found[1].replace(" ", ""))
    assert desk.post("/account/factor/confirm", code="000000").status_code == 400
    shown = desk.post("/account/factor/confirm", code=phone.code(-1)).text
    phone.paper = _RECOVERY.findall(shown)
    return phone


def half_way(desk: Desk) -> Desk:
    """The password is right; nothing is open yet."""
    asked = desk.sign_in("clerk")
    assert asked.headers["Location"].startswith("/console/login/code")
    assert desk.get("/orders").status_code == 302
    return desk


def test_password_and_phone_together_open_the_console(desk_of: Desks, phone: Phone) -> None:
    desk = half_way(desk_of())
    assert desk.post("/login/code", code=phone.code()).status_code == 302
    assert desk.get("/orders").status_code == 200


def test_a_used_step_is_not_taken_twice(desk_of: Desks, phone: Phone) -> None:
    code = phone.code()
    assert half_way(desk_of()).post("/login/code", code=code).status_code == 302
    again = half_way(desk_of()).post("/login/code", code=code)
    assert again.status_code == 401
    assert REFUSED_CODE in again.text
    assert half_way(desk_of()).post("/login/code", code=phone.code(-1)).status_code == 401


def test_a_code_on_paper_is_good_once(desk_of: Desks, phone: Phone) -> None:
    assert len(set(phone.paper)) == 10
    typed = phone.paper[0].lower()
    assert half_way(desk_of()).post("/login/code", code=typed).status_code == 302
    assert half_way(desk_of()).post("/login/code", code=typed).status_code == 401
    assert half_way(desk_of()).post("/login/code", code=phone.paper[1]).status_code == 302


def test_a_code_may_be_anything_and_opens_nothing(desk_of: Desks, phone: Phone) -> None:
    assert phone
    desk = half_way(desk_of())
    for text in [*packs()][:4]:
        answer = desk.post("/login/code", code=text)
        assert (answer.status_code, REFUSED_CODE in answer.text) == (401, True)
    assert desk.get("/orders").status_code == 302


def test_wrong_codes_lock_like_wrong_passwords(desk_of: Desks, phone: Phone) -> None:
    desk = half_way(desk_of())
    for _ in range(5):
        assert desk.post("/login/code", code="000000").status_code == 401
    assert desk.post("/login/code", code=phone.code()).status_code == 401
    db.session.rollback()
    assert (
        db.session.scalars(select(RecoveryCode).where(RecoveryCode.used_at.is_not(None))).all()
        == []
    )


def test_a_locked_or_disabled_account_tells_nobody_a_right_password(
    desk_of: Desks, phone: Phone
) -> None:
    assert phone
    for locked_until, is_active in ((clock.now() + timedelta(minutes=1), True), (None, False)):
        with transaction() as session:
            clerk = session.scalars(select(Staff).where(Staff.login == "clerk")).one()
            clerk.locked_until, clerk.is_active = locked_until, is_active
        desk = desk_of()
        for password in (PASSWORD, "a wrong password"):
            answer = desk.sign_in("clerk", password)
            assert (answer.status_code, REFUSED in answer.text) == (401, True)
        assert desk.get("/login/code").status_code == 302


def test_the_code_s_page_is_nothing_without_the_password(desk_of: Desks, phone: Phone) -> None:
    desk = desk_of()
    assert desk.get("/login/code").status_code == 302
    assert desk.post("/login/code", code=phone.code()).headers["Location"] == "/console/login"


def test_of_many_at_once_with_one_code_one_comes_in(app: Flask, phone: Phone) -> None:
    db.session.rollback()
    staff_id = db.session.scalars(select(Staff.id).where(Staff.login == "clerk")).one()
    code, now = phone.code(), clock.now()

    def attempt(_: int) -> str | None:
        return retried(
            lambda: staff_door.enter(staff_id=staff_id, code=code, now=now, origin=NOWHERE)
        )

    assert sum(map(bool, race(app, attempt, times=6))) == 1


def test_the_secret_is_sealed_to_its_owner(phone: Phone) -> None:
    db.session.rollback()
    factor = db.session.scalars(select(StaffFactor)).one()
    assert phone.codes.secret.encode() not in factor.secret
    stranger = db.session.scalars(select(Staff.id).where(Staff.login == "head")).one()
    with transaction() as session:
        session.add(StaffFactor(staff_id=stranger, secret=factor.secret, confirmed_at=clock.now()))
    with pytest.raises(CannotOpen), transaction():
        staff_door.enter(staff_id=stranger, code=phone.code(), now=clock.now(), origin=NOWHERE)


def test_the_second_factor_goes_only_with_the_password(desk_of: Desks, phone: Phone) -> None:
    desk = half_way(desk_of())
    desk.post("/login/code", code=phone.code())
    assert desk.post("/account/factor/drop", current="a wrong password").status_code == 400
    half_way(desk_of())
    assert desk.post("/account/factor/drop", current=PASSWORD).status_code == 302
    assert desk_of().sign_in("clerk").headers["Location"] == "/console/"


def test_fresh_codes_end_the_old_ones(desk_of: Desks, phone: Phone) -> None:
    desk = half_way(desk_of())
    desk.post("/login/code", code=phone.code())
    fresh = _RECOVERY.findall(desk.post("/account/factor/codes", current=PASSWORD).text)
    assert half_way(desk_of()).post("/login/code", code=phone.paper[0]).status_code == 401
    assert half_way(desk_of()).post("/login/code", code=fresh[0]).status_code == 302


def test_a_first_code_is_not_guessed_for_ever(desk_of: Desks) -> None:
    """Whoever finds a desk half-way through setting a phone up gets a few tries a minute."""
    desk = desk_of("clerk")
    assert desk.post("/account/factor", current=PASSWORD).status_code == 302
    said = [desk.post("/account/factor/confirm", code="000000").status_code for _ in range(40)]
    assert set(said) == {400, 429}
    db.session.rollback()
    assert db.session.scalars(select(StaffFactor.confirmed_at)).one() is None
