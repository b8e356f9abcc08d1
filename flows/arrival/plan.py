"""What an authenticated push means for us, worked out from values alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from members.models import FollowKind
from referral.values import Certainty, TouchKind
from wechat.pushes import (
    Click,
    DataWithdrawn,
    Image,
    Link,
    Location,
    MassResult,
    MenuScan,
    Push,
    Scan,
    Subscribe,
    SubscriptionChoices,
    SubscriptionSent,
    TemplateResult,
    Text,
    Unsubscribe,
    Video,
    Voice,
)

SCENE_LENGTH: Final = 64
GATHERED_FOR: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One push as it will be stored, with its effects on identity and touch.

    `reply` is the plain document to answer (empty: nothing to say). `is_followed` is None when
    the push says nothing about following. `share_id` comes from a verified token in the scene.
    """

    key: bytes
    account: str
    appid: str
    kind: str
    raw: bytes
    reply: str
    event_at: datetime
    known_at: datetime
    has_work: bool
    openid: str = ""
    is_followed: bool | None = None
    follow_kind: str | None = None
    touch_kind: str | None = None
    certainty: str | None = None
    scene: str | None = None
    share_id: int | None = None

    @property
    def digest(self) -> bytes:
        """SHA-256 of the body: what stays when the body itself is purged."""
        return sha256(self.raw).digest()

    @property
    def due_at(self) -> datetime:
        """When its work may be done: at once, or what one message of a campaign brings with all of the same second.

        Such pushes come as fast as is sent, and whoever works them off would find two or three at a time.
        """
        if self.kind not in OF_MESSAGES:
            return self.known_at
        return self.known_at.replace(microsecond=0) + GATHERED_FOR

    @property
    def has_touch(self) -> bool:
        """Whether somebody came into contact with a code."""
        return self.touch_kind is not None


OF_MESSAGES: Final = ("event.TEMPLATESENDJOBFINISH", "event.subscribe_msg_sent_event")
"""Kinds that tell what became of a message of ours."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What one kind of push does at once: to the follow state, and which touch a scene makes."""

    is_followed: bool
    follow_kind: FollowKind | None = None
    touch_kind: TouchKind | None = None


# The only three that write more than their inbox row while the platform waits.
EFFECTS: Final[Mapping[type[Push], Effect]] = {
    Subscribe: Effect(True, FollowKind.FOLLOWED, TouchKind.SUBSCRIBE),
    Scan: Effect(True, None, TouchKind.SCAN),
    Unsubscribe: Effect(False, FollowKind.UNFOLLOWED),
}
# Kinds whose row is a job; every other is done as soon as it is stored.
WITH_WORK: Final[frozenset[type[Push]]] = frozenset(
    {
        *(Subscribe, Scan, Unsubscribe, Text, Click, MenuScan),
        *(Image, Voice, Video, Location, Link),
        *(TemplateResult, MassResult, SubscriptionChoices, SubscriptionSent, DataWithdrawn),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An authenticated push with what is known about it: its key, scene and the token in it.

    `is_forged`: the scene looks like one of our tokens and is none.
    """

    key: bytes
    account: str
    appid: str
    raw: bytes
    push: Push
    scene: str | None = None
    share_id: int | None = None
    is_forged: bool = False


def plan(told: Told, *, reply: str, now: datetime) -> Arrival:
    """The arrival of an understood push."""
    push, effect = told.push, EFFECTS.get(type(told.push))
    touch_kind = effect.touch_kind if effect and told.scene else None
    return Arrival(
        key=told.key,
        account=told.account,
        appid=told.appid,
        kind=kind_of(push),
        raw=told.raw,
        reply=reply,
        event_at=push.created_at,
        known_at=now,
        has_work=type(push) in WITH_WORK or told.is_forged,
        openid=push.openid,
        is_followed=effect.is_followed if effect else None,
        follow_kind=effect.follow_kind if effect else None,
        touch_kind=touch_kind,
        certainty=Certainty.PLATFORM if touch_kind else None,
        scene=told.scene[:SCENE_LENGTH] if told.scene and touch_kind else None,
        share_id=told.share_id if touch_kind else None,
    )


def unreadable(*, key: bytes, account: str, appid: str, raw: bytes, now: datetime) -> Arrival:
    """The arrival of an authentic push that makes no sense to us: kept, answered with nothing."""
    return Arrival(
        key=key,
        account=account,
        appid=appid,
        kind="unreadable",
        raw=raw,
        reply="",
        event_at=now,
        known_at=now,
        has_work=False,
    )


def kind_of(push: Push) -> str:
    """`text`, `event.SCAN` ...: message type, or event name as the platform spells it."""
    event = getattr(push, "event", "")
    name = f"{push.msg_type}.{event}" if event else push.msg_type
    return name[:64]
