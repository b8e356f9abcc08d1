"""A file of people or places from the first look to the last line made, and back again."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Select
from sqlalchemy.exc import IntegrityError

from flows.imports import personal
from flows.imports.columns import CHANNELS, checked, lines_of
from flows.imports.known import known
from flows.imports.lines import Line
from flows.imports.making import MAKERS
from flows.spreadsheets import table_of
from org import importing
from org.import_models import ImportKind, ImportRow, ImportStatus, PeopleImport
from org.queries import under
from wx_backend import clock
from wx_backend.clock import business_on
from wx_backend.db import db
from wx_backend.errors import AppError, Conflict, NotFound
from wx_backend.outbox import defer, job

BATCH: Final = 100
KEPT_UNBEGUN: Final = timedelta(days=7)
EXPIRED_AT_ONCE: Final = 5
EXPORTED: Final = (ImportKind.REPS, ImportKind.OUTLETS)


class NotNow(Conflict):
    code, message = "not_now", "这个文件已经处理过，或正在处理"


def read_file(*, kind: ImportKind, raw: bytes) -> list[Line]:
    """The lines of a file. Slow for a large one: call it outside of any transaction.

    Raises UnreadableFile.
    """
    return lines_of(kind, table_of(raw))


def take_file(
    *,
    kind: ImportKind,
    lines: Sequence[Line],
    name: str,
    staff_id: int,
    node_id: int,
    now: datetime,
) -> int:
    """Check the lines of a file and keep it; nothing is made yet. Its id."""
    found = checked(kind, lines, known(kind, lines, node_id, now))
    return importing.keep_import(
        kind=kind,
        name=name[:120],
        place=(staff_id, node_id),
        rows=[
            (
                line.number,
                personal.kept(kind, line.cells, is_bad=bool(line.faults)),
                dict(line.faults),
            )
            for line in found
        ],
        now=now,
    )


def start(*, import_id: int, staff_id: int, node_id: int) -> None:
    """Bring the lines without fault in. Raises NotFound, NotNow."""
    _within(import_id, node_id)
    _go_on(import_id, {ImportStatus.CHECKED}, ImportStatus.RUNNING, staff_id)
    defer(bring_in, import_id=import_id)


def undo(*, import_id: int, staff_id: int, node_id: int) -> None:
    """Take back what a file made and nobody used since, also of one that was stopped half-way.

    Raises NotFound, NotNow.
    """
    _within(import_id, node_id)
    _go_on(import_id, {ImportStatus.DONE, ImportStatus.STOPPED}, ImportStatus.UNDOING, staff_id)
    defer(take_back, import_id=import_id)


@job("people.import")
def bring_in(*, import_id: int) -> None:
    """Make the next lines of a file, and come back while there are more."""
    row = importing.locked_import(import_id, ImportStatus.RUNNING)
    if row is None:
        return
    now = clock.now()
    if importing.who_acts(row) is None:
        _end(row, ImportStatus.STOPPED, now)
        return
    batch = importing.rows_to_make(import_id, limit=BATCH)
    for each in batch:
        _make(row, each, now)
    row.rows_done += len(batch)
    if len(batch) < BATCH:
        _end(row, ImportStatus.DONE, now)
        return
    defer(bring_in, import_id=import_id)


@job("people.undo")
def take_back(*, import_id: int) -> None:
    """Take the last lines of a file back, and come back while there are more."""
    row = importing.locked_import(import_id, ImportStatus.UNDOING)
    if row is None:
        return
    by = importing.who_acts(row)
    if by is None:
        _end(row, ImportStatus.STOPPED, clock.now())
        return
    batch = importing.rows_to_undo(import_id, limit=BATCH)
    for each in batch:
        _unmake(ImportKind(row.kind), each, under(by.node_id))
    row.rows_done = max(0, row.rows_done - len(batch))
    if len(batch) < BATCH:
        _end(row, ImportStatus.UNDONE, clock.now())
        return
    defer(take_back, import_id=import_id)


def expire_unbegun(*, now: datetime) -> int:
    """End what was checked with people in it and not begun for a week; how many files."""
    before = now - KEPT_UNBEGUN
    due = importing.unbegun_imports(personal.KINDS, before=before, limit=EXPIRED_AT_ONCE)
    rows = [importing.locked_import(each, ImportStatus.CHECKED) for each in due]
    for row in filter(None, rows):
        _end(row, ImportStatus.EXPIRED, now)
    return len(due)


def _end(row: PeopleImport, status: ImportStatus, now: datetime) -> None:
    """It is over: nothing of people stays in its lines, made or not."""
    row.status, row.ended_at = status, now
    kind = ImportKind(row.kind)
    if kind in personal.KINDS:
        for each in importing.rows_of(row.id):
            each.cells = personal.forgotten(kind, each.cells)


def _make(row: PeopleImport, each: ImportRow, now: datetime) -> None:
    """One line in a savepoint of its own: what changed since it was checked refuses it alone."""
    make = MAKERS[ImportKind(row.kind)].make
    each.is_over = True
    try:
        with db.session.begin_nested():
            each.made_id = make(each.cells, row.node_id, now)
    except AppError as refusal:
        each.made_id, each.note = None, refusal.message
    each.cells = personal.forgotten(ImportKind(row.kind), each.cells)


def _unmake(kind: ImportKind, each: ImportRow, scope: Select[int]) -> None:
    """What is used is referred to, and the database does not let it go; what left the scope stays."""
    assert each.made_id is not None  # noqa: S101 - such rows only
    each.is_over = False
    maker = MAKERS[kind]
    if not maker.is_within(each.made_id, scope):
        each.note = "已不在您的范围内，保留"
        return
    try:
        with db.session.begin_nested():
            maker.remove(each.made_id, clock.now())
            each.made_id, each.note = None, "已撤销"
    except IntegrityError:
        each.note = "已被使用，保留"
    except AppError as refusal:
        each.note = refusal.message


def _within(import_id: int, node_id: int) -> PeopleImport:
    return importing.import_within(import_id, under(node_id))


def _go_on(
    import_id: int, before: Collection[ImportStatus], after: ImportStatus, staff_id: int
) -> None:
    if not importing.go_on(import_id=import_id, before=before, after=after, acting_id=staff_id):
        raise NotNow


def exported(kind: ImportKind, node_id: int) -> Sequence[Sequence[str]]:
    """What is there now, in the columns of a file to bring in; NotFound for what is not given out."""
    words = {channel.value: word for word, channel in CHANNELS.items()}
    if kind not in EXPORTED:
        raise NotFound
    if kind is ImportKind.OUTLETS:
        return importing.outlets_of(under(node_id))
    return [
        (number, name, outlet, words[channel], *rest)
        for number, name, outlet, channel, *rest in importing.reps_of(
            under(node_id), business_on(clock.now())
        )
    ]
