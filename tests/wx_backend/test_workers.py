"""Workers wake when the bell rings, share the work, and run nothing but ours."""

import json
import pickle
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis
from rq import Queue
from sqlalchemy import func, select

from members.models import Consent
from tests.handlers.conftest import desk_of, platform_of
from tests.handlers.platform import Fields, event
from tests.limits import within
from tests.wx_backend.processes import Town, town
from wx_backend import bell, clock, rq_queue
from wx_backend.clock_process import Clock, sweeps
from wx_backend.config import Config
from wx_backend.db import db
from wx_backend.inbox import Push

pytestmark = pytest.mark.processes

BELL_SECONDS = 60.0  # far less than a lease, far more than a ring takes


@pytest.fixture
def place(config: Config, tmp_path: Path, app: Flask) -> Iterator[Town]:
    """A Valkey whose bell the application rings."""
    assert app.testing
    with town(config, tmp_path / "town") as running:
        bell.install(running.places.redis_url)
        yield running
        bell.install(None)


def choice(number: int) -> Fields:
    """An answer to notices: its effect is one row."""
    entry = {"TemplateId": f"T{number}", "SubscribeStatusString": "accept", "PopupScene": "1"}
    return event("subscribe_msg_popup_event", SubscribeMsgPopupEvent={"List": entry})


def push(app: Flask, config: Config, *numbers: int) -> None:
    desk, city = desk_of(app), platform_of(config, "city")
    for number in numbers:
        send = partial(desk, city.safe(choice(number)))
        assert within(2, send).status_code == 200


def effects() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Consent)) or 0


def eventually(is_so: Callable[[], bool], within: float = BELL_SECONDS) -> bool:
    end = time.monotonic() + within
    while not is_so() and time.monotonic() < end:
        time.sleep(0.05)
    return is_so()


def test_a_ring_wakes_a_worker_and_two_share_the_work(
    app: Flask, config: Config, place: Town
) -> None:
    place.start_worker("work", "one")
    push(app, config, 1)
    assert eventually(lambda: effects() == 1)

    place.start_worker("work", "two")
    push(app, config, *range(2, 42))
    assert eventually(lambda: effects() == 41)
    db.session.rollback()
    assert set(db.session.scalars(select(Push.status))) == {"done"}


def test_nobody_else_s_job_is_run_and_the_worker_lives(
    app: Flask, config: Config, place: Town, tmp_path: Path
) -> None:
    trace = tmp_path / "trace"
    place.start_worker("work")
    plant(place.redis, f"touch {trace}")

    queue = rq_queue.open_queue("work", place.redis)
    assert eventually(lambda: queue.count == 0)
    push(app, config, 1)
    assert eventually(lambda: effects() == 1)
    assert not trace.exists()
    assert place.supervisor.restarts("worker-work") == 0


def plant(redis: Redis, command: str) -> None:
    """What somebody with access to Redis would try."""
    ours = rq_queue.open_queue("work", redis)
    theirs = Queue(ours.name, connection=redis, serializer="json")
    theirs.enqueue("os.system", command)
    theirs.enqueue("subprocess.getoutput", command)
    Queue(ours.name, connection=redis).enqueue("os.system", command)  # pickled
    bad = theirs.enqueue(rq_queue.DRAIN, "work")
    redis.hset(bad.key, "success_callback_name", "os.system")
    redis.hset(bad.key, "data", pickle.dumps(["os.system", None, [command], {}]))
    with_callback = theirs.enqueue(rq_queue.DRAIN, "no such queue")
    redis.hset(with_callback.key, "failure_callback_name", "antigravity.geohash")
    redis.rpush(ours.key, "no-such-job")
    redis.rpush(ours.key, json.dumps({"not": "an id"}))


def test_what_redis_forgets_the_sweep_finds(app: Flask, config: Config, place: Town) -> None:
    push(app, config, 1, 2)
    queue = rq_queue.open_queue("work", place.redis)
    assert eventually(lambda: queue.count == 1)
    place.redis.flushall()

    loop = Clock(app, sweeps(app))
    loop.tick(clock.now())
    loop.end_aside()

    assert effects() == 2
    place.start_worker("work")
    push(app, config, 3)
    assert eventually(lambda: effects() == 3)


def test_without_redis_pushes_are_taken_and_worked_off_by_the_sweep(
    app: Flask, config: Config, place: Town
) -> None:
    place.supervisor.stop_all()
    push(app, config, *range(1, 11))

    loop = Clock(app, sweeps(app))
    loop.tick(clock.now() + timedelta(seconds=1))
    loop.end_aside()

    assert effects() == 10
