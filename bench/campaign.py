"""`python -m bench.campaign [recipients] [rounds] [chunked] [single]`: sending campaigns.

Two questions, on SQLite. What does a message cost us: everybody once against a platform that answers
at once; CPU per message, and how memory grows from the first tenth to the end. How near does sending
come to what 32 connections allow when every answer takes 50 ms, beside RQ with a job a message;
rounds interleaved. The people are written first, not timed.
"""

import json
import resource
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from datetime import time as time_of_day
from pathlib import Path

from flask import Flask
from sqlalchemy import insert, select

from bench import rq_jobs
from bench.goals import tell
from campaigns import operations, rules
from flows.campaign import running
from flows.campaign.freezing import start_freezing
from flows.campaign.posting import AT_ONCE
from members.joining import join_member
from members.models import Identity
from orders.models import OrderLine, SalesOrder
from tests.campaigns.cast import CITY, Cast, make_cast, plan, sold
from wechat.transport import Request, Response
from wx_backend import clock, migrate, outbox
from wx_backend.app import create_app
from wx_backend.config import Config, Database
from wx_backend.db import db, transaction
from wx_backend.worker import drain_queue

ROOT = Path(__file__).resolve().parent.parent
RATE = 10_000
LATENCY_SECONDS = 0.05
PAGE = 10_000
QUOTA = json.dumps({"errcode": 0, "quota": {"daily_limit": 10**9, "used": 0, "remain": 10**9}})


class Stub:
    """A platform that takes everything after so many seconds; remembers how much and how often."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.taken = 0
        self.marks: list[tuple[int, float, float]] = []
        self.every = 0
        self._lock = threading.Lock()

    def send(self, request: Request) -> Response:
        """Answer one call of the platform's API."""
        if request.api.endswith("stable_token"):
            return Response(200, {}, b'{"access_token": "T", "expires_in": 7200}')
        if request.api.endswith("quota/get"):
            return Response(200, {}, QUOTA.encode())
        if self.seconds:
            time.sleep(self.seconds)
        with self._lock:
            self.taken += 1
            msgid = self.taken
            if self.every and msgid % self.every == 0:
                self.marks.append((msgid, time.process_time(), _resident_mb()))
        return Response(200, {}, b'{"errcode": 0, "errmsg": "ok", "msgid": %d}' % msgid)


def at_any_hour() -> None:
    """Campaigns go by day and night from now on: a bench waits for no morning."""
    rules.LOUD_FROM, rules.LOUD_UNTIL = time_of_day.min, time_of_day.max  # type: ignore[misc]  # a bench alone may


def main() -> None:
    """Both questions."""
    sizes = [int(typed) for typed in sys.argv[1:]]
    recipients, rounds, chunked, single = (*sizes, *(20_000, 5, 5_000, 250)[len(sizes) :])
    at_any_hour()
    with tempfile.TemporaryDirectory() as folder:
        _cost(Path(folder), recipients)
    with tempfile.TemporaryDirectory() as folder:
        _against_single_jobs(Path(folder), rounds, chunked, single)


