"""Reading the audit trail, each within his own part of the organisation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, or_, select

from org.models import Staff
from wx_backend import audit
from wx_backend.audit import AuditEntry
from wx_backend.db import db
from wx_backend.errors import NotFound
from wx_backend.log import masked


@dataclass(frozen=True, slots=True)
class TrailFilter:
    """Which entries are meant: acts from the places in `scope`, narrowed by what is given.

    `text` is looked for in what an act was about and why, `login` is whose acts; `since` and
    `until` bound when. `is_top` adds the acts of nobody in the tree: commands on the server.
    """

    scope: Select[int]
    text: str = ""
    login: str = ""
    what: str = ""
    since: datetime | None = None
    until: datetime | None = None
    is_top: bool = False


def entries_found(wanted: TrailFilter, *, after: int = 0, limit: int) -> Sequence[AuditEntry]:
    """The entries meant, the latest first; `after` skips that many."""
    query = _found(wanted).order_by(AuditEntry.id.desc()).offset(after).limit(limit)
    return db.session.scalars(query).all()


def count_entries(wanted: TrailFilter) -> int:
    """How many entries are meant."""
    return db.session.scalar(select(func.count()).select_from(_found(wanted).subquery())) or 0


def entry_within(entry_id: int, wanted: TrailFilter) -> AuditEntry:
    """One of the entries meant; NotFound for foreign as for missing ones."""
    found = db.session.scalar(_found(wanted).where(AuditEntry.id == entry_id))
    if found is None:
        raise NotFound
    return found


def note_export(table: str, said: Mapping[str, str | int]) -> None:
    """Have the trail say that somebody took a file of it, or of other figures, away."""
    after = {
        name: masked(typed) if isinstance(typed, str) else typed for name, typed in said.items()
    }
    audit.tell(table, "csv", before={}, after=after, verb="export")


def _found(wanted: TrailFilter) -> Select[AuditEntry]:
    seen: ColumnElement[bool] = AuditEntry.node_id.in_(wanted.scope)
    if wanted.is_top:
        seen = or_(seen, AuditEntry.node_id.is_(None))
    query = select(AuditEntry).where(seen)
    if wanted.text:
        in_subject = AuditEntry.subject.contains(wanted.text, autoescape=True)
        query = query.where(
            or_(in_subject, AuditEntry.reason.contains(wanted.text, autoescape=True))
        )
    if wanted.login:
        staff_id = db.session.scalar(select(Staff.id).where(Staff.login == wanted.login))
        query = query.where(AuditEntry.actor == f"staff:{staff_id}")
    if wanted.what:
        query = query.where(AuditEntry.what == wanted.what)
    if wanted.since is not None:
        query = query.where(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(AuditEntry.at < wanted.until)
    return query
