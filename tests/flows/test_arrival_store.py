"""The fast way of storing a push equals the spelled-out way, whatever comes in whatever order."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from itertools import count
from time import monotonic, sleep
from typing import Any

import pytest
import time_machine
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from flows.arrival import spelled_out
from flows.arrival.plan import Arrival
from flows.arrival.rows import BEFORE_COMMIT
from flows.arrival.store import Store, open_store
from flows.arrival.threads import Threads
from members.models import FollowEvent, FollowKind, Identity
from org.models import OrgNode, Rep
from referral.models import CodeKind, Place, Subject, Touch
from referral.operations import (
    CodeMade,
    Sharer,
    Sharing,
    note_code_made,
    open_share,
    plan_scene_code,
    point_code,
)
from referral.values import Certainty, TouchKind
from tests.site import begun
from wx_backend import crash, inbox
from wx_backend.config import Config
from wx_backend.db import db, transaction
from wx_backend.inbox import Push

NOON = datetime(2026, 11, 21, 4, 0, 0, tzinfo=UTC)
APPID = "wx5ad0c1ee0a2b3f4d"
WAIT = 60.0
WORD = "event.TEMPLATESENDJOBFINISH"
KINDS: dict[str, dict[str, Any]] = {
    "subscribe": {"is_followed": True, "follow_kind": FollowKind.FOLLOWED},
    "SCAN": {"is_followed": True},
    "unsubscribe": {"is_followed": False, "follow_kind": FollowKind.UNFOLLOWED},
    "text": {},
    WORD: {},
}
TOUCHES = {"subscribe": TouchKind.SUBSCRIBE, "SCAN": TouchKind.SCAN}


@pytest.fixture
def store(config: Config, shares: list[int]) -> Iterator[Store]:
    assert shares
    store = open_store(config.database.url, Threads(16))
    yield store
    store.close()


@pytest.fixture
def shares(app: Flask) -> list[int]:
    """Two reps' shares; code `alice` moves from one to the other at noon, `old` ends at noon."""
    assert app.testing
    with transaction() as session:
        outlet = OrgNode(tier="outlet", code="O1", name="人民路营业厅")
        session.add(outlet)
        session.flush()
        ids = []
        for name in ("Alice", "Anna"):
            rep = Rep(
                number=f"RP{name}",
                name=name,
                outlet_id=outlet.id,
                channel_class="own_hall",
                joined_on=NOON.date(),
            )
            session.add(rep)
            session.flush()
            ids.append(
                open_share(
                    sharer=Sharer(rep_id=rep.id),
                    sharing=Sharing(subject=Subject.SHOWROOM, place=Place.POSTER),
                    now=NOON,
                ).id
            )
        code = plan_scene_code(
            kind=CodeKind.OA_PERMANENT,
            appid=APPID,
            scene="alice",
            share_id=ids[0],
            now=NOON - timedelta(seconds=2),
        )
        point_code(code_id=code.id, share_id=ids[1], now=NOON)
        old = plan_scene_code(
            kind=CodeKind.LEGACY,
            appid=APPID,
            scene="old",
            share_id=ids[0],
            now=NOON - timedelta(days=9),
        )
        made = CodeMade(ticket="t", url="http://weixin.qq.com/q/1", expires_at=NOON)
        note_code_made(code_id=old.id, made=made)
    return ids


def arrival(
    kind: str,
    *,
    second: int,
    openid: str = "bob",
    scene: str | None = None,
    share_id: int | None = None,
) -> Arrival:
    touch = TOUCHES.get(kind) if scene else None
    key = blake2b(f"{kind}{second}{openid}{scene}{share_id}".encode(), digest_size=16).digest()
    return Arrival(
        key=key,
        account="city",
        appid=APPID,
        kind=kind,
        raw=f"<xml>{kind}</xml>".encode(),
        reply=f"hello {kind}",
        event_at=NOON + timedelta(seconds=second),
        known_at=NOON + timedelta(seconds=5),
        has_work=kind != "SCAN",
        openid=openid,
        touch_kind=touch,
        certainty=Certainty.PLATFORM if touch else None,
        scene=scene if touch else None,
        share_id=share_id if touch else None,
        **KINDS[kind],
    )


arrivals = st.builds(
    arrival,
    st.sampled_from(list(KINDS)),
    second=st.integers(-3, 3),
    openid=st.sampled_from(["bob", "ben"]),
    scene=st.sampled_from([None, "alice", "old", "foreign", "SAAAA"]),
    share_id=st.sampled_from([None, 1, 2, 999_999]),
)


_worlds = count(1)


def as_seen_in(world: int, history: Sequence[Arrival]) -> list[Arrival]:
    """The same history with people and keys of its own: what is written is never deleted."""
    return [
        replace(
            each,
            openid=f"{world}-{each.openid}",
            key=blake2b(each.key, digest_size=16, salt=str(world).encode()).digest(),
        )
        for each in history
    ]


