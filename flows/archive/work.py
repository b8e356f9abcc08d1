"""An archive is asked for, written by a worker with its progress in sight, fetched and removed."""

from datetime import datetime
from pathlib import Path

from archives.models import Archive
from archives.operations import (
    GIVEN_UP_AFTER,
    archives_to_remove,
    archives_under_way,
    ask_for_archive,
    asker_of,
    begin_writing,
    fetch_archive,
    mark_failed,
    mark_written,
    note_progress,
    refuse_archive,
    remove_archive,
)
from flows.archive.snapshot import PART, Snapshot
from org.models import Role
from org.roster import holds_everything
from org.sessions import active_staff
from wx_backend import clock
from wx_backend.db import db
from wx_backend.errors import Forbidden
from wx_backend.outbox import BULK, Steps, defer, given_up, remote_job
from wx_backend.platform import config

FOLDER = "archives"


def ask(*, node_id: int, reason: str, is_clear: bool, actor: str, now: datetime) -> None:
    """Have an archive written. Forbidden below the top; OneAtATime."""
    require_top(node_id)
    archive_id = ask_for_archive(reason=reason, is_clear=is_clear, actor=actor, now=now)
    defer(write, key=str(archive_id), archive_id=archive_id)


@remote_job("archive.write", queue=BULK)
def write(*, archive_id: int) -> Steps:
    """Write it, some rows per step; each step renews the claim. Begun anew by whoever takes over.

    Not for somebody who may not have it any more when the work runs.
    """
    archive = begin_writing(archive_id)
    if archive is None:
        return
    if not _may_have(asker_of(archive_id)):
        refuse_archive(archive_id, now=clock.now())
        return
    snapshot = Snapshot(db.engine, path_of(archive), is_clear=archive.is_clear, made_at=clock.now())
    try:
        yield from _written(archive_id, snapshot)
    finally:
        snapshot.give_up()


def _written(archive_id: int, snapshot: Snapshot) -> Steps:
    total = yield snapshot.count
    done = 0
    while rows := (yield snapshot.write_some):
        done += rows
        note_progress(archive_id, total=total, done=done)
    size, digest = yield snapshot.finish
    mark_written(archive_id, size=size, sha256=digest, now=clock.now())


def fetch(archive_id: int, *, node_id: int, actor: str, now: datetime) -> Path:
    """Where the file is; that it was taken is on record. Forbidden below the top, NotFound."""
    require_top(node_id)
    return path_of(fetch_archive(archive_id, actor=actor, now=now))


def remove(archive_id: int, *, node_id: int, actor: str, now: datetime) -> Path:
    """It is not needed any more: the file to delete. Forbidden below the top, NotFound."""
    require_top(node_id)
    return path_of(remove_archive(archive_id, actor=actor, now=now))


def give_up_dead(*, now: datetime) -> int:
    """Let no archive wait for a writer who gave up; how many did. Brought back, he begins anew."""
    dead = given_up(write, keys=[str(each) for each in archives_under_way()])
    for key in dead:
        mark_failed(int(key), now=now)
    return len(dead)


def remove_old(*, now: datetime) -> int:
    """Take away the files whose week is over, how many; and what a writer who died left behind."""
    _remove_left_behind(now)
    due = archives_to_remove(now)
    for archive_id in due:
        archive = remove_archive(archive_id, actor="system", now=now)
        path_of(archive).unlink(missing_ok=True)
    return len(due)


def _remove_left_behind(now: datetime) -> None:
    before = (now - GIVEN_UP_AFTER).timestamp()
    for part in (config().service.data_dir / FOLDER).glob(f"*{PART}"):
        if part.stat().st_mtime < before:
            part.unlink(missing_ok=True)


def _may_have(actor: str) -> bool:
    """Whether who asked (`staff:7`) is an administrator above every outlet still."""
    rights = active_staff(int(actor.removeprefix("staff:")))
    is_administrator = rights is not None and rights.role is Role.ADMINISTRATOR
    return rights is not None and is_administrator and holds_everything(rights.node_id)


def path_of(archive: Archive) -> Path:
    """The file of an archive."""
    return config().service.data_dir / FOLDER / archive.name


def require_top(node_id: int) -> None:
    """Everything is for those only who see everything anyway. Forbidden."""
    if not holds_everything(node_id):
        raise Forbidden("归档包含全部数据，只有覆盖全部网点的管理员可以操作")
