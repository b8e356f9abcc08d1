"""`python -m bench.campaign_cost [people]`: CPU of a message of a campaign, from its turn to WeChat's word on it.

On PostgreSQL, to a platform that takes 50 ms an answer; ours and the database's apart. WeChat tells of each message by a
push: what it costs to take one is `bench.callback`'s, what it costs to work one off is told here.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path

from flask import Flask
from sqlalchemy import func, insert, select

from bench.beside import a_campaign_at_hand, configured, go_on
from bench.callback.__main__ import cpu_seconds
from bench.callback.prepare import ACCOUNT
from bench.campaign import LATENCY_SECONDS, Stub, at_any_hour
from bench.goals import tell
from members.models import Identity
from templates_msg.models import Message
from tests.limits import lengthen
from tests.postgres import PostgresServer
from wx_backend import clock, outbox
from wx_backend.app import create_app
from wx_backend.config import Config
from wx_backend.db import db, transaction
from wx_backend.inbox import Push
from wx_backend.worker import drain_queue

PEOPLE, RATE = 6_000, 500
KIND = "event.TEMPLATESENDJOBFINISH"


def main() -> None:
    """Send to everybody, have everybody told of, and print."""
    lengthen()
    at_any_hour()
    people = int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE
    with PostgresServer(durable=True) as server, tempfile.TemporaryDirectory() as folder:
        app = create_app(Config.load(configured(server, Path(folder))))
        app.extensions["wx_clients"]._transport = Stub(LATENCY_SECONDS)
        with app.app_context():
            campaign_id = a_campaign_at_hand(app, people, rate=RATE)
            go_on(campaign_id)
            _measured("sent", people, server, lambda: _all(app, outbox.BULK, "sent", people))
            _have_told()
            _measured(
                "told of", people, server, lambda: _all(app, outbox.WORK, "delivered", people)
            )
            db.session.remove()
            db.engine.dispose()


def _all(app: Flask, queue: str, status: str, people: int) -> None:
    """Work until every message stands there."""
    count = select(func.count()).where(Message.status == status)
    while db.session.scalar(count) != people:
        db.session.rollback()
        drain_queue(app, queue)


def _measured(name: str, people: int, server: PostgresServer, work: Callable[[], None]) -> None:
    ours, database = time.process_time(), cpu_seconds(server.pid)
    work()
    each = 1_000 / people
    tell(f"a message {name}: CPU, ours", [(time.process_time() - ours) * each], unit="ms")
    took = cpu_seconds(server.pid) - database
    tell(f"a message {name}: CPU, the database's", [took * each], unit="ms")


def _have_told() -> None:
    """A push of WeChat's for every message, stored as the door stores it."""
    now = clock.now()
    with transaction() as session:
        sent = session.execute(
            select(Message.msgid, Identity.openid).join(
                Identity, Identity.id == Message.identity_id
            )
        )
        rows = [_push(msgid or "", openid or "", int(now.timestamp())) for msgid, openid in sent]
        same = {"account": ACCOUNT.name, "kind": KIND, "reply": "", "attempts": 0}
        times = {"event_at": now, "known_at": now, "due_at": now, "status": "pending"}
        session.execute(insert(Push), [{**same, **times, **row} for row in rows])


def _push(msgid: str, openid: str, at: int) -> dict[str, bytes]:
    raw = (
        f"<xml><ToUserName>gh</ToUserName><FromUserName>{openid}</FromUserName><CreateTime>{at}</CreateTime>"
        "<MsgType>event</MsgType><Event>TEMPLATESENDJOBFINISH</Event>"
        f"<MsgID>{msgid}</MsgID><Status>success</Status></xml>"
    ).encode()
    return {
        "raw": raw,
        "key": blake2b(raw, digest_size=16).digest(),
        "digest": blake2b(raw, digest_size=32).digest(),
    }


if __name__ == "__main__":
    main()
