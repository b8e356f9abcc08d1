"""Console users: who may make whom, how they sign in, how fast rights go."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from org.models import Role, Staff, StaffSession
from org.operations import NodeInUse, close_node
from org.sessions import end_session, note_use, staff_of_session, start_session
from org.staff import (
    LoginTaken,
    WeakPassword,
    change_password,
    change_role,
    check_password,
    create_staff,
    disable_staff,
    enable_staff,
    reset_password,
    sign_in,
)
from tests.org.cast import DAY, NOON, Tree, plant
from tests.racing import race
from wx_backend.db import db, retried, transaction
from wx_backend.errors import Forbidden, NotFound

PASSWORD, OTHER = "correct horse battery", "another long password"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def tree(app: Flask) -> Tree:
    assert app.testing
    return plant()


@pytest.fixture
def carol(tree: Tree) -> int:
    """The group's administrator, made by a command."""
    return employ("carol", Role.ADMINISTRATOR, tree.group, by_id=None)


def employ(login: str, role: Role, node_id: int, by_id: int | None) -> int:
    with transaction():
        return create_staff(
            login=login, name=login, password=PASSWORD, role=role, node_id=node_id, by_id=by_id
        )


def enter(login: str, password: str = PASSWORD, after: timedelta = timedelta()) -> str | None:
    checked = check_password(login=login, password=password)
    return retried(lambda: sign_in(checked=checked, now=NOON + after))


def test_a_place_is_not_closed_over_the_heads_of_its_console_users(tree: Tree) -> None:
    head = employ("head", Role.MANAGER, tree.bay, by_id=None)
    with transaction(), pytest.raises(NodeInUse):
        close_node(node_id=tree.bay, on=NOON.date())
    with transaction():
        db.session.get_one(Staff, head).is_active = False
        close_node(node_id=tree.bay, on=NOON.date())


def test_right_password_starts_a_session(carol: int, tree: Tree) -> None:
    token = enter("carol")

    assert token is not None
    who = staff_of_session(token, NOON)
    assert who is not None
    assert (who.staff_id, who.role, who.node_id) == (carol, Role.ADMINISTRATOR, tree.group)
    assert token.encode() not in db.session.scalars(select(StaffSession.digest)).one()


@pytest.mark.usefixtures("carol")
def test_wrong_password_and_unknown_login_look_the_same() -> None:
    assert enter("carol", OTHER) is None
    assert enter("nobody", PASSWORD) is None
    assert enter("nobody", "nobody's password") is None


@pytest.mark.usefixtures("carol")
def test_five_failures_lock_for_a_quarter_of_an_hour() -> None:
    for _ in range(5):
        enter("carol", OTHER)

    assert enter("carol", after=14 * MINUTE) is None
    assert enter("carol", after=15 * MINUTE) is not None


@pytest.mark.usefixtures("carol")
def test_after_a_lock_the_count_starts_anew() -> None:
    for _ in range(5):
        enter("carol", OTHER)
    enter("carol", OTHER, after=16 * MINUTE)

    assert enter("carol", after=16 * MINUTE) is not None


@pytest.mark.usefixtures("carol")
def test_guessing_while_locked_does_not_prolong_the_lock() -> None:
    for _ in range(5):
        enter("carol", OTHER)
    enter("carol", OTHER, after=14 * MINUTE)

    assert enter("carol", after=15 * MINUTE) is not None


@pytest.mark.usefixtures("carol")
def test_success_forgives_earlier_failures() -> None:
    for _ in range(2):
        for _ in range(4):
            enter("carol", OTHER)
        assert enter("carol") is not None


def test_many_guesses_at_once_lock_after_five(app: Flask, carol: int) -> None:
    wrong = check_password(login="carol", password=OTHER)
    race(app, lambda _: retried(lambda: sign_in(checked=wrong, now=NOON)), times=12)

    db.session.rollback()
    staff = db.session.get_one(Staff, carol)
    assert (staff.failed_logins, staff.locked_until) == (5, NOON + 15 * MINUTE)
    assert enter("carol") is None


@pytest.mark.usefixtures("carol")
def test_session_ends_by_idling() -> None:
    token = enter("carol") or ""

    assert staff_of_session(token, NOON + 12 * HOUR - MINUTE) is not None
    assert staff_of_session(token, NOON + 12 * HOUR) is None
    assert staff_of_session("forged", NOON) is None
    assert staff_of_session("\ud800", NOON) is None


@pytest.mark.usefixtures("carol")
def test_used_session_lives_a_week_and_no_longer() -> None:
    token = enter("carol") or ""
    for hours in range(6, 7 * 24, 6):
        with transaction():
            assert note_use(token=token, now=NOON + hours * HOUR)
            assert not note_use(token=token, now=NOON + hours * HOUR)

    assert staff_of_session(token, NOON + 7 * DAY - MINUTE) is not None
    assert staff_of_session(token, NOON + 7 * DAY) is None


