"""What happens to an identity: it is seen, it follows, scans, unfollows.

The state of an identity is that of its newest event, whatever the order of arrival, by one rule:

    a follow (or a scan, which only followers can do) counts when `state_at` is empty or older
    than the event;
    an unfollow counts when `state_at` is empty, older than the event or equal to it.

So of a follow and an unfollow in one second (the platform counts whole seconds) the unfollow
stands, and repeating an event changes nothing. That somebody was found not to follow, by a call
of ours, counts as an unfollow just before the second of the call: whatever is known to have
happened in that second or later stands, also when it becomes known later.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update

from members.audience import known_openids
from members.models import FollowEvent, FollowKind, Identity
from wx_backend.db import Instant, db, upsert
from wx_backend.sql import among, byte_order, given


def follow(
    *,
    key: bytes,
    appid: str,
    openid: str,
    event_at: datetime,
    known_at: datetime,
    scene: str | None = None,
) -> int:
    """Somebody follows the account: the id of the identity, made when new.

    `key` is the push's, so that a repeat is the same row; `scene` is the platform's
    `subscribe_scene` where it is known (the push itself does not say).
    """
    identity_id = scan(appid=appid, openid=openid, event_at=event_at, known_at=known_at)
    if scene is not None:
        _change(identity_id, Identity.state_at == event_at, subscribe_scene=scene)
    _note(key, identity_id, FollowKind.FOLLOWED, event_at, known_at)
    return identity_id


def scan(*, appid: str, openid: str, event_at: datetime, known_at: datetime) -> int:
    """A follower scanned a code, which proves that he follows, even if that event was lost.

    The id of the identity, made when new; the follow history only holds what was told as such.
    """
    identity_id = seen(appid=appid, openid=openid, event_at=event_at, known_at=known_at)
    _change(
        identity_id,
        or_(Identity.state_at.is_(None), Identity.state_at < event_at),
        is_followed=True,
        state_at=event_at,
    )
    return identity_id


def unfollow(*, key: bytes, appid: str, openid: str, event_at: datetime, known_at: datetime) -> int:
    """Somebody leaves the account: the id of the identity, made when new."""
    identity_id = seen(appid=appid, openid=openid, event_at=event_at, known_at=known_at)
    _change(
        identity_id,
        or_(Identity.state_at.is_(None), Identity.state_at <= event_at),
        is_followed=False,
        state_at=event_at,
    )
    _note(key, identity_id, FollowKind.UNFOLLOWED, event_at, known_at)
    return identity_id


def found_unfollowed(*, identity_id: int, asked_at: datetime) -> None:
    """The platform refused a call begun at `asked_at`, because this person does not follow.

    It tells of a leaving whose own event was lost, or is still to come; the follow history only
    holds what was told as such.
    """
    left_at = asked_at.replace(microsecond=0) - timedelta(microseconds=1)
    _change(
        identity_id,
        or_(Identity.state_at.is_(None), Identity.state_at <= left_at),
        is_followed=False,
        state_at=left_at,
    )


def seen(*, appid: str, openid: str, event_at: datetime, known_at: datetime) -> int:
    """A sign of life at `event_at`: the id of the identity, made when new."""
    row = {"appid": appid, "openid": openid, "seen_at": event_at, "created_at": known_at}
    upsert(Identity, row, key=("appid", "openid"))
    identity_id = db.session.scalars(
        select(Identity.id).where(Identity.appid == appid, Identity.openid == openid)
    ).one()
    _change(identity_id, Identity.seen_at < event_at, seen_at=event_at)
    return identity_id


def seen_all(appid: str, at: Mapping[str, datetime], *, known_at: datetime) -> dict[str, int]:
    """The same of many people at once, by openid: when each gave a sign of life."""
    found = known_openids(appid, at.keys())
    table = Identity.__table__
    ids = sorted(found.values())
    rows = select(Identity.id).where(among(Identity.id, ids))
    in_the_doors_order = rows.order_by(byte_order(Identity.appid), byte_order(Identity.openid))
    db.session.execute(in_the_doors_order.with_for_update(key_share=True))
    lately = given(
        {"id": table.c.id.type, "at": Instant()},
        [{"id": number, "at": at[openid]} for openid, number in found.items()],
    )
    db.session.execute(
        update(Identity)
        .where(Identity.id == lately.c.id, Identity.seen_at < lately.c.at)
        .values(seen_at=lately.c.at)
        .execution_options(synchronize_session=False)
    )
    for openid in sorted(at.keys() - found):
        found[openid] = seen(appid=appid, openid=openid, event_at=at[openid], known_at=known_at)
    return found


def ensure_identity(*, appid: str, openid: str, now: datetime, unionid: str | None = None) -> int:
    """The identity of somebody who proved to be `openid` just now (OAuth, mini-program login).

    The union id is noted when the platform gave one; a later answer without it takes none away.
    """
    identity_id = seen(appid=appid, openid=openid, event_at=now, known_at=now)
    if unionid is not None:
        _change(identity_id, Identity.unionid.is_distinct_from(unionid), unionid=unionid)
    return identity_id


def sign_out(*, identity_id: int, now: datetime) -> None:
    """Whatever was signed in as this identity up to now is so no more, on every browser."""
    is_older = or_(Identity.signed_out_at.is_(None), Identity.signed_out_at < now)
    _change(identity_id, is_older, signed_out_at=now)


def hold_identity(identity_id: int) -> None:
    """Until this transaction ends the identity joins nobody, is parted from nobody, and not reported lost."""
    held = select(Identity.id).where(Identity.id == identity_id)
    db.session.execute(held.with_for_update(read=True, key_share=True))


def note_profile(*, identity_id: int, unionid: str | None, subscribe_scene: str | None) -> None:
    """Keep what the platform told about a follower; what it left out stays as it was."""
    told = {"unionid": unionid, "subscribe_scene": subscribe_scene}
    values = {name: value for name, value in told.items() if value is not None}
    if values:
        _change(identity_id, Identity.is_followed.is_(True), **values)


def _change(identity_id: int, condition: ColumnElement[bool], **values: Any) -> None:
    db.session.execute(update(Identity).where(Identity.id == identity_id, condition).values(values))


def _note(
    key: bytes, identity_id: int, kind: FollowKind, event_at: datetime, known_at: datetime
) -> None:
    row = {
        "key": key,
        "identity_id": identity_id,
        "kind": kind,
        "event_at": event_at,
        "known_at": known_at,
    }
    upsert(FollowEvent, row, key=("key",))
