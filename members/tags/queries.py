"""Reading tags: those of an account, who has one, and whom a campaign means by them."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Select, func, or_, select

from members.tags.models import HAVING, LACKING, Tag, TagHolder, TagOrigin
from wx_backend.db import db


def tags_of(appid: str) -> Sequence[Tag]:
    """The tags of an account, by name."""
    query = select(Tag).where(Tag.appid == appid, Tag.removed_at.is_(None))
    return db.session.scalars(query.order_by(Tag.name)).all()


def leaving_tags_of(appid: str) -> Sequence[Tag]:
    """Those that were removed and that WeChat has not forgotten yet, by name."""
    query = select(Tag).where(Tag.appid == appid, Tag.removed_at.is_not(None))
    return db.session.scalars(query.order_by(Tag.name)).all()


def tag_at(appid: str, tag_id: int, *, is_leaving: bool = False) -> Tag | None:
    """One of them; with `is_leaving` also one that WeChat has not forgotten yet."""
    query = select(Tag).where(Tag.appid == appid, Tag.id == tag_id)
    return db.session.scalar(query if is_leaving else query.where(Tag.removed_at.is_(None)))


def names_of_tags(appid: str, tag_ids: Collection[int]) -> dict[int, str]:
    """The names of some tags of an account; those it does not have are left out."""
    rows = db.session.execute(
        select(Tag.id, Tag.name).where(
            Tag.appid == appid, Tag.id.in_(tag_ids), Tag.removed_at.is_(None)
        )
    )
    return {tag_id: name for tag_id, name in rows}  # noqa: C416 - rows are no pairs to dict()


def holders_of(tag_id: int) -> Select[int]:
    """The identities that have a tag, to filter others by."""
    return select(TagHolder.identity_id).where(
        TagHolder.tag_id == tag_id, TagHolder.taken_at.is_(None)
    )


def holder_counts(tag_ids: Collection[int]) -> dict[int, int]:
    """How many have each of some tags."""
    rows = db.session.execute(
        select(TagHolder.tag_id, func.count())
        .where(TagHolder.tag_id.in_(tag_ids), TagHolder.taken_at.is_(None))
        .group_by(TagHolder.tag_id)
    )
    return {tag_id: count for tag_id, count in rows}  # noqa: C416 - the same


def holders_shown(tag_id: int, *, after: int, limit: int) -> Sequence[TagHolder]:
    """Some of those who have a tag; `after` skips that many."""
    query = select(TagHolder).where(TagHolder.tag_id == tag_id, TagHolder.taken_at.is_(None))
    query = query.order_by(TagHolder.identity_id.desc()).offset(after).limit(limit)
    return db.session.scalars(query).all()


def ruled_tags(appid: str) -> list[Tag]:
    """The tags of an account that are given by a rule."""
    return [each for each in tags_of(appid) if each.rule]


def holdings_of(identity_id: int) -> dict[int, TagHolder]:
    """What is known of somebody's tags, those he has no more too, by tag."""
    rows = db.session.scalars(select(TagHolder).where(TagHolder.identity_id == identity_id))
    return {row.tag_id: row for row in rows}


def numbers_there(identity_id: int) -> list[int]:
    """WeChat's numbers of the tags that it has, or may have, somebody for."""
    query = select(Tag.wechat_id).join(TagHolder, TagHolder.tag_id == Tag.id)
    query = query.where(TagHolder.identity_id == identity_id, TagHolder.there.in_(HAVING))
    return sorted(number for number in db.session.scalars(query) if number is not None)


def is_changed(tag: Tag, row: TagHolder | None, *, fits: bool) -> bool:
    """Whether a look at somebody, who fits its rule or not, may change or tell something of a tag.

    While everybody is looked at, what is read here may be otherwise at once.
    """
    has = row is not None and row.taken_at is None
    if tag.is_applying or (fits and not has):
        return True
    if row is None:
        return False
    is_taken = has and not fits and row.origin == TagOrigin.RULE
    is_told = tag.wechat_id is not None and not tag.is_stopped
    return is_taken or (is_told and row.there in (LACKING if has else HAVING))


def tags_to_apply(before: datetime) -> Sequence[int]:
    """The tags whose rule was applied to everybody before an instant last, and is not just now."""
    is_old = or_(Tag.applied_at.is_(None), Tag.applied_at < before)
    rows = db.session.execute(
        select(Tag.id, Tag.rule).where(Tag.cursor.is_(None), Tag.removed_at.is_(None), is_old)
    )
    return [tag_id for tag_id, rule in rows if rule]
