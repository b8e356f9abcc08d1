"""Four processes that send a campaign in turns, against the pretend WeChat: in no second do people get more than the rate."""

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import time, timedelta
from functools import partial
from multiprocessing.synchronize import Event
from pathlib import Path
from time import monotonic, sleep

import pytest
from flask import Flask

from campaigns import rules
from campaigns.models import CampaignStatus
from simulator.records import Contact
from simulator.server import Running, start
from tests.campaigns.cast import (
    CITY,
    CONTENT,
    NOTICE,
    Cast,
    approved,
    begin,
    crowd,
    people,
    plan,
    state,
)
from tests.limits import lengthen
from tests.simulator.stage import Stage
from wx_backend import clock, outbox
from wx_backend.app import close_app, create_app
from wx_backend.config import Config
from wx_backend.db import db
from wx_backend.worker import drain_queue

SENDERS, RATE, PEOPLE = 4, 20, 90
PATIENCE_SECONDS = 120
LEASE = timedelta(seconds=61)
_forked = multiprocessing.get_context("forkserver")
_forked.set_forkserver_preload([__name__])


@pytest.fixture
def running() -> Iterator[Running]:
    """The pretend WeChat; its clock is moved by nobody."""
    with start() as running:
        yield running


@pytest.fixture
def wechat(running: Running) -> Iterator[Stage]:
    """The same as others speak to it; asking for it makes the configuration point there."""
    stage = Stage(running.base_url)
    yield stage
    stage.close()


@pytest.fixture
def clock_file(config: Config, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """By what the service's clock, in every process, is ahead."""
    monkeypatch.setattr(rules, "LOUD_FROM", time.min)
    monkeypatch.setattr(rules, "LOUD_UNTIL", time.max)
    file = config.service.data_dir / "clock-offset"
    file.parent.mkdir(exist_ok=True)
    clock.follow(file)
    yield file
    clock.follow(None)


def send_until(config: Config, is_over: Event) -> None:
    """What a worker of long sends does."""
    lengthen()
    rules.LOUD_FROM, rules.LOUD_UNTIL = time.min, time.max  # type: ignore[misc]  # at any hour, as above
    app = create_app(config)
    clock.follow(config.service.data_dir / "clock-offset")
    while not is_over.is_set():
        drain_queue(app, outbox.BULK)
        sleep(0.05)
    close_app(app)


@contextmanager
def senders(config: Config) -> Iterator[None]:
    """Four of them, until the block ends."""
    is_over = _forked.Event()
    processes = [_forked.Process(target=send_until, args=(config, is_over)) for _ in range(SENDERS)]
    for each in processes:
        each.start()
    try:
        yield
    finally:
        is_over.set()
        for each in processes:
            each.join(PATIENCE_SECONDS)
            each.kill()
            each.join()
    assert [each.exitcode for each in processes] == [0] * SENDERS


def sent_at(running: Running) -> list[float]:
    """When the pretend WeChat brought somebody a message, in order."""
    with running.world.acting():
        return sorted(fact.at for fact in running.world.facts if fact.kind == "message.delivered")


@pytest.mark.processes
@pytest.mark.parametrize("jumps", [0, 3])
def test_in_no_second_do_people_get_more_than_the_rate_of_four_processes(
    *, app: Flask, cast: Cast, running: Running, wechat: Stage, clock_file: Path, jumps: int
) -> None:
    """With the clock of all of them a lease ahead now and then, too: whoever sends goes on beside who takes over."""
    config: Config = app.extensions["wx_config"]
    set_up(config, running, wechat)
    campaign_id = approved(cast, plan(rate_per_second=RATE), now=clock.now())
    begin()
    db.session.rollback()
    assert most_in_a_second(sent(config, running, clock_file, campaign_id, jumps)) <= RATE
    assert {status for status, _, _ in people(campaign_id).values()} == {"sent"}


def sent(
    config: Config, running: Running, clock_file: Path, campaign_id: int, jumps: int
) -> list[float]:
    """When each person got his message, the campaign over: the clock jumps on the way so many times."""
    before = len(sent_at(running))
    with senders(config):
        for number in range(1, jumps + 1):
            share = before + number * PEOPLE // 5
            wait_for(partial(has_sent, running, share))
            jump(clock_file)
        wait_for(partial(is_done, campaign_id))
    at = sent_at(running)[before:]
    assert len(at) == PEOPLE
    return at


def has_sent(running: Running, count: int) -> bool:
    return len(sent_at(running)) >= count


def is_done(campaign_id: int) -> bool:
    db.session.rollback()
    return state(campaign_id).status == CampaignStatus.DONE


def set_up(config: Config, running: Running, wechat: Stage) -> None:
    """The account, its template, and people who follow it on both sides."""
    account = next(each for each in config.accounts if each.appid == CITY)
    wechat.control("PUT", f"/accounts/{CITY}", secret=account.secret)
    wechat.control("PUT", f"/accounts/{CITY}/templates/{NOTICE}", title="通知", content=CONTENT)
    crowd(PEOPLE, now=clock.now())
    with running.world.acting():
        for number in range(PEOPLE):
            openid = f"o{number:05d}"
            running.world.contacts.save(Contact(CITY, openid, openid, is_following=True))


def jump(clock_file: Path) -> None:
    """Every process of the service is a lease ahead from now on, at once."""
    ahead = float(clock_file.read_text()) if clock_file.exists() else 0.0
    fresh = clock_file.with_name("clock-offset.new")
    fresh.write_text(str(ahead + LEASE.total_seconds()))
    fresh.replace(clock_file)


def most_in_a_second(at: list[float]) -> int:
    """How many at most any second saw."""
    return max(sum(first <= each < first + 1.0 for each in at) for first in at)


def wait_for(is_so: Callable[[], bool]) -> None:
    end = monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert monotonic() < end, "not in time"
        sleep(0.02)
