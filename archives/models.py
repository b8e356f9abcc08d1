"""Rows of archives: one per file that was asked for, and everything done with it."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend.db import Instant, Model, id_column


class ArchiveStatus(StrEnum):
    """How far an archive has come.

    Nobody writes a `failed` one any more; the file of a `removed` one is gone. A `refused` one was
    never written: who asked had lost the right to it by then.
    """

    WAITING = "waiting"
    WRITING = "writing"
    FAILED = "failed"
    DONE = "done"
    REMOVED = "removed"
    REFUSED = "refused"


class Deed(StrEnum):
    """What was done with an archive."""

    ASKED = "asked"
    FAILED = "failed"
    DONE = "done"
    FETCHED = "fetched"
    REMOVED = "removed"
    REFUSED = "refused"


class Archive(Model):
    """A file with every table. With `is_clear` personal data is readable in it, else sealed."""

    __tablename__ = "archive"
    __audited__: ClassVar = ("name", "status", "reason", "is_clear")
    __table_args__ = (UniqueConstraint("name"),)

    id: Mapped[int] = id_column()
    name: Mapped[str] = mapped_column(String(40))
    status: Mapped[str] = mapped_column(String(10), default=ArchiveStatus.WAITING)
    reason: Mapped[str] = mapped_column(String(200))
    is_clear: Mapped[bool]
    rows_total: Mapped[int] = mapped_column(BigInteger, default=0)
    rows_done: Mapped[int] = mapped_column(BigInteger, default=0)
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64))
    asked_at: Mapped[datetime] = mapped_column(Instant)
    done_at: Mapped[datetime | None] = mapped_column(Instant)


class ArchiveEvent(Model):
    """Who asked for, fetched or removed an archive; `system` wrote it. Never changes."""

    __tablename__ = "archive_event"

    id: Mapped[int] = id_column()
    archive_id: Mapped[int] = mapped_column(ForeignKey("archive.id"), index=True)
    deed: Mapped[str] = mapped_column(String(10))
    actor: Mapped[str] = mapped_column(String(40))
    happened_at: Mapped[datetime] = mapped_column(Instant)
