"""WeChat is told who has a tag: for menus that only some see. One call at a time, resumed anywhere.

What WeChat has is read first and once a day: whoever was given the tag there has it here from then on,
whoever lost it there is given it again, and a tag that was deleted there is made anew.
"""

import logging
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

from flows.resuming import is_kind, pause_after
from members.tags import sync_queries, telling
from members.tags.models import Tag, TagPhase, TagSync
from members.tags.operations import forget_tag, locked_tag, take_from_all
from members.tags.telling import TagSyncUnderWay
from menus.whole import REP_TAG
from wechat.error_codes import NO_SUCH_TAG, TAG_TOO_LARGE, TAGS_TOO_MANY, Kind
from wx_backend import clock
from wx_backend.errors import NotFound, PlatformError
from wx_backend.outbox import BULK, Steps, defer, job, remote_job
from wx_backend.platform import client

log = logging.getLogger(__name__)

BATCH: Final = 50  # the most followers that can be tagged by one call
READ_EVERY: Final = timedelta(days=1)
AGAIN_AFTER: Final = timedelta(hours=1)
"""How long a telling that failed is not begun again by itself."""
TOO_MANY_STRANGERS: Final = "微信上仍有太多本系统不认识的人有这个标签，微信不允许删除"
REMADE: Final = "微信上的标签曾被删除，已重新建立，请重新发布用到它的菜单"


def tell_all(tag: Tag, *, now: datetime) -> None:
    """Have WeChat's list of a tag, which is locked, be read and made equal. Raises TagSyncUnderWay."""
    tag.is_stopped = False
    defer(sync_tag, sync_id=telling.start_sync(tag, TagPhase.FINDING, now=now))


def tell_changes(tag: Tag, *, now: datetime) -> None:
    """Have WeChat be told what changed about a tag, which is locked, if it is told of it at all."""
    is_told = tag.wechat_id is not None and not tag.is_stopped
    if is_told and sync_queries.has_open(tag):
        with suppress(TagSyncUnderWay):  # which looks again before it ends
            defer(sync_tag, sync_id=telling.start_sync(tag, TagPhase.TELLING, now=now))


def tell_due(*, now: datetime) -> int:
    """Tell what is left to tell, and read what was not read for a day: as a chore."""
    since = now - READ_EVERY
    due = sync_queries.tags_to_tell(whole_before=since, failed_before=now - AGAIN_AFTER)
    for tag_id in due:
        tag = locked_tag(tag_id)
        with suppress(TagSyncUnderWay):
            defer(sync_tag, sync_id=telling.start_sync(tag, _phase(tag, since), now=now))
    return len(due)


def _phase(tag: Tag, since: datetime) -> TagPhase:
    if tag.removed_at is not None:
        return TagPhase.REMOVING
    return TagPhase.TELLING if sync_queries.is_read_since(tag, since) else TagPhase.FINDING


def remove_there(tag: Tag, *, now: datetime) -> None:
    """Take a tag from everybody and have WeChat forget it; only then it is gone here. Bears repeats."""
    tag.removed_at, tag.is_stopped = tag.removed_at or now, False
    take_from_all(tag, now=now)
    with suppress(TagSyncUnderWay):
        defer(sync_tag, sync_id=telling.start_sync(tag, TagPhase.REMOVING, now=now))


def stop(tag: Tag, *, now: datetime) -> None:
    """End the telling of a tag where it is. Raises NotFound when nothing is under way."""
    latest = sync_queries.latest_syncs([tag.id]).get(tag.id)
    found = telling.sync_under_way(latest.id) if latest is not None else None
    if found is None:
        raise NotFound("没有正在进行的同步")
    tag.is_stopped = True
    telling.end_sync(found[0], TagPhase.STOPPED, now=now)


@remote_job("tags.sync", queue=BULK)
def sync_tag(*, sync_id: int, tries: int = 0) -> Steps:
    """Do the next step of a telling, and come back while there are more; `tries` as in `follower_sync`."""
    found = telling.sync_under_way(sync_id)
    if found is None:
        return
    sync, tag = found
    try:
        yield from _STEPS[TagPhase(sync.phase)](sync, tag)
    except PlatformError as refusal:
        _refused(sync_id, refusal, tries)
        return
    if still := telling.sync_under_way(sync_id):
        if still[0].note != REMADE:
            still[0].note = ""
        defer(sync_tag, sync_id=sync_id)


StepCalls = Generator[Callable[[], Any], Any, None]


def _find(sync: TagSync, tag: Tag) -> StepCalls:
    """By its number, else by its name, else it is made; another name there is set right."""
    sync_id, appid, name, known = sync.id, tag.appid, tag.name, tag.wechat_id
    api = client(appid)
    there: Mapping[str, int] = yield api.tags
    if known is not None and known in there.values():
        number = known
        if there.get(name) != number:
            yield lambda: api.rename_tag(number, name)
    elif name in there:
        number = there[name]
    else:
        number = yield lambda: api.create_tag(name)
    if still := telling.sync_under_way(sync_id):
        telling.note_found(*still, number)
        if known not in (None, number):
            still[0].note = REMADE


