"""Somebody else's object, on every route that names one: the answer of a missing one, and no effect.

Who asks is the administrator of the south, whose role lets him call everything: what stops him is
only whose object it is. The trail tells whether anything was changed.
"""

from collections.abc import Iterator, Mapping

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.routing import Rule

from flows.imports import taking
from fulfilment.models import Chain, Task
from org.import_models import ImportKind
from org.models import Staff
from tests.console.conftest import Desks
from tests.console.desk import Desk
from tests.console.world import World
from wx_backend import clock
from wx_backend.access import TABLE, Caller, Scope
from wx_backend.audit import AuditEntry
from wx_backend.db import db, retried, transaction

MISSING = {"number": "NOBODY", "code": "NOWHERE", "name": "0" * 32 + ".jpg"}
# What no part of the organisation owns; its own tests say who may touch it.
EVERYBODYS = ("products", "message_templates", "periods", "kpis", "static")
FORM = {
    "reason": "x",
    "key": "k1",
    "line-1": "1.00",
    "way": "merchant",
    "state": "passed",
    "heir": "pool",
    "outlet": "SC1",
    "parent": "SC",
    "place": "SC",
    "note": "x",
    "role": "clerk",
    "name": "x",
    "tier": "outlet",
    "code": "SC9",
    "verdict": "agree",
    "developer_code": "D",
    "channel_code": "C",
    "staff_number": "S",
    "valid_from": "2099-01-01",
}

Named = Mapping[str, object]


@pytest.fixture
def northern(app: Flask, world: World) -> Mapping[str, Named]:
    """What there is in the north, by the blueprint whose routes name it and by argument."""
    assert app
    staff = {row.login: row.id for row in db.session.scalars(select(Staff))}
    chain = db.session.scalars(select(Chain).where(Chain.order_id == world.northern.id)).one()
    task = db.session.scalars(select(Task).where(Task.chain_id == chain.id)).first()
    assert task
    sheet = "姓名,网点编码,渠道\n张三,NH1,自有营业厅\n".encode()
    lines = taking.read_file(kind=ImportKind.REPS, raw=sheet)
    now = clock.now()
    file_id = retried(
        lambda: taking.take_file(
            kind=ImportKind.REPS,
            lines=lines,
            name="north.csv",
            staff_id=staff["north"],
            node_id=world.tree.north,
            now=now,
        )
    )
    order = {"number": world.northern.number, "position": 1}
    return {
        "orders": order,
        "real_names": order,
        "refunds": order,
        "billing": order,
        "receipts": {"number": world.northern.receipt},
        "reps": {"number": world.nils_number},
        "rep_moves": {"number": world.nils_number},
        "staff": {"staff_id": staff["north"]},
        "places": {"code": "NH1"},
        "imports": {"import_id": file_id},
        "audit": {"entry_id": _entry(world.tree.north)},
        "pool": {"chain_id": chain.id, "task_id": task.id},
    }


def _entry(node_id: int) -> int:
    with transaction() as session:
        entry = AuditEntry(
            at=clock.now(),
            actor="staff:0",
            node_id=node_id,
            what="console.staff.create",
            subject="",
            reason="",
            request_id="",
            changes=[],
        )
        session.add(entry)
        session.flush()
        return entry.id


def naming_rules(app: Flask) -> Iterator[Rule]:
    """The console's routes that name an object somebody owns."""
    for rule in app.url_map.iter_rules():
        row, part = TABLE[rule.endpoint], rule.endpoint.split(".")[1]
        is_owned = row.scope is not Scope.ALL and part not in EVERYBODYS
        if row.caller is Caller.STAFF and rule.arguments and is_owned:
            yield rule


def asked(app: Flask, desk: Desk, rule: Rule, named: Named) -> Iterator[int]:
    """The statuses a route answers for this object, by every method it has."""
    values = {
        name: named.get(name, 0 if f"<int:{name}>" in rule.rule else MISSING.get(name, "x"))
        for name in rule.arguments
    }
    path = app.url_map.bind("localhost").build(rule.endpoint, values).removeprefix("/console")
    for method in sorted((rule.methods or set()) & {"GET", "POST"}):
        answer = desk.get(path) if method == "GET" else desk.post(path, **FORM)
        yield answer.status_code


def acts() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(AuditEntry)) or 0


def test_foreign_is_answered_like_missing_and_changes_nothing(
    app: Flask, desk_of: Desks, northern: Mapping[str, Named]
) -> None:
    desk, wrong, before = desk_of("south"), [], acts()
    for rule in naming_rules(app):
        foreign = northern.get(rule.endpoint.split(".")[1])
        if foreign is None:
            continue
        there, missing = (list(asked(app, desk, rule, each)) for each in (foreign, {}))
        if there != missing or not set(there) <= {403, 404}:
            wrong.append((rule.endpoint, there, missing))
    assert not wrong, wrong
    assert acts() == before
