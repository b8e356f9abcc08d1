"""Verbs of reading an account's whole list of followers: who is on it follows, who is not has left.

By the rule of `members.operations`: the list counts as just before the second the reading began,
so that whatever a push tells of that second or later stands, also when it becomes known later.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from members.models import Identity
from members.sync_models import FollowerSync, SyncPhase
from wx_backend.db import db, locked, upsert_all
from wx_backend.errors import Conflict

SHORT_BY: Final = 0.95
"""A list with fewer people than this part of what the platform counts is not believed."""
LEAVE_PART: Final = 0.01
LEAVE_FEW: Final = 20
"""When more than this part of the followers we know, and more than so few, left: a person is asked."""


class SyncUnderWay(Conflict):
    code, message = "sync_under_way", "该公众号正在同步"


def start_sync(*, appid: str, by: str, now: datetime) -> int:
    """Begin a reading of an account's followers. Raises SyncUnderWay."""
    begun = FollowerSync(appid=appid, started_by=by, started_at=now, moved_at=now)
    try:
        with db.session.begin_nested():
            db.session.add(begun)
    except IntegrityError as error:
        raise SyncUnderWay from error
    return begun.id


def sync_under_way(sync_id: int) -> FollowerSync | None:
    """A reading, locked; None when it has ended."""
    query = select(FollowerSync).where(FollowerSync.id == sync_id)
    return locked(query.where(FollowerSync.ended_at.is_(None)))


def latest_sync(appid: str) -> FollowerSync | None:
    """The last reading of an account's followers, under way or not."""
    query = select(FollowerSync).where(FollowerSync.appid == appid)
    return db.session.scalar(query.order_by(FollowerSync.id.desc()).limit(1))


def end_sync(sync: FollowerSync, phase: SyncPhase, *, now: datetime, note: str = "") -> None:
    """It is over, done or not."""
    sync.phase, sync.note, sync.ended_at, sync.moved_at = phase, note[:200], now, now


def note_page(
    sync: FollowerSync, openids: Sequence[str], *, total: int, following: str, now: datetime
) -> None:
    """Keep one page of the list: everybody on it follows; where it goes on, or that it is over."""
    at, page = _as_of(sync), sorted({*openids})  # in the order in which everybody locks them
    followed = select(func.count()).where(
        Identity.appid == sync.appid, Identity.openid.in_(page), Identity.is_followed
    )
    sync.found += len(page) - (db.session.scalar(followed) or 0)
    row = {
        "appid": sync.appid,
        "is_followed": True,
        "state_at": at,
        "seen_at": at,
        "created_at": now,
        "sync_id": sync.id,
    }
    upsert_all(
        Identity,
        [{**row, "openid": openid} for openid in page],
        key=("appid", "openid"),
        change=_listed,
        where=lambda old, new: old.sync_id.is_distinct_from(new.sync_id),
    )
    sync.listed, sync.total, sync.moved_at = sync.listed + len(page), max(sync.total, total), now
    sync.next_openid = following
    if not following:
        _end_list(sync, now)


def note_left(sync: FollowerSync, *, limit: int, now: datetime) -> list[int]:
    """Some of those who follow no more, as they are not on the list; the last ones end the phase."""
    at, gone = _as_of(sync), _gone(sync)
    query = _of(sync).where(*gone)
    ids = [*db.session.scalars(query.order_by(Identity.id).limit(limit))]
    db.session.execute(
        update(Identity)
        .where(Identity.id.in_(ids), *gone)
        .values(is_followed=False, state_at=at)
        .execution_options(synchronize_session=False)
    )
    sync.left, sync.moved_at = sync.left + len(ids), now
    sync.cursor = ids[-1] if ids else sync.cursor
    if len(ids) < limit:
        sync.phase, sync.cursor = SyncPhase.PROFILES, 0
        sync.to_learn = _count(_of(sync).where(*_unknown(sync)))
    return ids


def to_learn(sync: FollowerSync, *, limit: int) -> dict[str, int]:
    """Some of the listed of whom nothing is known yet: identities by openid."""
    query = _of(sync).where(*_unknown(sync)).order_by(Identity.id).limit(limit)
    rows = db.session.execute(query.add_columns(Identity.openid))
    return {openid: identity_id for identity_id, openid in rows if openid is not None}


def note_learnt(sync: FollowerSync, *, up_to: int, count: int, now: datetime) -> None:
    """So many of them were asked about, the last one being `up_to`."""
    sync.cursor, sync.learnt, sync.moved_at = up_to, sync.learnt + count, now


def _listed(old: Any, new: Any) -> dict[str, Any]:
    comes_back = and_(
        old.is_followed.is_(False), or_(old.state_at.is_(None), old.state_at < new.state_at)
    )
    return {
        "sync_id": new.sync_id,
        "is_followed": case((comes_back, True), else_=old.is_followed),
        "state_at": case((comes_back, new.state_at), else_=old.state_at),
    }


def _end_list(sync: FollowerSync, now: datetime) -> None:
    """A list that breaks off would make people leave who have not: it is not believed."""
    if sync.listed < sync.total * SHORT_BY:
        said = f"微信共有 {sync.total} 名粉丝，只列出 {sync.listed} 名，未标记取消关注"
        end_sync(sync, SyncPhase.FAILED, now=now, note=said)
        return
    sync.phase, sync.cursor = SyncPhase.LEAVING, 0
    leaving = _count(_of(sync).where(*_gone(sync)))
    followed = _count(_of(sync).where(Identity.is_followed.is_(True)))
    if leaving > max(LEAVE_FEW, followed * LEAVE_PART):
        sync.phase = SyncPhase.ASKING
        sync.note = f"我们记录的 {followed} 名粉丝中有 {leaving} 名不在列表上"


def let_leave(sync: FollowerSync, *, now: datetime) -> bool:
    """Somebody looked, and they have left indeed; False when nobody was asked."""
    if sync.phase != SyncPhase.ASKING:
        return False
    sync.phase, sync.note, sync.moved_at = SyncPhase.LEAVING, "", now
    return True


def _gone(sync: FollowerSync) -> list[ColumnElement[bool]]:
    """Who follows as far as we know and is not on the list, without anything newer said of him."""
    return [
        Identity.is_followed.is_(True),
        Identity.sync_id.is_distinct_from(sync.id),
        or_(Identity.state_at.is_(None), Identity.state_at <= _as_of(sync)),
    ]


def _as_of(sync: FollowerSync) -> datetime:
    return sync.started_at.replace(microsecond=0) - timedelta(microseconds=1)


def _of(sync: FollowerSync) -> Select[int]:
    """The identities of the account after those that are done."""
    return select(Identity.id).where(Identity.appid == sync.appid, Identity.id > sync.cursor)


def _unknown(sync: FollowerSync) -> list[ColumnElement[bool]]:
    return [
        Identity.sync_id == sync.id,
        Identity.is_followed.is_(True),
        Identity.subscribe_scene.is_(None),
        Identity.openid.is_not(None),
    ]


def _count(query: Select[int]) -> int:
    return db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
