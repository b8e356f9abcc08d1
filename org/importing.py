"""Keeping files of people and places: their lines, how far they are, and what is there already."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from org.import_models import ImportKind, ImportRow, ImportStatus, PeopleImport
from org.models import OperatorIdentity, OrgNode, Rep, RepStatus, Role, Staff, Tier
from org.queries import is_within
from wx_backend.db import db, locked
from wx_backend.errors import NotFound

Cells = dict[str, str]


def keep_import(
    *,
    kind: ImportKind,
    name: str,
    place: tuple[int, int],
    rows: Sequence[tuple[int, Cells, Cells]],
    now: datetime,
) -> int:
    """Keep a checked file; `place` is who brought it and his node, `rows` number, cells and faults."""
    staff_id, node_id = place
    bad = sum(bool(faults) for _, _, faults in rows)
    kept = PeopleImport(
        kind=kind,
        name=name,
        node_id=node_id,
        staff_id=staff_id,
        rows_good=len(rows) - bad,
        rows_bad=bad,
        made_at=now,
    )
    db.session.add(kept)
    db.session.flush()
    db.session.add_all(
        ImportRow(import_id=kept.id, line=line, cells=cells, faults=faults, is_bad=bool(faults))
        for line, cells, faults in rows
    )
    db.session.flush()
    return kept.id


def go_on(
    *, import_id: int, before: Collection[ImportStatus], after: ImportStatus, acting_id: int
) -> bool:
    """Have somebody take a file to the next status; False when it is in none of those before."""
    row = locked(select(PeopleImport).where(PeopleImport.id == import_id))
    if row is None or row.status not in before:
        return False
    row.status, row.acting_id = after, acting_id
    return True


def locked_import(import_id: int, status: ImportStatus) -> PeopleImport | None:
    """A file in this status, locked; None when it is in another one by now."""
    return locked(
        select(PeopleImport).where(PeopleImport.id == import_id, PeopleImport.status == status)
    )


def rows_of(import_id: int) -> Sequence[ImportRow]:
    """All lines of a file."""
    return db.session.scalars(_of(import_id)).all()


def unbegun_imports(
    kinds: Collection[ImportKind], *, before: datetime, limit: int
) -> Sequence[int]:
    """Files of these kinds that were checked before an instant and wait to be begun."""
    waiting = PeopleImport.status == ImportStatus.CHECKED
    query = select(PeopleImport.id).where(
        waiting, PeopleImport.kind.in_(kinds), PeopleImport.made_at < before
    )
    return db.session.scalars(query.order_by(PeopleImport.id).limit(limit)).all()


def who_acts(row: PeopleImport) -> Staff | None:
    """Who works a file off, while he still may: rights are asked for again when work runs."""
    staff = db.session.get(Staff, row.acting_id, populate_existing=True) if row.acting_id else None
    if staff is None or not staff.is_active or staff.role != Role.ADMINISTRATOR:
        return None
    return staff if is_within(row.node_id, staff.node_id) else None


def made_within(kind: ImportKind, made_id: int, scope: Select[int]) -> bool:
    """Whether what a line made lies in a scope now, wherever it was made."""
    column = Rep.outlet_id if kind is ImportKind.REPS else OrgNode.id
    table = Rep if kind is ImportKind.REPS else OrgNode
    return (
        db.session.scalar(select(column).where(table.id == made_id, column.in_(scope))) is not None
    )


def rows_to_make(import_id: int, *, limit: int) -> Sequence[ImportRow]:
    """The next lines without fault that nothing was made of yet."""
    query = _of(import_id).where(ImportRow.is_bad.is_(False), ImportRow.is_over.is_(False))
    return db.session.scalars(query.order_by(ImportRow.line).limit(limit)).all()


def rows_to_undo(import_id: int, *, limit: int) -> Sequence[ImportRow]:
    """The next lines whose making is still to be taken back, the last one first."""
    query = _of(import_id).where(ImportRow.is_over, ImportRow.made_id.is_not(None))
    return db.session.scalars(query.order_by(ImportRow.line.desc()).limit(limit)).all()


def rows_shown(
    import_id: int, *, only_bad: bool = False, after: int = 0, limit: int
) -> Sequence[ImportRow]:
    """The lines of a file in its order, or those only that something is wrong with."""
    query = _of(import_id).order_by(ImportRow.line)
    if only_bad:
        query = query.where(_has_words())
    return db.session.scalars(query.offset(after).limit(limit)).all()


def count_rows(import_id: int, *, only_bad: bool = False) -> int:
    """How many lines those are."""
    query = _of(import_id).where(_has_words()) if only_bad else _of(import_id)
    return db.session.scalar(select(func.count()).select_from(query.subquery())) or 0


def import_within(import_id: int, scope: Select[int]) -> PeopleImport:
    """A file that was brought in for a place of the scope; NotFound for foreign and missing ones."""
    row = db.session.scalar(
        select(PeopleImport).where(PeopleImport.id == import_id, PeopleImport.node_id.in_(scope))
    )
    if row is None:
        raise NotFound
    return row


def imports_within(scope: Select[int], *, limit: int) -> Sequence[PeopleImport]:
    """The files of a scope, the latest first."""
    query = select(PeopleImport).where(PeopleImport.node_id.in_(scope))
    return db.session.scalars(query.order_by(PeopleImport.id.desc()).limit(limit)).all()


def all_codes() -> frozenset[str]:
    """The codes of all places there ever were: they are unique across the tree."""
    return frozenset(db.session.scalars(select(OrgNode.code)))


def names_in(scope: Select[int]) -> frozenset[tuple[str, str]]:
    """(outlet code, name) of the reps of a scope who have not left."""
    rows = db.session.execute(
        select(OrgNode.code, Rep.name)
        .join(OrgNode, OrgNode.id == Rep.outlet_id)
        .where(Rep.outlet_id.in_(scope), Rep.status != RepStatus.LEFT)
    )
    return frozenset((code, name) for code, name in rows)


def developer_codes(today: date) -> frozenset[str]:
    """The developer codes that still hold or will."""
    until = OperatorIdentity.valid_until
    return frozenset(
        db.session.scalars(
            select(OperatorIdentity.developer_code).where(or_(until.is_(None), until > today))
        )
    )


def outlets_of(scope: Select[int]) -> Sequence[Sequence[str]]:
    """Code, name, parent's code, address and phone of the open outlets of a scope."""
    parent = aliased(OrgNode)
    rows = db.session.execute(
        select(OrgNode.code, OrgNode.name, parent.code, OrgNode.address, OrgNode.phone)
        .join(parent, parent.id == OrgNode.parent_id)
        .where(OrgNode.id.in_(scope), OrgNode.tier == Tier.OUTLET, OrgNode.closed_on.is_(None))
        .order_by(OrgNode.code)
    )
    return [[cell or "" for cell in row] for row in rows]


def reps_of(scope: Select[int], today: date) -> Sequence[Sequence[str]]:
    """Number, name, outlet's code, channel, title and codes of the reps of a scope who are there."""
    holds = and_(
        OperatorIdentity.rep_id == Rep.id,
        OperatorIdentity.valid_from <= today,
        or_(OperatorIdentity.valid_until.is_(None), OperatorIdentity.valid_until > today),
    )
    rows = db.session.execute(
        select(
            Rep.number,
            Rep.name,
            OrgNode.code,
            Rep.channel_class,
            Rep.title,
            OperatorIdentity.developer_code,
            OperatorIdentity.channel_code,
            OperatorIdentity.staff_number,
        )
        .join(OrgNode, OrgNode.id == Rep.outlet_id)
        .outerjoin(OperatorIdentity, holds)
        .where(Rep.outlet_id.in_(scope), Rep.status != RepStatus.LEFT)
        .order_by(OrgNode.code, Rep.number)
    )
    return [[cell or "" for cell in row] for row in rows]


def _of(import_id: int) -> Select[ImportRow]:
    return select(ImportRow).where(ImportRow.import_id == import_id)


def _has_words() -> ColumnElement[bool]:
    return or_(ImportRow.is_bad, ImportRow.note != "")
