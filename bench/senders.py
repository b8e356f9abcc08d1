"""Processes that send a campaign for `bench.campaign_kills`: killed from outside, or dying at a crash point by themselves."""

import multiprocessing
import os
import threading
import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random
from typing import Final, NoReturn

from flask import Flask

from bench.campaign import at_any_hour
from flows.campaign import running
from tests.limits import lengthen
from tests.serving import reaching
from wx_backend import clock, crash, outbox
from wx_backend.app import create_app
from wx_backend.config import Config, Database
from wx_backend.db import db, retried
from wx_backend.worker import drain_queue

ROOT: Final = Path(__file__).resolve().parent.parent
SENDERS: Final = 3
DIED: Final = 137
POINTS: Final = (
    *(running.BEFORE_SEND, running.AFTER_SEND, running.BEFORE_MARK),
    *(outbox.AFTER_CALL, outbox.BEFORE_DONE, outbox.AFTER_DONE),
)
"""Every crash point that a chunk passes."""
forked = multiprocessing.get_context("forkserver")
forked.set_forkserver_preload([__name__])


class Senders:
    """Some processes at one campaign; whoever ends is started anew, as by systemd.

    Those that are started first and those that follow somebody who was killed die at a crash point, as long
    as some are left to die at: each point so many times, in turn.
    """

    def __init__(self, told: Mapping[str, str], *, turns: int) -> None:
        self.hits = 0
        self.planned = Counter(dict.fromkeys(POINTS, turns))
        self.passed: Counter[str] = Counter()
        self._told = told
        self._left = deque(POINTS * turns)
        self._living = [self._born() for _ in range(SENDERS)]

    def at_work(self) -> list[int]:
        """Which of them have a chunk in hand: taken, and not marked yet."""
        return [n for n, (sender, _) in enumerate(self._living) if self._is_busy(sender)]

    def kill_one(self, chance: Random) -> None:
        """SIGKILL for one of those at work, if there are any; a hit if it still was when it died."""
        if not (busy := self.at_work()):
            return
        # Whoever is to die at a point is let to it, where somebody else is at work.
        victim = chance.choice([n for n in busy if self._living[n][1] is None] or busy)
        sender, point = self._living[victim]
        sender.kill()
        sender.join()
        if sender.exitcode == DIED:  # it was faster
            return
        self.hits += self._is_busy(sender)
        self._forget(sender)
        if point is not None:
            self._left.appendleft(point)
        self._living[victim] = self._born()

    def tend(self) -> None:
        """Start anew whoever ended by himself, and count those who died at a crash point."""
        for number, (sender, point) in enumerate(self._living):
            if sender.is_alive():
                continue
            if sender.exitcode == DIED and point is not None:
                self.passed[point] += 1
            elif point is not None:
                self._left.appendleft(point)
            self._forget(sender)
            self._living[number] = self._born(armed=False)

    def end(self) -> None:
        """Kill all of them; these kills count for nothing."""
        for sender, _ in self._living:
            sender.kill()
            sender.join()

    def _born(self, *, armed: bool = True) -> tuple[BaseProcess, str | None]:
        point = self._left.popleft() if armed and self._left else None
        born = forked.Process(target=send_for_ever, args=(self._told, point))
        born.start()
        return born, point

    def _is_busy(self, sender: BaseProcess) -> bool:
        return _sign(self._told, sender.pid or 0).exists()

    def _forget(self, sender: BaseProcess) -> None:
        _sign(self._told, sender.pid or 0).unlink(missing_ok=True)


def service(told: Mapping[str, str]) -> Flask:
    """The service on the database and the platform that are told, at any hour, on the platform's clock."""
    lengthen()  # all share one SQLite file on a machine that may have other work
    at_any_hour()
    sample = Config.load(ROOT / "tests" / "config.toml")
    place = replace(sample.service, data_dir=Path(told["folder"]))
    config = replace(sample, service=place, database=Database(url=told["url"]))
    app = create_app(reaching(config, told["wechat"]))
    clock.follow(Path(told["folder"]) / "clock-offset")
    return app


def send_for_ever(told: Mapping[str, str], point: str | None) -> NoReturn:
    """What clock and worker do for campaigns, until killed, or until a crash point."""
    app = service(told)
    work = _Work(_sign(told, os.getpid()))
    crash.arm(running.BEFORE_SEND, work.begin)
    crash.arm(outbox.AFTER_DONE, work.end)
    if point is not None:
        crash.arm(point, crash.die)
    while True:
        with app.app_context():
            retried(lambda: running.begin_due(now=clock.now()))
            retried(lambda: running.chase(now=clock.now()))
            db.session.remove()
        drain_queue(app, outbox.BULK)
        work.rest()
        time.sleep(0.1)


def _sign(told: Mapping[str, str], pid: int) -> Path:
    """The file that is there while this process has a chunk in hand."""
    return Path(told["folder"]) / f"at-work-{pid}"


class _Work:
    """Which threads have a chunk in hand: a file is there while any has, and stays if they are killed."""

    def __init__(self, sign: Path) -> None:
        self._sign, self._lock, self._busy = sign, threading.Lock(), set[int]()

    def begin(self) -> None:
        with self._lock:
            self._busy.add(threading.get_ident())
            self._sign.touch()

    def end(self) -> None:
        with self._lock:
            self._busy.discard(threading.get_ident())
            if not self._busy:
                self._sign.unlink(missing_ok=True)

    def rest(self) -> None:
        """Nobody has one, those included who lost theirs to somebody else."""
        with self._lock:
            self._busy.clear()
            self._sign.unlink(missing_ok=True)