def tables(world: int) -> dict[str, list[tuple[Any, ...]]]:
    """Every row that the arrivals of one world wrote, without ids and keys, people by name."""
    db.session.rollback()
    identities = select(Identity).where(Identity.openid.startswith(f"{world}-"))
    people = {row.id: (row.openid or "").split("-")[1] for row in db.session.scalars(identities)}
    follows = select(FollowEvent).where(FollowEvent.identity_id.in_(people))
    touches = select(Touch).where(Touch.identity_id.in_(people))
    return {
        "identity": sorted(
            (people[i.id], i.is_followed, str(i.state_at), i.seen_at, i.created_at)
            for i in db.session.scalars(identities)
        ),
        "follow": sorted(
            (people[f.identity_id], f.kind, f.event_at, f.known_at)
            for f in db.session.scalars(follows)
        ),
        "touch": sorted(
            (
                *(people[t.identity_id or 0], str(t.share_id), str(t.code_id), t.kind),
                *(t.certainty, str(t.scene), t.event_at, t.known_at),
            )
            for t in db.session.scalars(touches)
        ),
    }


def pushes(history: Sequence[Arrival]) -> list[tuple[Any, ...]]:
    """The inbox rows of a history, without ids and keys."""
    db.session.rollback()
    rows = db.session.scalars(select(Push).where(Push.key.in_([each.key for each in history])))
    return sorted(
        (
            *(p.kind, p.raw, p.digest, p.reply, p.event_at, p.known_at),
            *(p.status, p.due_at, p.done_at is None),
        )
        for p in rows
    )


def begun_to_store(store: Store, each: Arrival) -> Future[str]:
    return begun(store.store(each, until=monotonic() + WAIT))


def stored(store: Store, each: Arrival) -> str:
    return begun_to_store(store, each).result()


def fast(store: Store, history: Sequence[Arrival]) -> list[str]:
    return [stored(store, each) for each in history]


def at_once(store: Store, history: Sequence[Arrival]) -> list[str]:
    """All of a history at the same time, so that many share a commit."""
    crash.arm(BEFORE_COMMIT, lambda: sleep(0.005))
    try:
        futures = [begun_to_store(store, each) for each in history]
        return [future.result() for future in futures]
    finally:
        crash.disarm()


def plain(history: Sequence[Arrival]) -> list[str]:
    replies = []
    for each in history:
        with transaction():
            replies.append(spelled_out.arrive(each))
    return replies


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=st.lists(arrivals, max_size=12))
def test_the_fast_path_equals_the_spelled_out_one(store: Store, history: list[Arrival]) -> None:
    one, two = next(_worlds), next(_worlds)
    quick, slow = as_seen_in(one, history), as_seen_in(two, history)

    assert fast(store, quick) == plain(slow)
    assert tables(one) == tables(two)
    assert pushes(quick) == pushes(slow)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=st.lists(arrivals, min_size=2, max_size=12))
def test_what_arrives_at_once_equals_the_spelled_out_way(
    store: Store, history: list[Arrival]
) -> None:
    one, two = next(_worlds), next(_worlds)
    quick, slow = as_seen_in(one, history), as_seen_in(two, history)

    assert at_once(store, quick) == plain(slow)
    assert tables(one) == tables(two)
    assert pushes(quick) == pushes(slow)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(history=st.lists(arrivals, max_size=8), order=st.randoms(use_true_random=False))
def test_order_and_repeats_do_not_change_what_is_known(
    store: Store, history: list[Arrival], order: Any
) -> None:
    one, two = next(_worlds), next(_worlds)
    shuffled = as_seen_in(two, [*history, *history])
    order.shuffle(shuffled)

    fast(store, as_seen_in(one, history))
    fast(store, shuffled)

    assert tables(one) == tables(two)


def test_a_scan_counts_for_whom_the_code_led_to_when_it_was_scanned(
    store: Store, shares: list[int]
) -> None:
    stored(store, arrival("SCAN", second=-1, scene="alice"))
    stored(store, arrival("SCAN", second=0, scene="alice"))

    found = db.session.scalars(select(Touch.share_id).order_by(Touch.event_at)).all()
    assert found == shares


def test_a_retry_is_answered_with_the_first_reply(store: Store) -> None:
    first = arrival("subscribe", second=0, scene="alice")
    stored(store, first)

    assert stored(store, replace(first, reply="changed meanwhile")) == "hello subscribe"


def test_words_on_messages_of_one_second_are_due_together(store: Store) -> None:
    """A campaign's come as fast as it sends: at once, whoever works them off would find two at a time."""
    for each in range(10):
        word = arrival(WORD, second=each, openid=f"reader {each}")
        stored(store, replace(word, known_at=NOON + timedelta(milliseconds=99 * each)))
    stored(store, replace(arrival("text", second=0), known_at=NOON + timedelta(milliseconds=500)))

    with time_machine.travel(NOON + timedelta(milliseconds=999), tick=False):
        assert len(inbox.claim(limit=100)) == 1
    with time_machine.travel(NOON + timedelta(seconds=1), tick=False):
        assert len(inbox.claim(limit=100)) == 10
