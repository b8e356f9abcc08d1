"""The processes of a running campaign, for `bench.beside`: `python -m bench.meanwhile sender|wechat|worker config ...`.

Who sends, as niced as our unit for it; WeChat, which tells of each message by a push of its own (none of ours: it gives way to
everybody); who works these pushes off, as our worker does. Of the pushes that the bench
itself sends nobody does the work: they are put aside twice a second, whether the campaign sends or not.
"""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from configparser import ConfigParser
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import update

from bench.callback import pushes
from bench.callback.prepare import ACCOUNT
from bench.campaign import LATENCY_SECONDS, Stub, at_any_hour
from flows.arrival.outcomes import IS_WORD, work_off_together
from flows.arrival.work import work_off
from flows.campaign import running
from tests.limits import lengthen
from wechat.codec import Codec
from wechat.transport import Request, Response
from wx_backend import clock, inbox, outbox
from wx_backend.app import create_app
from wx_backend.config import Config
from wx_backend.db import db, transaction
from wx_backend.inbox import Push
from wx_backend.worker import BATCH, drain_queue

ROOT: Final = Path(__file__).resolve().parent.parent
ASIDE_SECONDS: Final = 0.5
IDLE_SECONDS: Final = 5.0
ELSEWHERE: Final = 19
"""The niceness of WeChat, which takes no processor of ours in truth."""
WHO: Final = ("wechat", "worker", "sender")


@contextmanager
def a_campaign_that_may_send(config: Path, door: int) -> Iterator[Sequence[int]]:
    """All three, until the block ends; the processes that are ours."""
    pipe = config.parent / "taken"
    os.mkfifo(pipe)
    typed = (str(config), str(pipe), str(door))
    with ExitStack() as stack:
        pids = {who: stack.enter_context(_process(who, *typed)) for who in WHO}
        yield pids["sender"], pids["worker"]


@contextmanager
def _process(*typed: str) -> Iterator[int]:
    command = [sys.executable, "-m", "bench.meanwhile", *typed]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(20)


class Telling(Stub):
    """A platform that tells whom it took a message for, and under which number."""

    def __init__(self, seconds: float, pipe: Path) -> None:
        super().__init__(seconds)
        self._pipe = os.open(pipe, os.O_WRONLY)

    def send(self, request: Request) -> Response:
        response = super().send(request)
        if request.api.endswith("template/send"):
            openid, msgid = json.loads(request.body or b"")["touser"], json.loads(response.body)
            os.write(self._pipe, f"{openid} {msgid['msgid']}\n".encode())
        return response


def sender(config: Path, pipe: Path) -> None:
    """What a worker of long sends does, at the rate that is planned: the bench's own pushes slow nothing down."""
    app = create_app(Config.load(config))
    app.extensions["wx_clients"]._transport = Telling(LATENCY_SECONDS, pipe)
    running.shaped = lambda rate, _pushes_waiting: rate  # type: ignore[attr-defined, assignment]  # for the bench alone
    os.nice(given_way())
    while True:
        drain_queue(app, outbox.BULK)
        time.sleep(0.1)


def given_way() -> int:
    """The niceness that our units give to whoever sends campaigns."""
    unit = ConfigParser(strict=False)
    unit.read(ROOT / "deploy/systemd/wx-worker@bulk.service.d/gives-way.conf", "utf-8")
    return unit.getint("Service", "Nice")


def wechat(pipe: Path, door: int) -> None:
    """Tell of every message that was taken."""
    os.nice(ELSEWHERE)
    codec = Codec(ACCOUNT.appid, ACCOUNT.token, (ACCOUNT.aes_key,))
    connection = http.client.HTTPConnection("127.0.0.1", door)
    told_at = time.monotonic()
    with pipe.open() as taken:
        for line in taken:
            openid, msgid = line.split()
            query, body = pushes.word(
                codec, openid=openid, msgid=int(msgid), at=int(clock.now().timestamp())
            )
            if time.monotonic() - told_at > IDLE_SECONDS:  # the door ends who says nothing for long
                connection.close()
            connection.request("POST", f"/wechat/{ACCOUNT.name}/callback?{query}", body)
            answer = connection.getresponse()
            answer.read()
            told_at = time.monotonic()
            if answer.status != 200:
                raise SystemExit(f"the door did not take a word: {answer.status}")


def worker(config: Path) -> None:
    """Work off what is told."""
    app = create_app(Config.load(config))
    aside_at = 0.0
    while True:
        with app.app_context():
            held = inbox.claim(limit=BATCH[outbox.WORK], where=[IS_WORD])
            for each in work_off_together(held):
                inbox.run(each, work_off)
            if time.monotonic() > aside_at:
                aside_at = time.monotonic() + ASIDE_SECONDS
                _put_aside()
            db.session.remove()
        if not held:
            time.sleep(0.1)


def _put_aside() -> None:
    with transaction():
        others = update(Push).where(Push.status == "pending", ~IS_WORD)
        db.session.execute(others.values(status="done"))


def main() -> None:
    """One of them, until it is ended."""
    lengthen()
    at_any_hour()
    who, config, pipe, door = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
    if who == "sender":
        sender(config, pipe)
    elif who == "wechat":
        wechat(pipe, door)
    else:
        worker(config)


if __name__ == "__main__":
    main()
