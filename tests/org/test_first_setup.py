"""The first administrator comes from a command, once, with a password nobody keeps."""

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select

from org.first_setup import AlreadySetUp, let_in_again, set_up
from org.models import OrgNode, Role, Staff, Tier
from org.staff import check_password, sign_in
from tests.org.cast import NOON
from tests.racing import race
from wx_backend.audit import AuditEntry
from wx_backend.cli import main
from wx_backend.config import Config
from wx_backend.db import db, retried


def begin(login: str = "admin") -> str:
    return retried(
        lambda: set_up(code="G", name="集团", login=login, staff_name="管理员", now=NOON)
    )


def test_an_empty_house_gets_its_group_and_administrator(app: Flask) -> None:
    assert app
    password = begin()
    node, staff = db.session.scalars(select(OrgNode)).one(), db.session.scalars(select(Staff)).one()
    assert (node.tier, node.code) == (Tier.GROUP, "G")
    assert (staff.role, staff.node_id, staff.must_change_password) == (
        Role.ADMINISTRATOR,
        node.id,
        True,
    )
    assert check_password(login="admin", password=password).is_right


def test_a_second_time_changes_nothing(app: Flask) -> None:
    assert app
    begin()
    with pytest.raises(AlreadySetUp):
        begin("other")
    assert len(db.session.scalars(select(Staff)).all()) == 1


def test_two_at_once_make_one_administrator(app: Flask) -> None:
    def attempt(number: int) -> str:
        try:
            return retried(
                lambda: set_up(
                    code=f"G{number}", name="集团", login=f"a{number}", staff_name="甲", now=NOON
                )
            )
        except AlreadySetUp:
            return ""

    assert sum(map(bool, race(app, attempt, times=4))) == 1
    db.session.rollback()
    assert len(db.session.scalars(select(Staff)).all()) == 1


def test_the_command_shows_the_password_once_and_says_so_when_it_is_late(
    app: Flask, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert app
    monkeypatch.setattr("wx_backend.cli._config", lambda: config)
    first = CliRunner().invoke(main, ["first-setup", "--name", "集团"])
    password = first.output.split("password: ")[1].split()[0]
    assert check_password(login="admin", password=password).is_right
    again = CliRunner().invoke(main, ["first-setup", "--name", "集团"])
    assert again.exit_code == 1
    assert AlreadySetUp.message in again.output
    entry = db.session.scalars(select(AuditEntry)).one()
    assert (entry.actor, entry.what) == ("command", "first-setup")
    assert password not in str(entry.changes)


def test_what_a_command_changes_is_in_the_trail_whichever_command_it_is(
    app: Flask, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert app
    monkeypatch.setattr("wx_backend.cli._config", lambda: config)
    assert CliRunner().invoke(main, ["stop", "messages", "--reason", "盘点"]).exit_code == 0
    entry = db.session.scalars(select(AuditEntry)).one()
    assert (entry.actor, entry.what, entry.node_id) == ("command", "stop", None)
    assert [each["table"] for each in entry.changes] == ["stop"]


def test_who_lost_everything_is_let_in_again(app: Flask) -> None:
    assert app
    begin()
    wrong = check_password(login="admin", password="a wrong password")
    for _ in range(5):
        retried(lambda: sign_in(checked=wrong, now=NOON))
    _, password = retried(lambda: let_in_again(login="admin", now=NOON))
    right = check_password(login="admin", password=password)
    assert retried(lambda: sign_in(checked=right, now=NOON))
