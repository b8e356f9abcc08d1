"""However many messages were ever sent, those without an answer are found without a look at them."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, event, insert

from members.models import Identity
from templates_msg.models import Message, MessageStatus
from templates_msg.outcomes import give_up_sending, settle_unknown
from tests.templates_msg.cast import CITY, NOON
from wx_backend.db import db, transaction

EXPLAIN = {"sqlite": "EXPLAIN QUERY PLAN ", "postgresql": "EXPLAIN "}
SENT = 3_000


@pytest.fixture
def sent(app: Flask) -> None:
    """Many that arrived, some to each of many people."""
    assert app.testing
    person = {"appid": CITY, "seen_at": NOON, "created_at": NOON}
    row = {
        "appid": CITY,
        "kind": "template",
        "purpose": "order_paid",
        "content": {},
        "status": MessageStatus.DELIVERED,
        "created_at": NOON,
        "sending_at": NOON,
    }
    with transaction() as session:
        people = [person | {"openid": f"o{n:0>27}"} for n in range(SENT // 10)]
        ids = session.scalars(insert(Identity).returning(Identity.id), people).all()
        letters = [{"key": f"m{n}", "identity_id": ids[n % len(ids)]} for n in range(SENT)]
        session.execute(insert(Message), [row | letter for letter in letters])
    with db.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()


def plan_of(work: Callable[[], object]) -> str:
    """How the database goes about the one statement of some work."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        with transaction():
            work()
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    [(statement, parameters)] = [each for each in asked if "message" in each[0]]
    with db.engine.connect() as connection:
        return _explained(connection, statement, parameters)


def _explained(connection: Connection, statement: str, parameters: Any) -> str:
    explain = EXPLAIN[connection.dialect.name]
    found = connection.exec_driver_sql(explain + statement, parameters)
    return "\n".join(str(row) for row in found)


@pytest.mark.usefixtures("sent")
@pytest.mark.parametrize(
    ("work", "index"),
    [
        (lambda: settle_unknown(now=NOON), "ix_message_unknown"),
        (lambda: give_up_sending(now=NOON), "ix_message_sending"),
    ],
)
def test_the_unanswered_are_found_by_an_index_of_them_alone(
    work: Callable[[], object], index: str
) -> None:
    plan = plan_of(work)
    assert index in plan
    assert "SCAN message" not in plan
    assert "Seq Scan on message" not in plan
