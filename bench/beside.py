"""`python -m bench.beside [rounds] [seconds] [pushes/s] [notices/s] [messages/s]`: what a running campaign costs others.

One PostgreSQL, our servers as in production, a process that sends as a worker does, to a platform that takes 50 ms
an answer and tells of each message by a push, and one that works these off (`bench.meanwhile`). Encrypted
pushes and signed pay notices are answered while a campaign is paused and while it sends, in turns: paused, sending, paused again. What
differs between the two pauses is the machine's own, and is told beside each ratio.

- Pushes and then notices come at a steady rate, each when it is due however long others take, and a wait counts from then. Load
  generator, database, servers and campaign share the machine.
- A rate of 0 asks again as soon as it is answered (pushes over four connections, notices over one): the processors have nothing to
  spare in the pauses either, and whoever else computes makes everybody wait.
- Who sends has niceness 10, as our unit gives it (`wx-worker@bulk.service.d/gives-way.conf`).
- WeChat, which is on no machine of ours, gives way to everybody (`bench.meanwhile.ELSEWHERE`).
- `shaped` is set aside, by which a campaign goes at half speed while pushes wait to be worked off: nobody works off the bench's own.
- Nothing may be slower at all, is what is asked for, 1.0 x. The goal is 1.1 x: two pauses differ by as much (0.9-1.1 x), and
  of what is nearer these rounds cannot tell whose doing it is.
- Of 200 notices the slowest two are p99: what is one of a hundred is told of all rounds together as well, and of long rounds.
- Neighbours of the bench make the tail theirs: `nice -n -19 python -m bench.beside` gives it priority over them.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Final

from flask import Flask
from sqlalchemy import func, select

from bench import pay_notice
from bench.callback import pushes
from bench.callback.__main__ import DOOR, Contender, cpu_seconds, production_server, serving
from bench.callback.load import Run, drive, posted
from bench.callback.paced import keep_pace
from bench.callback.prepare import ACCOUNT, SCENE
from bench.campaign import at_any_hour, frozen, people_at_hand
from bench.goals import tell
from bench.meanwhile import a_campaign_that_may_send
from bench.year.filling import written_config
from campaigns import operations
from campaigns.models import Recipient
from flows.campaign import running
from flows.payment.address import NOTICE_PATH
from referral.models import CodeKind, Place, Subject
from referral.operations import Sharer, Sharing, open_share, plan_scene_code
from templates_msg.models import Message
from tests.campaigns.cast import make_cast
from tests.limits import lengthen
from tests.postgres import PostgresServer
from wechat.codec import Codec
from wx_backend import clock, migrate
from wx_backend.app import create_app
from wx_backend.config import Config
from wx_backend.db import db, transaction

USUAL: Final = (5.0, 10.0, 100.0, 20.0, 200.0)
FASTEST: Final = {"push": 3_000.0, "pay notice": 1_000.0}
CONNECTIONS: Final = {"push": 4, "pay notice": 1}
SETTLE_SECONDS = 2.0
MOST: Final = 1.1
WHATS = ("push", "pay notice")
MEANWHILE: Final = (
    ("messages", "/s"),
    ("told of and worked off", "/s"),
    ("who sends, processors", ""),
    ("who works off what is told, processors", ""),
)
Figures = dict[str, Run]
Servers = Mapping[str, Contender]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is asked for: of each round, in a second; 0 as fast as it is answered."""

    rounds: int
    seconds: float
    rates: Mapping[str, float]
    messages: int

    @property
    def recipients(self) -> int:
        """More than are reached in all rounds."""
        return int(self.rounds * (2 * self.seconds + 2 * SETTLE_SECONDS + 6) * self.messages)

    def ready(self, what: str) -> int:
        """How many requests of a kind a round has at hand."""
        return int(self.seconds * (self.rates[what] or FASTEST[what])) + 1


def main() -> None:
    """Prepare, measure in turns, print."""
    lengthen()  # the machine may have other work: what is measured is how long it takes, not refusals
    at_any_hour()
    typed = [float(each) for each in sys.argv[1:]]
    rounds, seconds, pushes_, notices, messages = (*typed, *USUAL[len(typed) :])
    rates = dict(zip(WHATS, (pushes_, notices), strict=True))
    plan = Plan(int(rounds), seconds, rates, int(messages))
    with PostgresServer(durable=True) as server, tempfile.TemporaryDirectory() as folder:
        path = configured(server, Path(folder))
        app = create_app(Config.load(path))
        with app.app_context():
            campaign_id = a_campaign_at_hand(app, plan.recipients, rate=plan.messages)
            command = (*production_server(), "wsgi:app")
            address = f"/wechat/{ACCOUNT.name}/callback"
            told = {"WX_CONFIG": str(path)}
            pages = serving("pages", NOTICE_PATH, command, "--port", told)
            door = serving("door", address, DOOR, "--port", told)
            with pages as pages_here, door as door_here:
                servers = dict(zip(WHATS, (door_here, pages_here), strict=True))
                with a_campaign_that_may_send(path, door_here.port) as campaign:
                    _measure(servers, campaign_id, campaign, plan)
            db.session.remove()
            db.engine.dispose()


def configured(server: PostgresServer, folder: Path) -> Path:
    """Our configuration on a database of its own, with the keys the notices are signed with."""
    url = server.create_database("ours")
    migrate.upgrade(url=url)
    path = written_config(url, folder)
    path.write_text(path.read_text("utf-8") + pay_notice.section(folder), "utf-8")
    return path