def _cost(folder: Path, recipients: int) -> None:
    stub = Stub(0)
    with _service(folder, stub) as app:
        cast = make_cast()
        people_at_hand(recipients)
        began, busy = time.perf_counter(), time.process_time()
        campaign_id = frozen(cast, app)
        froze, froze_busy = time.perf_counter() - began, time.process_time() - busy
        stub.every = max(1, recipients // 10)
        began, busy = time.perf_counter(), time.process_time()
        _run(campaign_id, app)
        took, cost = time.perf_counter() - began, time.process_time() - busy
    first, last = stub.marks[0], stub.marks[-1]
    print(f"{stub.taken:,} of {recipients:,} sent to a platform that answers at once (SQLite)")
    print(f"freezing  {froze:7.1f} s, {froze_busy / recipients * 1_000:.2f} ms CPU a person")
    print(
        f"sending   {took:7.1f} s, {stub.taken / took:,.0f} a second, {cost / stub.taken * 1_000:.2f} ms CPU "
        f"a message, memory {first[2]:.0f} MB after a tenth, {last[2]:.0f} MB at the end"
    )
    tell("campaign: CPU a message", [cost / stub.taken * 1_000], at_most=1, unit="ms")


def _against_single_jobs(folder: Path, rounds: int, chunked: int, single: int) -> None:
    stub = Stub(LATENCY_SECONDS)
    ceiling = AT_ONCE / LATENCY_SECONDS
    fast, slow = [], []
    with _service(folder, stub) as app:
        cast = make_cast()
        ids = people_at_hand(chunked)
        for number in range(rounds):
            campaign_id = frozen(cast, app)
            began = time.perf_counter()
            _run(campaign_id, app)
            fast.append(chunked / (time.perf_counter() - began))
            slow.append(rq_jobs.rate(app, ids[:single], folder / "valkey", mark=str(number)))
    ratios = [one / other for one, other in zip(fast, slow, strict=True)]
    print(
        f"\n{LATENCY_SECONDS * 1000:.0f} ms an answer, {rounds} rounds: {chunked:,} in chunks, {single:,} single jobs"
    )
    print(f"in chunks {statistics.median(fast):7.1f} a second")
    print(f"singly    {statistics.median(slow):7.1f} a second")
    allowed = [each / ceiling for each in fast]
    tell(f"campaign: rate against what {AT_ONCE} connections allow", allowed, at_least=0.9)
    tell("campaign: rate against jobs of one message", ratios, at_least=40)


def frozen(cast: Cast, app: Flask, *, rate: int = RATE) -> int:
    """A campaign to everybody with an order, agreed to."""
    now = clock.now()
    with transaction():
        made = operations.create_campaign(
            plan(rate_per_second=rate, cap_messages=1_000_000),
            appid=CITY,
            node_id=cast.tree.group,
            staff_id=cast.writer,
            now=now,
        )
        campaign_id = made.id
        start_freezing(operations.submit(campaign_id, staff_id=cast.writer, now=now))
    drain_queue(app, outbox.BULK)
    while _status_of(campaign_id) == "freezing":
        drain_queue(app, outbox.BULK)
    with transaction():
        operations.approve(campaign_id, revision=1, staff_id=cast.reader, now=now)
    return campaign_id


def _status_of(campaign_id: int) -> str:
    with transaction():
        return operations.locked_campaign(campaign_id).status


def _run(campaign_id: int, app: Flask) -> None:
    with transaction():
        running.begin_due(now=clock.now())
    while _status_of(campaign_id) == "running":
        drain_queue(app, outbox.BULK)


def people_at_hand(count: int) -> list[int]:
    """Followers of the account who each paid an order yesterday."""
    now = clock.now()
    line = _line()
    for first in range(0, count, PAGE):
        numbers = range(first, min(first + PAGE, count))
        with transaction() as session:
            identities = [
                {"appid": CITY, "openid": f"o{n:026d}", "is_followed": True, "seen_at": now, "created_at": now}
                for n in numbers
            ]  # fmt: skip
            session.execute(insert(Identity), identities)
            rows = session.execute(
                select(Identity.id).where(
                    Identity.openid.in_([one["openid"] for one in identities])
                )
            )
            _orders([row[0] for row in rows], line, now)
    return list(db.session.scalars(select(Identity.id).where(Identity.appid == CITY)))


def _orders(ids: list[int], line: dict[str, object], now: datetime) -> None:
    """One paid order of each, as the checkout leaves it; all by one member, which nobody asks about."""
    member_id = join_member(identity_id=ids[0], now=now)
    orders = [
        {
            "number": f"OD{each:010d}", "member_id": member_id, "identity_id": each,
            "client_key": f"k{each}", "content": b"c" * 16, "status": "paid", "moves": 0,
            "total_fen": 100, "discount_fen": 0, "payable_fen": 100, "delivery": "none",
            "placed_at": now, "expires_at": now, "paid_at": now,
        }
        for each in ids
    ]  # fmt: skip
    db.session.execute(insert(SalesOrder), orders)
    made = db.session.execute(select(SalesOrder.id).where(SalesOrder.identity_id.in_(ids)))
    lines = [{"order_id": row[0], "position": 1, "quantity": 1, **line} for row in made]
    db.session.execute(insert(OrderLine), lines)


def _line() -> dict[str, object]:
    found = sold()
    db.session.rollback()
    return found


@contextmanager
def _service(folder: Path, stub: Stub) -> Iterator[Flask]:
    """The service on a database of its own, its calls answered by the stub."""
    url = f"sqlite:///{folder}/wx.sqlite"
    migrate.upgrade(url=url)
    sample = Config.load(ROOT / "tests" / "config.toml")
    service = replace(sample.service, data_dir=folder)
    app = create_app(replace(sample, service=service, database=Database(url=url)))
    app.extensions["wx_clients"]._transport = stub
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def _resident_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
