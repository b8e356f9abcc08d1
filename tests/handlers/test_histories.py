"""Whatever order pushes come in, and however often, the same is known in the end."""

from collections.abc import Sequence
from itertools import count
from typing import Any, Final

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from members.models import Consent, FollowEvent, Identity
from referral.models import Touch
from tests.handlers.conftest import Desk, desk_of
from tests.handlers.platform import NOON, Fields, Platform, event, follow, scan, text
from wx_backend.db import db
from wx_backend.outbox import WORK
from wx_backend.worker import drain_queue

_worlds = count(1)
PEOPLE = ("bob", "ben")
EXAMPLES: Final = 30
LATE_SECONDS: Final = 7_200  # as late as a push may come
# Within the same seconds, where order is hardest to tell, as often as hours apart.
at = st.integers(NOON - 3, NOON + 3) | st.integers(NOON - LATE_SECONDS, NOON + LATE_SECONDS)
who = st.sampled_from(PEOPLE)


def choice(template: str, status: str, *, at: int, openid: str) -> Fields:
    """Somebody says yes or no to notices."""
    entry = {"TemplateId": template, "SubscribeStatusString": status, "PopupScene": "1"}
    popup = {"List": entry}
    return event("subscribe_msg_popup_event", at=at, openid=openid, SubscribeMsgPopupEvent=popup)


pushes = st.one_of(
    st.builds(follow, st.sampled_from(["alice", "foreign"]), at=at, openid=who),
    st.builds(scan, st.sampled_from(["alice", "foreign"]), at=at, openid=who),
    st.builds(event, st.just("unsubscribe"), at=at, openid=who),
    st.builds(
        choice,
        st.sampled_from(["T1", "T2"]),
        st.sampled_from(["accept", "reject"]),
        at=at,
        openid=who,
    ),
    st.builds(text, st.just("你好"), at=at, number=st.integers(1, 3), openid=who),
)


def named(world: int, person: str) -> str:
    """The openid of a person in one world: what is written is never deleted."""
    return f"o{world:06}{person:0>20}"


def known(world: int) -> dict[str, list[Any]]:
    """What the service knows about the people of a world, without ids."""
    db.session.rollback()
    people: dict[int, str] = {}
    for person in PEOPLE:
        found = select(Identity.id).where(Identity.openid == named(world, person))
        people |= dict.fromkeys(db.session.scalars(found), person)
    identities = select(Identity).where(Identity.id.in_(people))
    follows = select(FollowEvent).where(FollowEvent.identity_id.in_(people))
    touches = select(Touch).where(Touch.identity_id.in_(people))
    consents = select(Consent).where(Consent.identity_id.in_(people))
    return {
        "identity": sorted(
            (people[i.id], i.is_followed, str(i.state_at), i.seen_at)
            for i in db.session.scalars(identities)
        ),
        "follow": sorted(
            (people[f.identity_id], f.kind, f.event_at) for f in db.session.scalars(follows)
        ),
        "touch": sorted(
            (people[t.identity_id or 0], t.kind, str(t.share_id), str(t.scene), t.event_at)
            for t in db.session.scalars(touches)
        ),
        "consent": sorted(
            (people[c.identity_id], *(str(v) for v in facts(c)))
            for c in db.session.scalars(consents)
        ),
    }


def facts(consent: Consent) -> list[object]:
    own = {"id", "identity_id", "push_key", "key", "known_at"}
    return [getattr(consent, c.name) for c in Consent.__table__.columns if c.name not in own]


def play(
    app: Flask, desk: Desk, city: Platform, world: int, history: Sequence[Fields], pause: int
) -> None:
    """Push a history, the work being done after every `pause` pushes."""
    for number, each in enumerate(history, 1):
        sent = city.safe({**each, "FromUserName": named(world, each["FromUserName"])})
        assert desk(sent).status_code == 200
        if number % pause == 0:
            drain_queue(app, WORK)
    drain_queue(app, WORK)


@pytest.mark.usefixtures("alice")
def test_order_repeats_and_late_work_do_not_change_what_is_known(
    app: Flask, city: Platform, request: pytest.FixtureRequest
) -> None:
    desk = desk_of(app)

    @settings(
        max_examples=request.config.getoption("--examples") or EXAMPLES,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],  # each example is a world of many transactions
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(
        history=st.lists(pushes, max_size=8, unique_by=str),
        order=st.randoms(use_true_random=False),
        pause=st.integers(1, 9),
    )
    def each(history: list[Fields], order: Any, pause: int) -> None:
        one, two = next(_worlds), next(_worlds)
        shuffled = [*history, *history]
        order.shuffle(shuffled)

        play(app, desk, city, one, sorted(history, key=lambda push: push["CreateTime"]), 1)
        play(app, desk, city, two, shuffled, pause)

        assert known(one) == known(two)

    each()
