"""Verbs of telling WeChat who has a tag: what it has is read, what it lacks is told, and nothing twice.

Giving a tag to who has it, and taking it from who has not, changes nothing there: a call without an
answer is simply made again. All of it happens under the tag's lock, as whatever changes who has it.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, select, update
from sqlalchemy.exc import IntegrityError

from members.audience import known_openids
from members.models import Identity
from members.tags.models import (
    Tag,
    TagHolder,
    TagOrigin,
    TagPhase,
    TagSync,
    There,
)
from members.tags.sync_queries import count_open, open_rows, reachable
from wx_backend.db import db, locked, upsert_all
from wx_backend.errors import Conflict


class TagSyncUnderWay(Conflict):
    code, message = "tag_sync_under_way", "该标签正在同步"


def start_sync(tag: Tag, phase: TagPhase, *, now: datetime) -> int:
    """Begin to tell WeChat of a tag, from a phase on. Raises TagSyncUnderWay."""
    begun = TagSync(
        tag_id=tag.id,
        phase=phase,
        is_whole=phase != TagPhase.TELLING,
        to_tell=count_open(tag),
        started_at=now,
        moved_at=now,
    )
    try:
        with db.session.begin_nested():
            db.session.add(begun)
    except IntegrityError as error:
        raise TagSyncUnderWay from error
    return begun.id


def sync_under_way(sync_id: int) -> tuple[TagSync, Tag] | None:
    """A telling and its tag, the tag locked; None when it has ended."""
    tag_id = db.session.scalar(select(TagSync.tag_id).where(TagSync.id == sync_id))
    tag = locked(select(Tag).where(Tag.id == tag_id))
    sync = locked(select(TagSync).where(TagSync.id == sync_id, TagSync.ended_at.is_(None)))
    return (sync, tag) if sync is not None and tag is not None else None


def end_sync(sync: TagSync, phase: TagPhase, *, now: datetime, note: str = "") -> None:
    """It is over, done or not."""
    sync.phase, sync.note, sync.ended_at, sync.moved_at = phase, note[:200], now, now


def note_found(sync: TagSync, tag: Tag, wechat_id: int) -> None:
    """WeChat has the tag under this number: next, whom it has it for. Under another one it has nobody."""
    if tag.wechat_id != wechat_id:
        _forget_there(tag)
    tag.wechat_id, sync.phase, sync.next_openid = wechat_id, TagPhase.LISTING, ""


def note_gone(sync: TagSync, tag: Tag) -> None:
    """Somebody deleted it at WeChat while it was told: it is made and told anew."""
    tag.wechat_id = None
    _forget_there(tag)
    sync.phase = TagPhase.FINDING


def note_listed(
    sync: TagSync, tag: Tag, openids: Sequence[str], *, following: str, now: datetime
) -> None:
    """Keep one page of whom WeChat has the tag for: who is new to us has it from now on.

    A rule decides of them as of everybody; without one only a person takes it from them.
    """
    known = known_openids(tag.appid, set(openids))
    row = {
        "tag_id": tag.id,
        "origin": TagOrigin.RULE if tag.rule else TagOrigin.WECHAT,
        "given_by": "",
        "given_at": now,
        "taken_at": tag.removed_at,
        "there": There.YES,
        "listed_by": sync.id,
    }
    upsert_all(
        TagHolder,
        [{**row, "identity_id": each} for each in sorted(known.values())],
        key=("tag_id", "identity_id"),
        change=lambda old, new: {
            "there": case((old.there == There.AGAIN, There.AGAIN), else_=There.YES),
            "refusal": None,
            "listed_by": new.listed_by,
        },
        where=lambda old, new: old.listed_by.is_distinct_from(new.listed_by),
    )
    sync.listed, sync.moved_at = sync.listed + len(openids), now
    sync.strangers += len(set(openids) - known.keys())
    sync.next_openid = following
    if not following:
        _end_list(sync, tag)


def next_batch(tag: Tag, *, limit: int) -> tuple[bool, dict[int, str]]:
    """Some who are to be told of: whether WeChat is to give it to them, and openids by row.

    They count as asked from here on: whatever becomes of the call, WeChat may have them. Who is to
    have it again comes first, and has it taken.
    """
    if again := _batch([*open_rows(tag, True), TagHolder.there == There.AGAIN], limit):
        return False, again
    for is_given in (True, False):
        if batch := _batch(open_rows(tag, is_given), limit):
            _note([*batch], there=There.ASKED)
            return is_given, batch
    return True, {}


def _batch(conditions: Sequence[ColumnElement[bool]], limit: int) -> dict[int, str]:
    query = select(TagHolder.id, Identity.openid).join(
        Identity, Identity.id == TagHolder.identity_id
    )
    query = query.where(*conditions, *reachable()).order_by(TagHolder.id).limit(limit)
    return {row_id: openid for row_id, openid in db.session.execute(query) if openid is not None}


def note_told(sync: TagSync, row_ids: Collection[int], *, is_given: bool, now: datetime) -> None:
    """WeChat has taken them. Who is to have it again meanwhile still is."""
    _note(row_ids, There.ASKED if is_given else None, there=There.YES if is_given else There.NO)
    sync.told, sync.moved_at = sync.told + len(row_ids), now
    sync.singles = max(0, sync.singles - len(row_ids))


def note_refused(sync: TagSync, row_ids: Collection[int], code: str, *, now: datetime) -> None:
    """WeChat will not have one of them: of several nobody knows whom, so that each is told alone."""
    sync.moved_at = now
    if len(row_ids) > 1:
        sync.singles = len(row_ids)
        return
    _note(row_ids, there=There.REFUSED, refusal=code)
    sync.refused, sync.singles = sync.refused + 1, max(0, sync.singles - 1)


def give_again(tag: Tag, identity_ids: Collection[int]) -> None:
    """Have these, who have it there, lose it and get it once more: it is to be their last one."""
    db.session.execute(
        update(TagHolder)
        .where(
            TagHolder.tag_id == tag.id,
            TagHolder.identity_id.in_(identity_ids),
            TagHolder.taken_at.is_(None),
            TagHolder.there.in_((There.YES, There.ASKED)),
        )
        .values(there=There.AGAIN)
        .execution_options(synchronize_session=False)
    )


def link_tags(
    appid: str, numbers: Mapping[str, int], rules: Mapping[str, Mapping[str, Any]], *, now: datetime
) -> list[Tag]:
    """The tags of these names, known to WeChat by these numbers; those new to us begin with `rules`."""
    tags = []
    for name, number in sorted(numbers.items()):
        tag = locked(select(Tag).where(Tag.appid == appid, Tag.name == name))
        if tag is None:
            tag = Tag(
                appid=appid,
                name=name,
                rule=dict(rules.get(name, {})),
                created_by="system",
                created_at=now,
            )
            db.session.add(tag)
        elif tag.wechat_id != number:
            _forget_there(tag)
        tag.wechat_id = number
        tags.append(tag)
    db.session.flush()
    return tags


def _end_list(sync: TagSync, tag: Tag) -> None:
    """Who was not on the list has it not, whatever was told before; who was refused is tried again."""
    db.session.execute(
        update(TagHolder)
        .where(
            TagHolder.tag_id == tag.id,
            TagHolder.there != There.NO,
            TagHolder.listed_by.is_distinct_from(sync.id),
        )
        .values(there=There.NO, refusal=None)
        .execution_options(synchronize_session=False)
    )
    sync.phase, sync.to_tell = TagPhase.TELLING, count_open(tag)


def _forget_there(tag: Tag) -> None:
    db.session.execute(
        update(TagHolder)
        .where(TagHolder.tag_id == tag.id, TagHolder.there != There.NO)
        .values(there=There.NO, refusal=None)
        .execution_options(synchronize_session=False)
    )


def _note(row_ids: Collection[int], before: There | None = None, /, **values: Any) -> None:
    """Change these rows, or of them those that are at `before`."""
    mine = [TagHolder.id.in_(row_ids), *([] if before is None else [TagHolder.there == before])]
    db.session.execute(
        update(TagHolder).where(*mine).values(**values).execution_options(synchronize_session=False)
    )
