"""`python -m bench.campaign_kills [recipients] [kills] [seed]`: a campaign whose senders are killed.

The pretend WeChat loses 5 % of the answers after acting, fails 5 % with 500 and cuts 2 % off; three
sender processes work one campaign and are killed with SIGKILL at random moments, so many times, spread over
the whole send. After each the clock goes on past the lease of whoever died. At the end the witness is asked: nobody may have
received twice, and whoever received nothing must be listed as unknown. The exit code says whether it is so.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

from flask import Flask
from sqlalchemy import func, select

from bench.campaign import at_any_hour, frozen, people_at_hand
from campaigns import operations
from campaigns.models import Recipient
from flows.campaign import running
from members.models import Identity
from simulator.records import Contact
from simulator.server import Running, start
from templates_msg.models import Message
from tests.campaigns.cast import CITY, CONTENT, NOTICE, make_cast
from tests.limits import lengthen
from tests.serving import reaching
from tests.simulator.stage import Stage
from wx_backend import clock, migrate, outbox
from wx_backend.app import create_app
from wx_backend.config import Account, Config, Database
from wx_backend.db import db, retried
from wx_backend.worker import drain_queue

ROOT = Path(__file__).resolve().parent.parent
SENDERS = 3
LEASE_SECONDS = 61
STILL_SECONDS = 5  # without anything sent: all that is left waits for somebody's lease
SEND = "/cgi-bin/message/template/send"
TROUBLE: tuple[tuple[str, float, dict[str, int]], ...] = (
    ("drop_after", 0.05, {}),
    ("fail_before", 0.05, {"status": 500}),
    ("cut_body", 0.02, {}),
)


def main() -> int:
    """Set up, kill, compare; 0 if all holds."""
    lengthen()  # four processes share one SQLite file on a machine that may have other work
    if len(sys.argv) > 2 and sys.argv[1] == "sender":
        return _send_for_ever(json.loads(sys.argv[2]))
    typed = [int(each) for each in sys.argv[1:]]
    recipients, kills, seed = (*typed, *(2_000, 20, 1)[len(typed) :])
    chance = random.Random(seed)  # noqa: S311 - a schedule to be played again
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        with start(seed=seed, clock_file=place / "clock-offset") as platform:
            told = {
                "folder": folder,
                "url": f"sqlite:///{place}/wx.sqlite",
                "wechat": platform.base_url,
            }
            migrate.upgrade(url=told["url"])
            app = _service(told)
            with app.app_context():
                campaign_id = _prepared(platform, app, recipients)
                began = time.monotonic()
                done = _run_and_kill(platform, campaign_id, told, (recipients, kills), chance)
                return _compared(platform, campaign_id, recipients, done, time.monotonic() - began)


def _service(told: dict[str, str]) -> Flask:
    at_any_hour()
    sample = Config.load(ROOT / "tests" / "config.toml")
    service = replace(sample.service, data_dir=Path(told["folder"]))
    config = replace(sample, service=service, database=Database(url=told["url"]))
    app = create_app(reaching(config, told["wechat"]))
    clock.follow(Path(told["folder"]) / "clock-offset")
    return app


def _prepared(platform: Running, app: Flask, recipients: int) -> int:
    """The account, its template, its followers here and there, and the campaign agreed to."""
    account = next(each for each in _accounts(app) if each.appid == CITY)
    stage = Stage(platform.base_url)
    stage.control("PUT", f"/accounts/{CITY}", secret=account.secret, limits={SEND: 10 * recipients})
    stage.control("PUT", f"/accounts/{CITY}/templates/{NOTICE}", title="通知", content=CONTENT)
    cast = make_cast()
    people_at_hand(recipients)
    with platform.world.acting():
        for openid in db.session.scalars(select(Identity.openid).where(Identity.appid == CITY)):
            platform.world.contacts.save(
                Contact(CITY, openid or "", openid or "", is_following=True)
            )
    campaign_id = frozen(cast, app)
    for action, probability, options in TROUBLE:
        stage.chaos(SEND, action, times=-1, probability=probability, **options)
    stage.close()
    return campaign_id


def _accounts(app: Flask) -> tuple[Account, ...]:
    found: Config = app.extensions["wx_config"]
    return tuple(found.accounts)


def _run_and_kill(
    platform: Running,
    campaign_id: int,
    told: dict[str, str],
    size: tuple[int, int],
    chance: random.Random,
) -> int:
    """Kill somebody again and again, spread over all that is sent; how often it was done before the end."""
    recipients, kills = size
    senders = [_sender(told) for _ in range(SENDERS)]
    step = recipients / (kills + 1)
    left, kill_at = kills, step * chance.random()
    seen, moved = 0, time.monotonic()
    while _is_going(campaign_id):
        time.sleep(0.2)
        for number, sender in enumerate(
            senders
        ):  # who ended by himself is started anew, as by systemd
            if sender.poll() is not None:
                senders[number] = _sender(told)
        if left and len(platform.world.messages) >= kill_at:
            victim = chance.randrange(SENDERS)
            senders[victim].kill()
            senders[victim].wait()
            senders[victim] = _sender(told)
            left, kill_at = left - 1, kill_at + step * chance.uniform(0.2, 1.8)
            _advance(platform)
        if (stands := len(platform.world.messages)) != seen:
            seen, moved = stands, time.monotonic()
        elif time.monotonic() - moved > STILL_SECONDS:
            moved = time.monotonic()
            _advance(platform)
    for sender in senders:
        sender.kill()
        sender.wait()
    return kills - left


def _advance(platform: Running) -> None:
    with platform.world.acting():
        platform.world.clock.move(platform.world.clock.offset + LEASE_SECONDS)


def _sender(told: dict[str, str]) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "bench.campaign_kills", "sender", json.dumps(told)]
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})


def _send_for_ever(told: dict[str, str]) -> int:
    """What clock and worker do for campaigns, until killed."""
    app = _service(told)
    while True:
        with app.app_context():
            retried(lambda: running.begin_due(now=clock.now()))
            retried(lambda: running.chase(now=clock.now()))
            db.session.remove()
        drain_queue(app, outbox.BULK)
        time.sleep(0.1)


def _is_going(campaign_id: int) -> bool:
    def status() -> str:
        return operations.locked_campaign(campaign_id).status

    return retried(status) in {"scheduled", "running", "paused"}


def _compared(platform: Running, campaign_id: int, recipients: int, kills: int, took: float) -> int:
    """Hold the database against what truly happened."""
    received = Counter(
        fact.what["openid"] for fact in platform.world.facts if fact.kind == "message.delivered"
    )
    rows = db.session.execute(
        select(Identity.openid, Recipient.status, Message.status)
        .join(Recipient, Recipient.identity_id == Identity.id)
        .outerjoin(Message, Message.id == Recipient.message_id)
        .where(Recipient.campaign_id == campaign_id)
    ).all()
    twice = [openid for openid, times in received.items() if times > 1]
    missing = {openid for openid, _, _ in rows if not received[openid]}
    unknown = {openid for openid, status, _ in rows if status == "unknown"}
    runs = db.session.scalar(select(func.count()).select_from(Recipient))
    stands = Counter(status for _, status, _ in rows)
    print(
        f"{recipients:,} people, {kills} kills, {took:.0f} s: received {len(received):,}, twice {len(twice)}, "
        f"nothing {len(missing):,}, of them listed as unknown {len(missing & unknown):,}; {dict(stands)}"
    )
    is_right = not twice and missing <= unknown and runs == recipients and len(rows) == recipients
    print("holds" if is_right else "DOES NOT HOLD")
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())
