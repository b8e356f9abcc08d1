"""Rows of bringing people and places in from files: the file, and each of its lines."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import JSON, BigInteger, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend.db import Instant, Model, id_column


class ImportKind(StrEnum):
    REPS = "reps"
    OUTLETS = "outlets"
    BINDINGS = "bindings"
    CODES = "codes"
    MEMBERS = "members"


class ImportStatus(StrEnum):
    CHECKED = "checked"
    RUNNING = "running"
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"
    STOPPED = "stopped"
    EXPIRED = "expired"  # checked, and for too long not begun


class PeopleImport(Model):
    """A file that was checked, and what became of it; `rows_done` of `rows_good` lines are worked off.

    `acting_id` is who started it, or takes it back: when he has lost the right to meanwhile, it stops.
    """

    __tablename__ = "people_import"
    __audited__: ClassVar = ("kind", "name", "status", "rows_good", "rows_bad")

    id: Mapped[int] = id_column()
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(120))
    node_id: Mapped[int] = mapped_column(ForeignKey("org_node.id"), index=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    acting_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    status: Mapped[str] = mapped_column(String(10), default=ImportStatus.CHECKED)
    rows_good: Mapped[int]
    rows_bad: Mapped[int]
    rows_done: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class ImportRow(Model):
    """One line of a file: what it says, what is wrong with it by column, and what it made.

    `note` is why it made nothing after all, or why what it made could not be taken back.
    """

    __tablename__ = "people_import_row"
    __table_args__ = (UniqueConstraint("import_id", "line"),)
    __audited__: ClassVar = None

    id: Mapped[int] = id_column()
    import_id: Mapped[int] = mapped_column(ForeignKey("people_import.id"))
    line: Mapped[int]
    cells: Mapped[dict[str, str]] = mapped_column(JSON)
    faults: Mapped[dict[str, str]] = mapped_column(JSON)
    is_bad: Mapped[bool]
    made_id: Mapped[int | None] = mapped_column(BigInteger)
    is_over: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str] = mapped_column(String(120), default="")
