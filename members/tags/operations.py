"""Verbs of tags: made, changed, given, taken, taken away with everything.

Each works under the tag's lock, so that what a rule gives and what a person gives come one after
the other.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from members.tags.models import Tag, TagHolder, TagOrigin, TagSync, There
from wx_backend.db import db, locked, upsert_all
from wx_backend.errors import BadInput, Conflict, NotFound

TAGS_MAX: Final = 100
"""As many as the platform lets an account have."""
NAME_MAX: Final = 30
SYSTEM_NAMES: Final = frozenset({"未分组", "黑名单", "星标组"})
"""Names of the platform's own tags, which nobody may give or take."""


class TagTaken(Conflict):
    code, message = "tag_taken", "已有同名的标签"


class TooManyTags(Conflict):
    code, message = "too_many_tags", f"每个公众号最多 {TAGS_MAX} 个标签"


class NamedThere(Conflict):
    code, message = "named_there", "标签已同步到微信，菜单按名称使用它，不能改名"


class HeldByRule(Conflict):
    code, message = "held_by_rule", "这个标签是按规则给的，请修改规则"


def create_tag(*, appid: str, name: str, rule: Mapping[str, Any], by: str, now: datetime) -> Tag:
    """A new tag, which nobody has yet. Raises BadInput, TagTaken, TooManyTags."""
    _check_name(name)
    known = select(func.count()).select_from(Tag).where(Tag.appid == appid)
    if (db.session.scalar(known) or 0) >= TAGS_MAX:
        raise TooManyTags
    tag = Tag(appid=appid, name=name, rule=dict(rule), created_by=by, created_at=now)
    try:
        with db.session.begin_nested():
            db.session.add(tag)
    except IntegrityError as error:
        raise TagTaken from error
    return tag


def change_tag(tag: Tag, *, name: str, rule: Mapping[str, Any]) -> None:
    """Another name or rule. Raises BadInput, TagTaken, NamedThere."""
    _check_name(name)
    if name != tag.name and tag.wechat_id is not None:
        raise NamedThere
    try:
        with db.session.begin_nested():
            tag.name, tag.rule = name, dict(rule)
            db.session.flush()
    except IntegrityError as error:
        raise TagTaken from error


def forget_tag(tag: Tag) -> None:
    """Forget it, whoever has it, and what WeChat was told of it."""
    for table in (TagHolder, TagSync):
        db.session.execute(delete(table).where(table.tag_id == tag.id))
    db.session.delete(tag)


def take_from_all(tag: Tag, *, now: datetime) -> None:
    """Nobody has it any more."""
    db.session.execute(
        update(TagHolder)
        .where(TagHolder.tag_id == tag.id, TagHolder.taken_at.is_(None))
        .values(taken_at=now)
        .execution_options(synchronize_session=False)
    )


def forget_there(identity_id: int) -> None:
    """WeChat forgets the tags of who leaves: of who follows anew it has to be told again."""
    db.session.execute(
        update(TagHolder)
        .where(TagHolder.identity_id == identity_id, TagHolder.there != There.NO)
        .values(there=There.NO, refusal=None)
        .execution_options(synchronize_session=False)
    )


def locked_tag(tag_id: int) -> Tag:
    """A tag, locked. Raises NotFound."""
    tag = locked(select(Tag).where(Tag.id == tag_id))
    if tag is None:
        raise NotFound
    return tag


def give(
    tag: Tag, identity_ids: Collection[int], *, origin: TagOrigin, by: str = "", now: datetime
) -> None:
    """Give it to these; who has it keeps it, since when he had it.

    What a person gave stays when the rule no longer fits, so his word takes the place of the rule's.
    """
    row = {
        "tag_id": tag.id,
        "origin": origin,
        "given_by": by,
        "given_at": now,
        "taken_at": None,
        "there": There.NO,
    }
    upsert_all(
        TagHolder,
        [{**row, "identity_id": each} for each in sorted(set(identity_ids))],
        key=("tag_id", "identity_id"),
        change=lambda _, new: {
            "origin": new.origin,
            "given_by": new.given_by,
            "given_at": new.given_at,
            "taken_at": None,
        },
        where=lambda old, new: or_(
            old.taken_at.is_not(None),
            and_(old.origin == TagOrigin.RULE, new.origin != TagOrigin.RULE),
        ),
    )


def take(tag: Tag, identity_id: int, *, now: datetime) -> None:
    """Take it from one person. Raises NotFound, and HeldByRule for what he would get again."""
    holder = locked(
        select(TagHolder).where(
            TagHolder.tag_id == tag.id,
            TagHolder.identity_id == identity_id,
            TagHolder.taken_at.is_(None),
        )
    )
    if holder is None:
        raise NotFound
    if holder.origin == TagOrigin.RULE:
        raise HeldByRule
    holder.taken_at = now


def start_applying(tag: Tag) -> int:
    """Begin to look at everybody by the rule; the number of this run. An earlier one ends."""
    tag.run, tag.cursor = tag.run + 1, 0
    return tag.run


def apply_rule(
    tag: Tag, fitting: Collection[int], *, after: int, up_to: int | None, now: datetime
) -> None:
    """Give it to who fits, of the people after one and up to another; take it from who no longer does.

    Without `up_to` these were the last people. What a person gave is not taken.
    """
    give(tag, fitting, origin=TagOrigin.RULE, now=now)
    window = [TagHolder.identity_id > after]
    if up_to is not None:
        window.append(TagHolder.identity_id <= up_to)
    _take_others(tag, fitting, window, now)
    tag.cursor = up_to
    if up_to is None:
        tag.applied_at, tag.fault = now, ""


def note_fault(tag: Tag, fault: str, *, now: datetime) -> None:
    """Its rule cannot be applied: who has it keeps it until somebody mends the rule."""
    tag.cursor, tag.applied_at, tag.fault = None, now, fault[:200]


def apply_to_one(tag: Tag, identity_id: int, *, fits: bool, now: datetime) -> None:
    """The same for one person, whatever run is under way."""
    fitting = [identity_id] if fits else []
    give(tag, fitting, origin=TagOrigin.RULE, now=now)
    _take_others(tag, fitting, [TagHolder.identity_id == identity_id], now)


def forget_tags(identity_id: int, *, until: datetime | None = None) -> None:
    """Forget what somebody was tagged with (up to an instant), as with whatever was learnt of him."""
    query = delete(TagHolder).where(TagHolder.identity_id == identity_id)
    if until is not None:
        query = query.where(TagHolder.given_at <= until)
    db.session.execute(query)


def _take_others(
    tag: Tag, fitting: Collection[int], window: list[ColumnElement[bool]], now: datetime
) -> None:
    db.session.execute(
        update(TagHolder)
        .where(
            TagHolder.tag_id == tag.id,
            TagHolder.origin == TagOrigin.RULE,
            TagHolder.taken_at.is_(None),
            TagHolder.identity_id.not_in(fitting),
            *window,
        )
        .values(taken_at=now)
        .execution_options(synchronize_session=False)
    )


def _check_name(name: str) -> None:
    if not 0 < len(name) <= NAME_MAX:
        raise BadInput(f"标签名称应为 1 至 {NAME_MAX} 个字", fields=["name"])
    if name in SYSTEM_NAMES:
        raise BadInput("这是微信自带的标签，请换一个名称", fields=["name"])
