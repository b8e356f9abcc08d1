"""Reading an account's whole list of followers: begun by staff, done page by page, resumed anywhere.

One call at a time, so that the platform's rate is never touched; when a day's quota is used up it
goes on after midnight in Shanghai.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from flows.accounts import account_within
from flows.following import forget_identity, note_told
from flows.resuming import pause_after
from members import syncing
from members.sync_models import FollowerSync, SyncPhase
from wx_backend import clock
from wx_backend.errors import NotFound, PlatformError
from wx_backend.outbox import BULK, Steps, defer, remote_job
from wx_backend.platform import client

LEFT_AT_ONCE: Final = 500
ASKED_AT_ONCE: Final = 100  # as many as the platform takes


def start(*, name: str, node_id: int, by: str, now: datetime) -> None:
    """Begin a reading. Raises NotFound for a foreign account, SyncUnderWay."""
    sync_id = syncing.start_sync(appid=account_within(name, node_id).appid, by=by, now=now)
    defer(sync_followers, sync_id=sync_id)


def stop(*, name: str, node_id: int, now: datetime) -> None:
    """End a reading where it is; what it found stays. Raises NotFound."""
    latest = syncing.latest_sync(account_within(name, node_id).appid)
    sync = syncing.sync_under_way(latest.id) if latest is not None else None
    if sync is None:
        raise NotFound("没有正在进行的同步")
    syncing.end_sync(sync, SyncPhase.STOPPED, now=now)


def let_leave(*, name: str, node_id: int, now: datetime) -> None:
    """Whoever is not on the list has left indeed: go on. Raises NotFound when nobody was asked."""
    latest = syncing.latest_sync(account_within(name, node_id).appid)
    sync = syncing.sync_under_way(latest.id) if latest is not None else None
    if sync is None or not syncing.let_leave(sync, now=now):
        raise NotFound("没有等待确认的同步")
    defer(sync_followers, sync_id=sync.id)


@remote_job("followers.sync", queue=BULK)
def sync_followers(*, sync_id: int, tries: int = 0) -> Steps:
    """Do the next step of a reading, and come back while there are more.

    `tries` is how often this step was refused: the reading ends with the last one, so that a new one
    can begin.
    """
    sync = syncing.sync_under_way(sync_id)
    if sync is None:
        return
    try:
        yield from _STEPS[SyncPhase(sync.phase)](sync)
    except PlatformError as refusal:
        _refused(sync_id, refusal, tries)
        return
    sync = syncing.sync_under_way(sync_id)
    if sync is not None and sync.phase != SyncPhase.ASKING:
        sync.note = ""
        defer(sync_followers, sync_id=sync_id)


def _wait(_: FollowerSync) -> Steps:
    """A person is asked: whoever answers has it go on."""
    yield from ()


def _list(sync: FollowerSync) -> Steps:
    sync_id, appid, after = sync.id, sync.appid, sync.next_openid
    page = yield lambda: client(appid).followers(after)
    now, still = clock.now(), syncing.sync_under_way(sync_id)
    if still is not None:
        syncing.note_page(
            still, page.openids, total=page.total, following=page.next_openid, now=now
        )


def _leave(sync: FollowerSync) -> Steps:
    """Who is not on the list has left: his profile is forgotten, as when he says so himself."""
    now, until = clock.now(), sync.started_at.isoformat()
    for identity_id in syncing.note_left(sync, limit=LEFT_AT_ONCE, now=now):
        defer(forget_identity, identity_id=identity_id, for_good=False, until=until)
    yield from ()


def _learn(sync: FollowerSync) -> Steps:
    sync_id, appid = sync.id, sync.appid
    asked = syncing.to_learn(sync, limit=ASKED_AT_ONCE)
    if not asked:
        syncing.end_sync(sync, SyncPhase.DONE, now=clock.now())
        return
    told = yield lambda: client(appid).user_infos([*asked])
    now, still = clock.now(), syncing.sync_under_way(sync_id)
    if still is None:
        return
    for info in told:
        if info.openid in asked:
            note_told(identity_id=asked[info.openid], info=info, now=now)
    syncing.note_learnt(still, up_to=max(asked.values()), count=len(asked), now=now)


def _refused(sync_id: int, refusal: PlatformError, tries: int) -> None:
    sync, now = syncing.sync_under_way(sync_id), clock.now()
    if sync is None:
        return
    pause = pause_after(refusal, tries, now=now)
    if pause.due_at is None:
        syncing.end_sync(sync, SyncPhase.FAILED, now=now, note=pause.note)
    else:
        sync.note, sync.moved_at = pause.note, now
        defer(sync_followers, sync_id=sync_id, tries=pause.tries, due_at=pause.due_at)


_STEPS: Final[Mapping[SyncPhase, Callable[[FollowerSync], Any]]] = {
    SyncPhase.LISTING: _list,
    SyncPhase.ASKING: _wait,
    SyncPhase.LEAVING: _leave,
    SyncPhase.PROFILES: _learn,
}
