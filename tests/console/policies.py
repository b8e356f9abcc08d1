"""Writing drafts of the attribution policy in a test, and who writes and decides."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from org.models import Role, Staff
from referral.models import PolicyVersion
from tests.console.conftest import Desks
from tests.console.desk import Desk
from tests.console.world import World
from wx_backend import clock
from wx_backend.clock import SHANGHAI
from wx_backend.db import db, transaction

DAY = timedelta(days=1)
PASSING = ("staff_session", "audit_entry")
NOTE = {"note": "已与省公司核对"}


def typed(moment: datetime) -> str:
    """As a browser sends a moment."""
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%dT%H:%M}"


def form(**other: str) -> dict[str, str]:
    """Fourteen days of protection, from tomorrow."""
    return {
        "window_days": "30",
        "protection_days": "14",
        "developer_percent": "70",
        "flash_recent_minutes": "10",
        "valid_from": typed(clock.now() + DAY),
        "reason": "延长保护期",
        **other,
    }


@pytest.fixture
def first(desk_of: Desks) -> Desk:
    """Who writes."""
    return desk_of("root")


@pytest.fixture
def second(desk_of: Desks, world: World) -> Desk:
    """Who decides: a manager who leads every outlet too."""
    assert world
    with transaction():
        root = db.session.scalars(select(Staff).where(Staff.login == "root")).one()
        more = {"password_hash": root.password_hash, "node_id": root.node_id}
        db.session.add(Staff(login="chief", name="总监", role=Role.MANAGER, **more))
    return desk_of("chief")


@pytest.fixture
def later() -> Iterator[None]:
    """What a test does to the clock ends with it."""
    before = clock._offset.value
    yield
    clock._offset.value = before


def drafted(desk: Desk, **other: str) -> str:
    """Where the draft is that was just written."""
    answer = desk.post("/policies/new", **form(**other))
    assert answer.status_code == 302, answer.text
    return str(answer.headers["Location"]).removeprefix("/console")


def versions() -> list[int]:
    db.session.rollback()
    return list(db.session.scalars(select(PolicyVersion.version).order_by(PolicyVersion.version)))


def staff_id(login: str) -> int:
    db.session.rollback()
    return db.session.scalars(select(Staff.id).where(Staff.login == login)).one()
