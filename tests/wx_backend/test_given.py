"""Many rows in one statement: what is given to the database comes back as it was, by one parameter."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, String, func, select, update
from sqlalchemy.types import TypeEngine

from org.models import OrgNode
from templates_msg.models import Message
from tests.org.cast import plant
from wx_backend.db import BigId, Instant, db, transaction
from wx_backend.sql import among, given

pytestmark = pytest.mark.usefixtures("app")

NOON = datetime(2026, 3, 2, 4, 5, 6, 789_012, tzinfo=UTC)
KINDS: dict[str, TypeEngine[Any]] = {
    "id": BigId,
    "word": String(20),
    "at": Instant(),
    "is_so": Boolean(),
    "content": JSON(),
}
ROWS: list[dict[str, Any]] = [
    {"id": 2**40, "word": '引号"与\\', "at": NOON, "is_so": True, "content": {"a": ["é", 1, None]}},
    {"id": 2, "word": None, "at": None, "is_so": None, "content": {}},
    {"id": 3, "word": "'); --", "at": NOON.replace(year=1999), "is_so": False, "content": "文"},
]


def parameters(statement: Any) -> int:
    return len(statement.compile(db.session.get_bind()).params)


def test_rows_come_back_as_they_were_given() -> None:
    new = given(KINDS, ROWS)
    found = db.session.execute(select(*new.c).order_by(new.c.id)).mappings().all()
    assert [dict(row) for row in found] == sorted(ROWS, key=lambda row: str(row["id"]).zfill(20))
    none = given(KINDS, [])
    assert db.session.execute(select(func.count()).select_from(none)).scalar_one() == 0


def test_more_rows_are_no_more_parameters() -> None:
    few, many = (parameters(select(*given(KINDS, ROWS * times).c)) for times in (1, 100))
    assert few == many
    if db.session.get_bind().dialect.name == "postgresql":
        assert parameters(select(Message.id).where(among(Message.id, range(1_000)))) == 1


def test_rows_are_changed_by_what_is_given() -> None:
    tree = plant()
    rows = [{"id": tree.hall, "name": "一厅"}, {"id": tree.corner, "name": "街角"}]
    table = OrgNode.__table__
    with transaction():
        new = given({"id": table.c.id.type, "name": table.c.name.type}, rows)
        changed = update(OrgNode).where(OrgNode.id == new.c.id).values(name=new.c.name)
        db.session.execute(changed.execution_options(synchronize_session=False))
    named = select(OrgNode.name).where(among(OrgNode.id, [tree.hall, tree.corner]))
    assert {*db.session.scalars(named)} == {"一厅", "街角"}
    assert db.session.scalars(named.where(among(OrgNode.id, []))).all() == []
    others = select(func.count()).select_from(OrgNode).where(OrgNode.name.in_(["一厅", "街角"]))
    assert db.session.scalar(others) == 2
