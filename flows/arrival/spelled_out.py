"""Storing an arrival in ordinary code: what `store` must equal, and what recovery and replay use."""

from sqlalchemy import select

from flows.arrival.plan import Arrival
from members import operations as members
from members.models import FollowKind
from referral.operations import Contact, record_touch
from referral.values import Certainty, TouchKind
from wx_backend import inbox
from wx_backend.claims import WorkStatus
from wx_backend.db import db
from wx_backend.inbox import Push


def arrive(arrival: Arrival) -> str:
    """Keep an arrival once, with its effects; the reply to give: its own, or the first one's."""
    if not inbox.receive(_push(arrival)):
        return db.session.scalars(select(Push.reply).where(Push.key == arrival.key)).one()
    if arrival.is_followed is None:
        return arrival.reply
    identity_id = _identity(arrival)
    if arrival.touch_kind is not None:
        record_touch(
            Contact(
                key=arrival.key,
                kind=TouchKind(arrival.touch_kind),
                certainty=Certainty.PLATFORM,
                event_at=arrival.event_at,
                known_at=arrival.known_at,
                identity_id=identity_id,
                share_id=arrival.share_id,
                appid=arrival.appid,
                scene=arrival.scene,
            )
        )
    return arrival.reply


def _identity(arrival: Arrival) -> int:
    who = {"appid": arrival.appid, "openid": arrival.openid}
    if arrival.follow_kind == FollowKind.FOLLOWED:
        return members.follow(
            key=arrival.key, event_at=arrival.event_at, known_at=arrival.known_at, **who
        )
    if arrival.follow_kind == FollowKind.UNFOLLOWED:
        return members.unfollow(
            key=arrival.key, event_at=arrival.event_at, known_at=arrival.known_at, **who
        )
    return members.scan(event_at=arrival.event_at, known_at=arrival.known_at, **who)


def _push(arrival: Arrival) -> Push:
    return Push(
        key=arrival.key,
        account=arrival.account,
        kind=arrival.kind,
        raw=arrival.raw,
        digest=arrival.digest,
        reply=arrival.reply,
        event_at=arrival.event_at,
        known_at=arrival.known_at,
        status=WorkStatus.PENDING if arrival.has_work else WorkStatus.DONE,
        attempts=0,
        due_at=arrival.due_at,
        done_at=None if arrival.has_work else arrival.known_at,
    )
