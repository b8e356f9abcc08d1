"""A process dies, in order or by kill -9, at every point: after a restart there is one effect."""

import base64
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from members.models import Consent, FollowEvent, Identity
from referral.models import Touch
from tests.handlers import service
from tests.handlers.conftest import Count, desk_of
from tests.handlers.platform import Platform, Sent, event, follow, query_string
from tests.racing import race
from wx_backend import claims, clock, crash
from wx_backend.config import Config
from wx_backend.db import db
from wx_backend.inbox import Push
from wx_backend.leases import Lease

Start = Callable[..., "subprocess.Popen[str]"]
RunJobs = Callable[[], None]
Later = Callable[[timedelta], None]

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("alice")]

CHOICE = event(
    "subscribe_msg_popup_event",
    SubscribeMsgPopupEvent={
        "List": {"TemplateId": "T1", "SubscribeStatusString": "accept", "PopupScene": "1"}
    },
)
POINTS = [
    *("arrival.before_commit", "arrival.after_commit", "inbox.before_done", "inbox.after_done"),
    *("outbox.before_done", "outbox.after_done", "outbox.after_remote_call"),
]


@pytest.fixture
def start(config: Config, tmp_path: Path) -> Iterator[Start]:
    """Starts the service as a process; none outlives the test."""
    running: list[subprocess.Popen[str]] = []

    def begin(times: int = 1, kind: str = "live", point: str = "-") -> "subprocess.Popen[str]":
        url, folder = config.database.url, str(tmp_path)
        module = (sys.executable, "-m", service.__name__)
        process = subprocess.Popen(
            (*module, url, folder, str(times), kind, point),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield begin
    for process in running:
        process.kill()
        process.communicate()


def line(sent: Sent) -> str:
    body = base64.b64encode(sent.body).decode()
    return json.dumps({"query": query_string(sent), "body": body}) + "\n"


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    """Moves the clock forward."""
    now = clock.now

    def move(span: timedelta) -> None:
        monkeypatch.setattr(clock, "now", lambda: now() + span)

    return move


def die_in_order(app: Flask, point: str, sent: Sent, run_jobs: RunJobs) -> None:
    """An exception nobody catches ends the request or the drain."""

    def serve() -> None:
        desk_of(app)(sent)
        run_jobs()

    crash.arm(point, crash.raise_crashed)
    try:
        with pytest.raises(crash.Crashed):
            serve()
    finally:
        crash.disarm()


def die_at_once(start: Start, point: str, sent: Sent) -> None:
    """A real process ends as by kill -9."""
    process = start(kind="kill", point=point)
    process.communicate(line(sent), timeout=30)
    assert process.returncode == 137


@pytest.mark.parametrize("kind", ["in order", "at once"])
@pytest.mark.parametrize("point", POINTS)
def test_a_death_leaves_one_effect_after_the_restart(
    *,
    app: Flask,
    city: Platform,
    start: Start,
    point: str,
    kind: str,
    run_jobs: RunJobs,
    count: Count,
    tmp_path: Path,
    later: Later,
) -> None:
    sent = city.safe(CHOICE if point.startswith("inbox") else follow())
    service.put_jobs(tmp_path)
    if kind == "in order":
        die_in_order(app, point, sent, run_jobs)
    else:
        die_at_once(start, point, sent)

    later(claims.LEASE + timedelta(seconds=1))
    assert desk_of(app)(sent).status_code == 200
    run_jobs()

    is_choice = point.startswith("inbox")
    assert count(Push) == count(Identity) == 1
    assert (count(Touch), count(FollowEvent)) == ((0, 0) if is_choice else (1, 1))
    assert count(Consent) == int(is_choice)
    effects = {lease.name: lease.fence for lease in db.session.scalars(select(Lease))}
    assert effects == {"local": 1, "remote": 1}
    calls = (tmp_path / "calls").read_text().splitlines()
    assert len(calls) == (2 if point == "outbox.after_remote_call" else 1)


def test_fifty_copies_on_eight_threads_are_one_push(
    app: Flask, city: Platform, count: Count
) -> None:
    desk, sent = desk_of(app), city.safe(follow())

    answers = race(app, lambda _: desk(sent), times=50)

    assert {each.status_code for each in answers} == {200}
    assert len({str(city.opened(each.data)) for each in answers}) == 1
    assert count(Push) == count(Identity) == count(FollowEvent) == count(Touch) == 1


def test_fifty_copies_in_three_processes_are_one_push(
    city: Platform, start: Start, count: Count
) -> None:
    processes = [start(times=17) for _ in range(3)]
    sent = line(city.safe(follow()))
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(sent)
        process.stdin.flush()
    answers = [
        answer
        for process in processes
        for answer in process.communicate(timeout=60)[0].splitlines()
    ]

    assert len(answers) == 51
    assert {reply_in(city, answer) for answer in answers} == {reply_in(city, answers[0])}
    assert count(Push) == count(Identity) == count(FollowEvent) == count(Touch) == 1


def reply_in(city: Platform, answer: str) -> str:
    status, body = answer.split()
    assert status == "200"
    return str(city.opened(base64.b64decode(body)))