def _list(sync: TagSync, tag: Tag) -> StepCalls:
    sync_id, appid, number, after = sync.id, tag.appid, tag.wechat_id or 0, sync.next_openid
    page = yield lambda: client(appid).tagged(number, after)
    if still := telling.sync_under_way(sync_id):
        now, following = clock.now(), page.next_openid
        telling.note_listed(*still, page.openids, following=following, now=now)


def _tell(sync: TagSync, tag: Tag) -> StepCalls:
    sync_id, appid, number = sync.id, tag.appid, tag.wechat_id or 0
    is_given, batch = telling.next_batch(tag, limit=1 if sync.singles else BATCH)
    if not batch:
        _all_told(sync, tag)
        return
    try:
        yield _call(appid, number, [*batch.values()], is_given)
    except PlatformError as refusal:
        if not _is_about_people(refusal):
            raise
        if still := telling.sync_under_way(sync_id):
            telling.note_refused(still[0], [*batch], refusal.code, now=clock.now())
        return
    if still := telling.sync_under_way(sync_id):
        telling.note_told(still[0], [*batch], is_given=is_given, now=clock.now())
        if is_given:
            _keep_reps_menu([*batch])


def _keep_reps_menu(row_ids: list[int]) -> None:
    """Of several tags the last one given decides whose menu is shown: a rep's is to be the reps'."""
    for tag_id, identity_ids in sync_queries.also_holding(REP_TAG, row_ids).items():
        defer(give_rep_tag_again, tag_id=tag_id, identity_ids=identity_ids)


@job("tags.rep_again", queue=BULK)
def give_rep_tag_again(*, tag_id: int, identity_ids: list[int]) -> None:
    """Have the reps' tag be the last one these were given; in a turn of its own, as it is locked."""
    with suppress(NotFound):
        tag = locked_tag(tag_id)
        telling.give_again(tag, identity_ids)
        tell_changes(tag, now=clock.now())


def _remove(sync: TagSync, tag: Tag) -> StepCalls:
    """WeChat deletes no tag that too many have: from those it is taken first."""
    sync_id, appid, number = sync.id, tag.appid, tag.wechat_id
    if number is not None:
        try:
            yield lambda: client(appid).delete_tag(number)
        except PlatformError as refusal:
            if _is(refusal, TAG_TOO_LARGE):
                _take_first(sync_id)
                return
            if not _is(refusal, NO_SUCH_TAG):
                raise
    if still := telling.sync_under_way(sync_id):
        forget_tag(still[1])


def _take_first(sync_id: int) -> None:
    """List whom to take it from; when that was done, too many have it whom nobody knows here."""
    if (still := telling.sync_under_way(sync_id)) is None:
        return
    sync = still[0]
    if sync.listed:
        telling.end_sync(sync, TagPhase.FAILED, now=clock.now(), note=TOO_MANY_STRANGERS)
        log.warning("a tag stays at WeChat", extra={"tag_id": sync.tag_id, "sync_id": sync_id})
    else:
        sync.phase = TagPhase.LISTING


def _all_told(sync: TagSync, tag: Tag) -> None:
    if tag.removed_at is not None:
        sync.phase = TagPhase.REMOVING
    else:
        telling.end_sync(sync, TagPhase.DONE, now=clock.now(), note=sync.note)


def _call(appid: str, number: int, openids: list[str], is_given: bool) -> Callable[[], None]:
    api = client(appid)
    tell = api.tag_followers if is_given else api.untag_followers
    return lambda: tell(number, openids)


def _refused(sync_id: int, refusal: PlatformError, tries: int) -> None:
    """A tag that was deleted there meanwhile is made anew; else it waits, or is over."""
    found, now = telling.sync_under_way(sync_id), clock.now()
    if found is None:
        return
    sync, tag = found
    if _is(refusal, NO_SUCH_TAG) and sync.note != REMADE:
        telling.note_gone(sync, tag)
        sync.note = REMADE
        defer(sync_tag, sync_id=sync_id)
        return
    pause = pause_after(refusal, tries, now=now)
    if pause.due_at is None:
        telling.end_sync(sync, TagPhase.FAILED, now=now, note=pause.note)
    else:
        sync.note, sync.moved_at = pause.note, now
        defer(sync_tag, sync_id=sync_id, tries=pause.tries, due_at=pause.due_at)


def _is_about_people(refusal: PlatformError) -> bool:
    """Whether somebody among them is the reason, and the others may have it."""
    return is_kind(refusal, Kind.receiver) or _is(refusal, TAGS_TOO_MANY)


def _is(refusal: PlatformError, code: int) -> bool:
    return refusal.code == str(code)


_STEPS: Final[Mapping[TagPhase, Callable[[TagSync, Tag], StepCalls]]] = {
    TagPhase.FINDING: _find,
    TagPhase.LISTING: _list,
    TagPhase.TELLING: _tell,
    TagPhase.REMOVING: _remove,
}