def a_campaign_at_hand(app: Flask, people: int, *, rate: int) -> int:
    """A rep with a code that is scanned, and a campaign that begins and is paused at once."""
    cast, now = make_cast(), clock.now()
    people_at_hand(people)
    with transaction():
        sharing = Sharing(subject=Subject.SHOWROOM, place=Place.POSTER)
        share = open_share(sharer=Sharer(rep_id=cast.alice_id), sharing=sharing, now=now)
        appid = ACCOUNT.appid
        kind = CodeKind.OA_PERMANENT
        plan_scene_code(kind=kind, appid=appid, scene=SCENE, share_id=share.id, now=now)
    campaign_id = frozen(cast, app, rate=rate)
    with transaction():
        operations.start(campaign_id, now=clock.now())
    _paused(campaign_id)
    return campaign_id


def _paused(campaign_id: int) -> None:
    with transaction():
        operations.pause(campaign_id, reason="bench", staff_id=None, now=clock.now())


def go_on(campaign_id: int) -> None:
    """Have a paused campaign sent."""
    with transaction():
        run = operations.resume(campaign_id, staff_id=None, now=clock.now())
        running.start_lanes(campaign_id, run)


def _measure(servers: Servers, campaign_id: int, pids: Sequence[int], plan: Plan) -> None:
    numbers = iter(range(10**7))
    _round(servers, numbers, replace(plan, seconds=1.0))
    paused, beside, again, rates = [], [], [], list[tuple[float, ...]]()
    for _ in range(plan.rounds):
        paused.append(_round(servers, numbers, plan))
        go_on(campaign_id)
        time.sleep(SETTLE_SECONDS)
        before, began = _counted(campaign_id, pids), time.monotonic()
        beside.append(_round(servers, numbers, plan))
        took, counted = time.monotonic() - began, _counted(campaign_id, pids)
        grown = zip(counted, before, strict=True)
        rates.append(tuple((now - then) / took for now, then in grown))
        _paused(campaign_id)
        time.sleep(SETTLE_SECONDS)
        again.append(_round(servers, numbers, plan))
    if not all(sent or told for sent, told, *_ in rates):
        raise SystemExit("the campaign did not send: nothing was measured")
    for position, (name, unit) in enumerate(MEANWHILE):
        tell(f"campaign meanwhile: {name}", [each[position] for each in rates], unit=unit)
    for what, share in product(WHATS, (0.5, 0.99)):
        alone, along, after = (
            [each[what].percentile(share) for each in part] for part in (paused, beside, again)
        )
        figure = f"{what}: p{share * 100:.0f}"
        tell(f"{figure}, paused", [*alone, *after], unit="ms")
        between = [(first + second) / 2 for first, second in zip(alone, after, strict=True)]
        ratios = [each / mean for each, mean in zip(along, between, strict=True)]
        tell(f"{figure}, beside a campaign / paused", ratios, at_most=MOST)
        noise = [second / first for first, second in zip(alone, after, strict=True)]
        tell(f"{figure}, paused / paused before: what the machine itself does", noise)
        whole = _of_all(what, beside).percentile(share) / _of_all(
            what, (*paused, *again)
        ).percentile(share)
        tell(f"{figure}, beside a campaign / paused, of all rounds together", [whole], at_most=MOST)
    bad = sum(each[what].bad for each in (*paused, *beside, *again) for what in WHATS)
    tell("bad answers", [bad], at_most=0, unit="")


def _of_all(what: str, rounds: Sequence[Figures]) -> Run:
    """The answers of some rounds as if they were one."""
    runs = [each[what] for each in rounds]
    latencies = [latency for run in runs for latency in run.latencies]
    return Run(sum(run.seconds for run in runs), latencies, sum(run.bad for run in runs))


def _counted(campaign_id: int, pids: Sequence[int]) -> tuple[float, ...]:
    """How many messages were sent, of how many it is known that they arrived; CPU seconds of each process."""
    with transaction():
        people = select(func.count()).select_from(Recipient)
        mine = people.where(Recipient.campaign_id == campaign_id)
        sent = db.session.scalar(mine.where(Recipient.status == "sent")) or 0
        arrived = mine.join(Message, Message.id == Recipient.message_id)
        told = db.session.scalar(arrived.where(Message.status == "delivered")) or 0
    return sent, told, *map(cpu_seconds, pids)


def _round(servers: Servers, numbers: Iterator[int], plan: Plan) -> Figures:
    codec = Codec(ACCOUNT.appid, ACCOUNT.token, (ACCOUNT.aes_key,))
    path = servers["push"].path
    made: Mapping[str, Callable[[], bytes]] = {
        "push": lambda: pushes.request(codec, path, scene=SCENE, number=next(numbers)),
        "pay notice": lambda: _notice(next(numbers)),
    }
    figures = Figures()
    for what, make in made.items():
        ready = [make() for _ in range(plan.ready(what))]
        figures[what] = _asked(("127.0.0.1", servers[what].port), ready, what, plan)
    return figures


def _notice(number: int) -> bytes:
    headers, raw = pay_notice.signed_now(number)
    return posted(NOTICE_PATH, {**headers, "Content-Type": "application/json"}, raw)


def _asked(address: tuple[str, int], ready: Sequence[bytes], what: str, plan: Plan) -> Run:
    if rate := plan.rates[what]:
        return keep_pace(address, iter(ready), rate=rate, seconds=plan.seconds)
    return drive(address, ready, connections=CONNECTIONS[what], seconds=plan.seconds)


if __name__ == "__main__":
    main()
