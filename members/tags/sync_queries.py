"""Reading how far WeChat is told of tags: what is under way, what is left, what is due."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from members.models import Identity
from members.tags.models import HAVING, LACKING, Tag, TagHolder, TagPhase, TagSync
from wx_backend.db import db


def count_open(tag: Tag) -> int:
    """How many are still to be told of."""
    found = 0
    for is_given in (True, False):
        query = (
            select(func.count())
            .select_from(TagHolder)
            .join(Identity, Identity.id == TagHolder.identity_id)
        )
        found += db.session.scalar(query.where(*open_rows(tag, is_given), *reachable())) or 0
    return found


def has_open(tag: Tag) -> bool:
    """Whether somebody is still to be told of."""
    return any(
        db.session.scalar(
            select(TagHolder.id)
            .join(Identity, Identity.id == TagHolder.identity_id)
            .where(*open_rows(tag, is_given), *reachable())
            .limit(1)
        )
        for is_given in (True, False)
    )


def also_holding(name: str, row_ids: Collection[int]) -> dict[int, list[int]]:
    """Of those of some rows, who has another tag of this name too: identities by that tag."""
    told, also = aliased(TagHolder), aliased(TagHolder)
    rows = db.session.execute(
        select(Tag.id, also.identity_id)
        .join(also, also.tag_id == Tag.id)
        .join(told, told.identity_id == also.identity_id)
        .where(
            *(Tag.name == name, Tag.removed_at.is_(None), also.taken_at.is_(None)),
            *(told.id.in_(row_ids), told.tag_id != Tag.id),
        )
    )
    found: dict[int, list[int]] = {}
    for tag_id, identity_id in rows:
        found.setdefault(tag_id, []).append(identity_id)
    return found


def latest_syncs(tag_ids: Collection[int]) -> dict[int, TagSync]:
    """The last telling of each of some tags, under way or not."""
    newest = (
        select(func.max(TagSync.id)).where(TagSync.tag_id.in_(tag_ids)).group_by(TagSync.tag_id)
    )
    rows = db.session.scalars(select(TagSync).where(TagSync.id.in_(newest)))
    return {each.tag_id: each for each in rows}


def tags_to_tell(*, whole_before: datetime, failed_before: datetime) -> Sequence[int]:
    """Tags to begin telling of: read before an instant last, or with somebody to be told of.

    A removed one is told until WeChat has forgotten it. Left out is what is under way, what a
    person stopped, and what failed since an instant.
    """
    mine = TagSync.tag_id == Tag.id
    has_failed = and_(TagSync.phase == TagPhase.FAILED, TagSync.ended_at >= failed_before)
    rests = exists().where(mine, or_(TagSync.ended_at.is_(None), has_failed))
    is_fresh = exists().where(mine, TagSync.is_whole, TagSync.started_at >= whole_before)
    waits = exists().where(
        TagHolder.tag_id == Tag.id,
        or_(
            and_(TagHolder.taken_at.is_(None), TagHolder.there.in_(LACKING)),
            and_(TagHolder.taken_at.is_not(None), TagHolder.there.in_(HAVING)),
        ),
        TagHolder.identity_id == Identity.id,
        *reachable(),
    )
    is_told = and_(Tag.wechat_id.is_not(None), Tag.is_stopped.is_(False), or_(~is_fresh, waits))
    query = select(Tag.id).where(or_(Tag.removed_at.is_not(None), is_told), ~rests)
    return db.session.scalars(query.order_by(Tag.id)).all()


def is_read_since(tag: Tag, since: datetime) -> bool:
    """Whether a telling that began since an instant read the whole list."""
    fresh = select(TagSync.id).where(
        TagSync.tag_id == tag.id, TagSync.is_whole, TagSync.started_at >= since
    )
    return db.session.scalar(fresh.limit(1)) is not None


def open_rows(tag: Tag, is_given: bool) -> list[ColumnElement[bool]]:
    """Who has it and WeChat may not have him for it, or the reverse."""
    if is_given:
        return [
            TagHolder.tag_id == tag.id,
            TagHolder.taken_at.is_(None),
            TagHolder.there.in_(LACKING),
        ]
    return [
        TagHolder.tag_id == tag.id,
        TagHolder.taken_at.is_not(None),
        TagHolder.there.in_(HAVING),
    ]


def reachable() -> list[ColumnElement[bool]]:
    """Of who does not follow WeChat keeps no tags."""
    return [Identity.is_followed.is_(True), Identity.openid.is_not(None)]
