"""The life of an archive: asked for, written, fetched, removed after a week."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from archives.models import Archive, ArchiveEvent, ArchiveStatus, Deed
from wx_backend.db import db, locked
from wx_backend.errors import Conflict, NotFound

KEPT: Final = timedelta(days=7)
GIVEN_UP_AFTER: Final = timedelta(hours=12)
"""After so long whoever wrote an archive is taken to have died of it."""
SHOWN: Final = 50
UNDER_WAY: Final = (ArchiveStatus.WAITING, ArchiveStatus.WRITING)


class OneAtATime(Conflict):
    code, message = "archive_under_way", "已有一份归档正在生成，请等它完成"


def ask_for_archive(*, reason: str, is_clear: bool, actor: str, now: datetime) -> int:
    """Have everything written into a file; its archive's id. OneAtATime while another is written."""
    under_way = select(Archive.id).where(
        Archive.status.in_(UNDER_WAY), Archive.asked_at > now - GIVEN_UP_AFTER
    )
    if db.session.scalar(under_way.limit(1)) is not None:
        raise OneAtATime
    archive = Archive(
        name=f"archive-{now:%Y%m%d}-{secrets.token_hex(8)}.zip",
        reason=reason,
        is_clear=is_clear,
        asked_at=now,
    )
    db.session.add(archive)
    db.session.flush()
    _note(archive, Deed.ASKED, actor, now)
    return archive.id


def begin_writing(archive_id: int) -> Archive | None:
    """Start it, or start it anew after whoever wrote it died; None when there is nothing to write."""
    archive = locked(select(Archive).where(Archive.id == archive_id))
    if archive is None or archive.status not in {*UNDER_WAY, ArchiveStatus.FAILED}:
        return None
    archive.status, archive.rows_done = ArchiveStatus.WRITING, 0
    return archive


def archives_under_way() -> Sequence[int]:
    """Ids of archives that are asked for and not written."""
    return db.session.scalars(select(Archive.id).where(Archive.status.in_(UNDER_WAY))).all()


def mark_failed(archive_id: int, *, now: datetime) -> None:
    """Nobody writes it any more; whoever brings its work back to life begins it anew."""
    archive = locked(select(Archive).where(Archive.id == archive_id))
    if archive is not None and archive.status in UNDER_WAY:
        archive.status = ArchiveStatus.FAILED
        _note(archive, Deed.FAILED, "system", now)


def asker_of(archive_id: int) -> str:
    """Who asked for an archive, as `staff:7`."""
    query = select(ArchiveEvent.actor).where(
        ArchiveEvent.archive_id == archive_id, ArchiveEvent.deed == Deed.ASKED
    )
    return db.session.scalars(query).one()


def refuse_archive(archive_id: int, *, now: datetime) -> None:
    """It is not written after all."""
    archive = db.session.get_one(Archive, archive_id)
    archive.status = ArchiveStatus.REFUSED
    _note(archive, Deed.REFUSED, "system", now)


def note_progress(archive_id: int, *, total: int, done: int) -> None:
    """How many rows there are, and how many are written."""
    archive = db.session.get_one(Archive, archive_id)
    archive.rows_total, archive.rows_done = total, done


def mark_written(archive_id: int, *, size: int, sha256: str, now: datetime) -> None:
    """The file is whole."""
    archive = db.session.get_one(Archive, archive_id)
    archive.status, archive.done_at = ArchiveStatus.DONE, now
    archive.bytes, archive.sha256 = size, sha256
    _note(archive, Deed.DONE, "system", now)


def fetch_archive(archive_id: int, *, actor: str, now: datetime) -> Archive:
    """Somebody takes the file; noted before he gets it. NotFound unless it is there."""
    archive = db.session.get(Archive, archive_id)
    if archive is None or archive.status != ArchiveStatus.DONE:
        raise NotFound
    _note(archive, Deed.FETCHED, actor, now)
    return archive


def remove_archive(archive_id: int, *, actor: str, now: datetime) -> Archive:
    """The file is not needed any more. NotFound unless it is there."""
    archive = locked(select(Archive).where(Archive.id == archive_id))
    if archive is None or archive.status != ArchiveStatus.DONE:
        raise NotFound
    archive.status = ArchiveStatus.REMOVED
    _note(archive, Deed.REMOVED, actor, now)
    return archive


def archives_to_remove(now: datetime) -> Sequence[int]:
    """Ids of archives whose week is over."""
    return db.session.scalars(
        select(Archive.id).where(
            Archive.status == ArchiveStatus.DONE, Archive.done_at <= now - KEPT
        )
    ).all()


def latest_archives() -> Sequence[Archive]:
    """The archives asked for last, the newest first."""
    return db.session.scalars(select(Archive).order_by(Archive.id.desc()).limit(SHOWN)).all()


def events_of(archive_ids: Sequence[int]) -> dict[int, list[ArchiveEvent]]:
    """What was done with these archives, by archive, the first deed first."""
    found: dict[int, list[ArchiveEvent]] = {archive_id: [] for archive_id in archive_ids}
    rows = db.session.scalars(
        select(ArchiveEvent)
        .where(ArchiveEvent.archive_id.in_(archive_ids))
        .order_by(ArchiveEvent.id)
    )
    for event in rows:
        found[event.archive_id].append(event)
    return found


def _note(archive: Archive, deed: Deed, actor: str, now: datetime) -> None:
    db.session.add(ArchiveEvent(archive_id=archive.id, deed=deed, actor=actor, happened_at=now))
    db.session.flush()
