"""Every route that names an object somebody owns, against places that hold it and places that do not.

Who asks is an administrator each time, whose role lets him call everything his tier may: what stops
him is only whose object it is. A foreign object is answered word for word like a missing one, and
nothing at all is changed by asking.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from org.models import OrgNode, Staff, Tier
from org.queries import is_within
from tests.conftest import Tally
from tests.console.conftest import Desks
from tests.console.desk import Desk
from tests.console.owned import Named, Owned, everything_owned
from tests.console.test_refunds import config  # noqa: F401 - a fixture
from tests.console.world import World
from tests.rows import rows
from wx_backend.access import TABLE, Caller, Scope
from wx_backend.db import db

MISSING = {
    "number": "NOBODY",
    "code": "NOWHERE",
    "name": "0" * 32 + ".jpg",
    "verdict": "rejected",
}
# What no part of the organisation owns; its own tests say who may touch it.
EVERYBODYS = (
    *("figures", "kpis", "mass_sends", "message_templates", "periods", "rates", "static"),
    *("albums", "product_editor", "products", "shelves", "skus"),
    *("console.reconciliation.show", "console.reconciliation.run", "console.reconciliation.close"),
    "console.reconciliation.bill",
    *("console.imports.file_csv", "console.imports.file_xlsx", "console.orders.export"),
)
RETURNED = "发放单号,实发（元）,结果\nPO1,1.00,成功\n".encode()
FILES = ("console.payouts.take_return",)
CALLERS = ("root", "south", "city", "head", "north", "harbin", "frost", "beside")
FORM = {
    "reason": "x",
    "to_rep": "RP0",
    "rows": "1",
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
    "new": "MB0",
    "lift": "found",
    "developer_code": "D",
    "channel_code": "C",
    "staff_number": "S",
    "valid_from": "2099-01-01",
    "resolution": "x",
    "to": "explained",
    "revision": "1",
    "cut_off": "15:00",
    "within_minutes": "60",
    "campaign_class": "service",
    "service_event": "order_paid",
    "event_days": "30",
    "purpose": "x",
    "account": "city",
    "trigger": "default",
    "kind": "silence",
    "act": "off",
    "tag": "x",
}


@pytest.fixture
def owned(app: Flask, world: World) -> Mapping[str, Owned]:
    assert app
    return everything_owned(world)


def naming_rules(app: Flask) -> Iterator[Rule]:
    """The console's routes that name an object somebody owns."""
    for rule in app.url_map.iter_rules():
        row, part = TABLE[rule.endpoint], rule.endpoint.split(".")[1]
        is_owned = row.scope is not Scope.ALL and not {part, rule.endpoint} & {*EVERYBODYS}
        if row.caller is Caller.STAFF and rule.arguments and is_owned:
            yield rule


def object_of(rule: Rule, owned: Mapping[str, Owned]) -> Owned | None:
    return owned.get(rule.endpoint) or owned.get(rule.endpoint.split(".")[1])


def asked(app: Flask, desk: Desk, rule: Rule, named: Named, token: str) -> Iterator[TestResponse]:
    """What a route answers for this object, by every method it has."""
    path = address(app, rule, named)
    for method in sorted((rule.methods or set()) & {"GET", "POST"}):
        if method == "GET":
            yield desk.get(path)
        elif rule.endpoint in FILES:
            yield desk.upload(path, BytesIO(RETURNED), "x.csv")
        else:
            yield desk.post(path, token, **FORM)


def address(app: Flask, rule: Rule, named: Named) -> str:
    values = {
        name: named.get(name, 0 if f"<int:{name}>" in rule.rule else MISSING.get(name, "x"))
        for name in rule.arguments
    }
    built: str = app.url_map.bind("localhost").build(rule.endpoint, values)
    return built.removeprefix("/console")


def heads(answers: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    """Statuses and headings, for a reader."""
    found = [(status, re.search("<h2>(.*?)</h2>", text)) for status, text in answers]
    return [(status, head[1] if head else "") for status, head in found]


def place_of(login: str) -> tuple[int, Tier]:
    query = select(OrgNode.id, OrgNode.tier).join(Staff, Staff.node_id == OrgNode.id)
    node_id, tier = db.session.execute(query.where(Staff.login == login)).one()
    return node_id, Tier(tier)


def test_there_is_one_of_everything_that_a_route_names(
    app: Flask, owned: Mapping[str, Owned]
) -> None:
    without = [rule.endpoint for rule in naming_rules(app) if object_of(rule, owned) is None]
    assert not without, without


@pytest.mark.timeout(300)
@pytest.mark.parametrize("login", CALLERS)
def test_own_is_found_and_foreign_is_answered_like_missing(
    app: Flask, desk_of: Desks, owned: Mapping[str, Owned], login: str, tally: Tally
) -> None:
    tried = 0
    desk, (mine, tier) = desk_of(login), place_of(login)
    token, wrong = desk.token(), list[tuple[object, ...]]()
    before = rows(but=("staff_session",))
    for rule in naming_rules(app):
        found = object_of(rule, owned)
        assert found
        if not is_within(found.node_id, mine):
            there, missing = (
                [(each.status_code, each.text) for each in asked(app, desk, rule, named, token)]
                for named in (found.named, {})
            )
            tried += len(there)
            if there != missing or not {status for status, _ in there} <= {403, 404}:
                wrong.append((rule.endpoint, heads(there), heads(missing)))
        elif "GET" in (rule.methods or ()) and rule.arguments <= {*found.named}:
            status = desk.get(address(app, rule, found.named)).status_code
            tried += 1
            if (status in {200, 302}) is not TABLE[rule.endpoint].admits("administrator", tier):
                wrong.append((rule.endpoint, status, "his own"))
    tally(tried)
    assert not wrong, "\n".join(map(str, wrong))
    assert rows(but=("staff_session",)) == before
