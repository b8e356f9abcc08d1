"""Every list of people, places, files and acts, from every place there is: rows within, all of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
from sqlalchemy import Select, select

from flows.imports import taking
from flows.trail import TrailFilter, count_entries, entries_found
from org.import_models import ImportKind, PeopleImport
from org.importing import imports_within
from org.models import OrgNode, Rep, RepStatus, Role, Staff
from org.places import PlaceFilter, count_places, places_found
from org.queries import under
from org.roster import RepFilter, count_reps, reps_found
from org.staff_roster import StaffFilter, count_staff, staff_found
from tests.conftest import Tally
from tests.console.world import World
from wx_backend import clock
from wx_backend.audit import AuditEntry
from wx_backend.db import db, transaction

ALL = 1_000
TEXTS = ("", "爱", "SC", "root", "_", "%", "' OR 1=1 --")
Scoped = Callable[[Select[int], int, str], tuple[Sequence[Any], int]]


@dataclass(frozen=True, slots=True)
class Listing:
    """A list as a page asks for it, the rows there are at all, and where a row belongs."""

    ask: Scoped
    table: type
    place: Callable[[Any], int | None]
    is_meant: Callable[[Any, str], bool]


def _reps(scope: Select[int], _node: int, text: str) -> tuple[Sequence[Any], int]:
    wanted = RepFilter(scope, text, RepStatus.ACTIVE)
    return reps_found(wanted, limit=ALL), count_reps(wanted)


def _staff(scope: Select[int], _node: int, text: str) -> tuple[Sequence[Any], int]:
    wanted = StaffFilter(scope, text, Role.ADMINISTRATOR)
    return [row.Staff for row in staff_found(wanted, limit=ALL)], count_staff(wanted)


def _places(_scope: Select[int], node: int, text: str) -> tuple[Sequence[Any], int]:
    wanted = PlaceFilter(node, text)
    return places_found(wanted, limit=ALL), count_places(wanted)


def _acts(scope: Select[int], _node: int, text: str) -> tuple[Sequence[Any], int]:
    wanted = TrailFilter(scope, text)
    return entries_found(wanted, limit=ALL), count_entries(wanted)


def _files(scope: Select[int], _node: int, _text: str) -> tuple[Sequence[Any], int]:
    found = imports_within(scope, limit=ALL)
    return found, len(found)


LISTS = {
    "reps": Listing(
        _reps, Rep, lambda r: r.outlet_id, lambda r, t: t in r.name or r.number.startswith(t)
    ),
    "staff": Listing(
        _staff,
        Staff,
        lambda s: s.node_id,
        lambda s, t: s.role == Role.ADMINISTRATOR and (t in s.name or s.login.startswith(t)),
    ),
    "places": Listing(
        _places, OrgNode, lambda n: n.id, lambda n, t: t in n.name or n.code.startswith(t)
    ),
    "acts": Listing(
        _acts, AuditEntry, lambda e: e.node_id, lambda e, t: t in e.subject or t in e.reason
    ),
    "files": Listing(_files, PeopleImport, lambda f: f.node_id, lambda _f, _t: True),
}


@pytest.fixture
def busy(world: World) -> World:
    """Acts and files from every place, and an act of nobody in the tree."""
    staff_id = db.session.scalars(select(Staff.id)).first() or 0
    nodes = [*db.session.scalars(select(OrgNode.id))]
    with transaction() as session:
        for node_id in (*nodes, None):
            session.add(
                AuditEntry(
                    at=clock.now(),
                    actor="staff:1",
                    node_id=node_id,
                    what="console.staff.create",
                    subject="SC 爱",
                    reason="root",
                    request_id="",
                    changes=[],
                )
            )
        raw = "编码,名称,上级编码\nX1,一号店,SC\n".encode()
        lines = taking.read_file(kind=ImportKind.OUTLETS, raw=raw)
        for node_id in nodes:
            taking.take_file(
                kind=ImportKind.OUTLETS,
                lines=lines,
                name="x.csv",
                staff_id=staff_id,
                node_id=node_id,
                now=clock.now(),
            )
    return world


def scopes() -> Iterator[tuple[Select[int], int, set[int]]]:
    """Every place with what lies at or below it, and a place that does not exist."""
    for node_id in (*db.session.scalars(select(OrgNode.id)).all(), -1):
        scope = under(node_id)
        yield scope, node_id, set(db.session.scalars(scope))


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("name", LISTS)
def test_rows_are_exactly_those_of_the_scope(name: str, tally: Tally) -> None:
    listing = LISTS[name]
    everything: Sequence[Any] = db.session.scalars(select(listing.table)).all()
    asked = list(product(scopes(), TEXTS))
    for (scope, node_id, mine), text in asked:
        found, count = listing.ask(scope, node_id, text)
        expected = {
            each.id
            for each in everything
            if listing.place(each) in mine and listing.is_meant(each, text)
        }
        assert ({each.id for each in found}, count) == (expected, len(expected)), (node_id, text)
    tally(len(asked))
