"""Tags as staff see and change them, each account for those it belongs to."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from campaigns.queries import freezing_segments
from campaigns.segments import Segment
from flows.accounts import account_within
from flows.campaign.importing import AT_ONCE, MISSES, lines_in, matched
from flows.tags.applying import apply_soon, fitting_segment
from flows.tags.telling import remove_there, stop, tell_all, tell_changes
from members.audience import Person, last_known, persons_of
from members.tags import operations
from members.tags.models import Tag, TagHolder, TagOrigin, TagSync
from members.tags.queries import (
    holder_counts,
    holders_shown,
    leaving_tags_of,
    tag_at,
    tags_of,
)
from members.tags.sync_queries import latest_syncs
from menus.queries import tags_in_menus
from menus.whole import REP_RULE, REP_TAG
from wx_backend.config import Account
from wx_backend.errors import BadInput, Conflict, NotFound

NOT_FOLLOWING: Final = "not_following"
LIST_MISSES: Final[Mapping[str, str]] = {**MISSES, NOT_FOLLOWING: "没有关注该公众号"}


class TagInUse(Conflict):
    code, message = "tag_in_use", "标签正在使用"


@dataclass(frozen=True, slots=True)
class TagRow:
    """A tag and how many have it; `percent` of all people were looked at while its rule is applied."""

    tag: Tag
    count: int
    sync: TagSync | None
    percent: int

    @property
    def is_moving(self) -> bool:
        """Whether something of it will soon be otherwise."""
        is_told = self.sync is not None and self.sync.ended_at is None
        return self.tag.is_applying or is_told


@dataclass(frozen=True, slots=True)
class Holding:
    """Somebody who has a tag: who he is, by what he has it and since when."""

    row: TagHolder
    person: Person


@dataclass(frozen=True, slots=True)
class Given:
    """What became of a list's lines: whom it means, and how many mean nobody and why."""

    identity_ids: Sequence[int]
    misses: Mapping[str, int]
    origin: TagOrigin


def tag_rows(account: Account) -> list[TagRow]:
    """The tags of an account, by name."""
    return _rows(tags_of(account.appid))


def leaving_rows(account: Account) -> list[TagRow]:
    """Its tags that were removed here and not at WeChat yet."""
    return _rows(leaving_tags_of(account.appid))


def tag_row(name: str, tag_id: int, node_id: int) -> TagRow:
    """One tag; NotFound for foreign as for missing ones."""
    [row] = _rows([_tag(name, tag_id, node_id)])
    return row


def holdings(tag: Tag, *, after: int, limit: int) -> list[Holding]:
    """Some of those who have it, the last known first."""
    rows = holders_shown(tag.id, after=after, limit=limit)
    persons = persons_of([each.identity_id for each in rows])
    return [Holding(each, persons[each.identity_id]) for each in rows]


def create(*, account: str, name: str, rule: Segment, node_id: int, by: str, now: datetime) -> int:
    """A new tag; with a rule it is given at once. Raises NotFound, BadInput, TagTaken, TooManyTags."""
    appid = account_within(account, node_id).appid
    _check_rule(name, rule, appid, now)
    tag = operations.create_tag(appid=appid, name=name, rule=rule.as_json(), by=by, now=now)
    if tag.rule:
        apply_soon(tag)
    return tag.id


def edit(
    *, account: str, tag_id: int, name: str, rule: Segment, node_id: int, now: datetime
) -> None:
    """Another name or rule; who does not fit another rule loses it. Raises as `create` does."""
    tag = _locked(account, tag_id, node_id)
    _check_rule(name, rule, tag.appid, now)
    was = tag.rule
    operations.change_tag(tag, name=name, rule=rule.as_json())
    if tag.rule and tag.rule != was:
        apply_soon(tag)
    elif tag.rule != was:  # nobody fits any more, which is known at once
        operations.start_applying(tag)
        operations.apply_rule(tag, [], after=0, up_to=None, now=now)
        tell_changes(tag, now=now)


def apply_now(*, account: str, tag_id: int, node_id: int) -> None:
    """Look at everybody by the rule again. Raises NotFound, Conflict without a rule."""
    tag = _locked(account, tag_id, node_id)
    if not tag.rule:
        raise Conflict("这个标签没有规则")
    apply_soon(tag)