@pytest.mark.usefixtures("carol")
def test_idle_session_is_not_revived() -> None:
    token = enter("carol") or ""
    with transaction():
        assert not note_use(token=token, now=NOON + 13 * HOUR)


@pytest.mark.usefixtures("carol")
def test_signing_out_ends_one_browser() -> None:
    desk, phone = enter("carol") or "", enter("carol") or ""
    with transaction():
        end_session(token=desk, now=NOON)

    assert staff_of_session(desk, NOON) is None
    assert staff_of_session(phone, NOON) is not None


def test_disabled_staff_lose_everything_at_once(tree: Tree, carol: int) -> None:
    clerk = employ("clerk", Role.CLERK, tree.hall, carol)
    token = enter("clerk") or ""
    with transaction():
        disable_staff(staff_id=clerk, by_id=carol, now=NOON)

    assert staff_of_session(token, NOON) is None
    assert enter("clerk") is None
    with transaction():
        enable_staff(staff_id=clerk, by_id=carol)
    assert staff_of_session(token, NOON) is None
    assert enter("clerk") is not None


def test_changed_role_holds_in_living_sessions(tree: Tree, carol: int) -> None:
    clerk = employ("clerk", Role.CLERK, tree.hall, carol)
    token = enter("clerk") or ""
    with transaction():
        change_role(staff_id=clerk, role=Role.FINANCE, node_id=tree.south, by_id=carol)

    who = staff_of_session(token, NOON)
    assert who is not None
    assert (who.role, who.node_id) == (Role.FINANCE, tree.south)


@pytest.mark.parametrize(
    ("maker", "role", "place"),
    [
        (Role.ADMINISTRATOR, Role.ADMINISTRATOR, "south"),  # his own equal
        (Role.MANAGER, Role.ADMINISTRATOR, "hall"),  # a role above himself
        (Role.MANAGER, Role.MANAGER, "south"),
        (Role.ADMINISTRATOR, Role.CLERK, "north"),  # beside him
        (Role.ADMINISTRATOR, Role.CLERK, "group"),  # above him
        (Role.CLERK, Role.CLERK, "hall"),
    ],
)
def test_nobody_grants_what_he_does_not_outrank(
    tree: Tree, carol: int, maker: Role, role: Role, place: str
) -> None:
    by_id = employ("maker", maker, tree.south, None)
    with pytest.raises(Forbidden):
        employ("new", role, getattr(tree, place), by_id)

    clerk = employ("clerk", Role.CLERK, tree.hall, carol)
    with transaction(), pytest.raises(Forbidden):
        change_role(staff_id=clerk, role=role, node_id=getattr(tree, place), by_id=by_id)


def test_administrators_make_administrators_below_them(tree: Tree, carol: int) -> None:
    south = employ("south", Role.ADMINISTRATOR, tree.south, carol)
    city = employ("city", Role.ADMINISTRATOR, tree.canton, south)

    with transaction(), pytest.raises(Forbidden):
        reset_password(staff_id=south, password=OTHER, by_id=city, now=NOON)
    with transaction(), pytest.raises(Forbidden):
        disable_staff(staff_id=carol, by_id=south, now=NOON)
    with transaction(), pytest.raises(NotFound):
        disable_staff(staff_id=404, by_id=carol, now=NOON)


def test_disabled_maker_makes_nobody(tree: Tree, carol: int) -> None:
    south = employ("south", Role.ADMINISTRATOR, tree.south, carol)
    with transaction():
        disable_staff(staff_id=south, by_id=carol, now=NOON)
    with pytest.raises(Forbidden):
        employ("new", Role.CLERK, tree.hall, south)


def test_new_password_ends_every_session(tree: Tree, carol: int) -> None:
    clerk = employ("clerk", Role.CLERK, tree.hall, carol)
    first = enter("clerk") or ""
    with transaction():
        reset_password(staff_id=clerk, password=OTHER, by_id=carol, now=NOON)
    assert staff_of_session(first, NOON) is None
    assert enter("clerk") is None

    second = enter("clerk", OTHER) or ""
    with transaction():
        change_password(staff_id=clerk, password=PASSWORD, now=NOON)
    assert staff_of_session(second, NOON) is None
    assert enter("clerk") is not None


@pytest.mark.parametrize("password", ["short", "x" * 129])
def test_unfit_passwords_are_refused(carol: int, password: str) -> None:
    with transaction(), pytest.raises(WeakPassword):
        change_password(staff_id=carol, password=password, now=NOON)


def test_logins_are_unique(tree: Tree, carol: int) -> None:
    with pytest.raises(LoginTaken):
        employ("carol", Role.CLERK, tree.hall, carol)
    with transaction(), pytest.raises(NotFound):
        change_password(staff_id=404, password=PASSWORD, now=NOON)


def test_session_token_of_another_start_is_different(carol: int) -> None:
    with transaction():
        tokens = {start_session(staff_id=carol, now=NOON) for _ in range(5)}

    assert len(tokens) == 5