def list_found(*, account: str, text: str, is_file: bool, node_id: int) -> Given:
    """A list looked up, for `give`: before it, so that nobody waits. Raises NotFound, BadInput."""
    appid = account_within(account, node_id).appid
    found = matched(appid, [*lines_in(text).values()])
    ids = [identity_id for identity_id, _ in found if identity_id is not None]
    followers = _followers(ids)
    misses = Counter(miss for _, miss in found if miss is not None)
    misses[NOT_FOLLOWING] += len(set(ids) - followers)
    origin = TagOrigin.LIST if is_file else TagOrigin.HAND
    return Given(sorted(followers), +misses, origin)


def give(given: Given, *, account: str, tag_id: int, node_id: int, by: str, now: datetime) -> None:
    """Give a tag to those of a list. Raises NotFound, and BadInput for a list of nobody."""
    if not given.identity_ids:
        raise BadInput("名单里没有关注该公众号的客户", fields=["list"], misses=dict(given.misses))
    tag = _locked(account, tag_id, node_id)
    operations.give(tag, given.identity_ids, origin=given.origin, by=by, now=now)
    tell_changes(tag, now=now)


def take(*, account: str, tag_id: int, identity_id: int, node_id: int, now: datetime) -> None:
    """Take a tag from somebody. Raises NotFound, HeldByRule."""
    tag = _locked(account, tag_id, node_id)
    operations.take(tag, identity_id, now=now)
    tell_changes(tag, now=now)


def sync(*, account: str, tag_id: int, node_id: int, now: datetime) -> None:
    """Have WeChat have the tag as we do. Raises NotFound, TagSyncUnderWay."""
    tell_all(_locked(account, tag_id, node_id), now=now)


def stop_sync(*, account: str, tag_id: int, node_id: int, now: datetime) -> None:
    """End that where it is. Raises NotFound."""
    stop(_locked(account, tag_id, node_id), now=now)


def remove(*, account: str, tag_id: int, node_id: int, now: datetime) -> bool:
    """Forget a tag, at WeChat first where it is told of it; whether it is gone already.

    Of one that was removed before this is another try. Raises NotFound, TagInUse.
    """
    tag = operations.locked_tag(_tag(account, tag_id, node_id, is_leaving=True).id)
    if tag.removed_at is None:
        _require_unused(tag)
    is_gone = tag.wechat_id is None
    if is_gone:
        operations.forget_tag(tag)
    else:
        remove_there(tag, now=now)
    return is_gone


def _require_unused(tag: Tag) -> None:
    for name, segment in freezing_segments(tag.appid):
        if tag.id in (*segment.tags, *segment.without_tags):
            raise TagInUse(f"活动“{name}”正在按这个标签锁定名单，请稍后再删除")
    if tag.name in tags_in_menus(tag.appid):
        raise TagInUse("个性化菜单正在使用这个标签，请先从菜单中去掉并发布")


def _rows(tags: Sequence[Tag]) -> list[TagRow]:
    ids = [each.id for each in tags]
    counts, syncs = holder_counts(ids), latest_syncs(ids)
    return [
        TagRow(each, counts.get(each.id, 0), syncs.get(each.id), _percent(each)) for each in tags
    ]


def _percent(tag: Tag) -> int:
    """People are looked at in the order in which they became known."""
    if not tag.is_applying:
        return 100
    return min(99, (tag.cursor or 0) * 100 // max(1, last_known(tag.appid)))


def _check_rule(name: str, rule: Segment, appid: str, now: datetime) -> None:
    """A rule must not ask for other tags, which may ask for it; nor for a list, which is given."""
    if name == REP_TAG and rule.as_json() != REP_RULE:
        raise BadInput(f"“{REP_TAG}”只能用“销售员工本人”这一条规则", fields=["name"])
    if rule.tags or rule.without_tags or rule.is_list:
        raise BadInput("标签的规则不能引用标签或名单", fields=["tags"])
    fitting_segment(rule, appid, now=now)


def _followers(identity_ids: Sequence[int]) -> set[int]:
    found: set[int] = set()
    for at in range(0, len(identity_ids), AT_ONCE):
        persons = persons_of(identity_ids[at : at + AT_ONCE])
        found |= {each.id for each in persons.values() if each.is_followed}
    return found


def _tag(name: str, tag_id: int, node_id: int, *, is_leaving: bool = False) -> Tag:
    found = tag_at(account_within(name, node_id).appid, tag_id, is_leaving=is_leaving)
    if found is None:
        raise NotFound("没有这个标签")
    return found


def _locked(name: str, tag_id: int, node_id: int) -> Tag:
    return operations.locked_tag(_tag(name, tag_id, node_id).id)
