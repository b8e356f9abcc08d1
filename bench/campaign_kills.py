"""`python -m bench.campaign_kills [recipients] [kills] [seed]`: a campaign whose senders are killed.

The pretend WeChat loses 5 % of the answers after acting, fails 5 % with 500 and cuts 2 % off; three
sender processes work one campaign and are killed with SIGKILL at random moments, so many times, spread over
the whole send; between these some die at each crash point of sending in turn. What WeChat says of each message
comes in by a push and is worked off, by a process that nobody kills. Whenever nobody has anything to do the clock
goes on past the lease of whoever died, and in the end past the minutes in which a message is repeated. Then the
witness is asked: nobody may have received twice, and whoever received nothing must be listed as unknown. The exit
code says whether it is so, and whether nine of ten kills hit somebody who had a chunk in hand, each crash point was
died at, and the campaign ended in time.
"""

import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import func, select

from bench.campaign import frozen, people_at_hand
from bench.hearing import hearing
from bench.senders import POINTS, Senders, service
from campaigns import operations
from campaigns.models import Recipient
from flows.campaign.outcomes import settle_unknown
from members.models import Identity
from simulator.records import Contact
from simulator.server import Running, start
from templates_msg.models import Message
from templates_msg.rules import REPEAT_WITHIN
from tests.campaigns.cast import CITY, CONTENT, NOTICE, make_cast, stands
from tests.serving import announce
from tests.simulator.stage import Stage
from wx_backend import clock, migrate
from wx_backend.db import db, retried
from wx_backend.inbox import Push

ROOT = Path(__file__).resolve().parent.parent
LEASE = timedelta(seconds=61)
RATE = 200  # of a chunk's letters one second is under way, as planned
HEARD_SECONDS = 600
ENOUGH = 0.9  # of the kills that are asked for: so many have to hit somebody at work
KILLS_A_TURN = 20  # so many kills bring each crash point another turn
STILL_SECONDS = (
    1  # nobody has anything to do for so long: all that is left waits for somebody's lease
)
SEND = "/cgi-bin/message/template/send"
TROUBLE: tuple[tuple[str, float, dict[str, int]], ...] = (
    ("drop_after", 0.05, {}),
    ("fail_before", 0.05, {"status": 500}),
    ("cut_body", 0.02, {}),
)


def main() -> int:
    """Set up, kill, compare; 0 if all holds."""
    typed = [int(each) for each in sys.argv[1:]]
    recipients, kills, seed = (*typed, *(2_000, 20, 1)[len(typed) :])
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        with start(seed=seed, clock_file=place / "clock-offset") as platform:
            told = {
                "folder": folder,
                "url": f"sqlite:///{place}/wx.sqlite",
                "wechat": platform.base_url,
            }
            migrate.upgrade(url=told["url"])
            app = service(told)
            with app.app_context(), hearing(told) as door:
                campaign_id = _prepared(platform, app, recipients, door)
                asked = Asked(recipients, kills, seed)
                is_enough = _run_and_kill(platform, campaign_id, told, asked)
                is_settled = _settled(platform, campaign_id)
                is_right = _compared(platform, campaign_id, recipients)
    holds = is_right and is_enough and is_settled
    print("holds" if holds else "DOES NOT HOLD")
    return 0 if holds else 1


def _prepared(platform: Running, app: Flask, recipients: int, door: str) -> int:
    """The account, its template, its followers here and there, and the campaign agreed to."""
    stage = Stage(platform.base_url)
    announce(stage, app.extensions["wx_config"], door)
    stage.control("PUT", f"/accounts/{CITY}", limits={SEND: 10 * recipients})
    stage.control("PUT", f"/accounts/{CITY}/templates/{NOTICE}", title="通知", content=CONTENT)
    cast = make_cast()
    people_at_hand(recipients)
    with platform.world.acting():
        for openid in db.session.scalars(select(Identity.openid).where(Identity.appid == CITY)):
            platform.world.contacts.save(
                Contact(CITY, openid or "", openid or "", is_following=True)
            )
    campaign_id = frozen(cast, app, rate=RATE)
    for action, probability, options in TROUBLE:
        stage.chaos(SEND, action, times=-1, probability=probability, **options)
    stage.close()
    return campaign_id


@dataclass(frozen=True, slots=True)
class Asked:
    """The size of a run."""

    recipients: int
    kills: int
    seed: int

    @property
    def seconds(self) -> float:
        """Longer it may not take: ten messages a second, and ten seconds for each death."""
        return 60 + self.recipients / 10 + 10 * self.kills


def _run_and_kill(platform: Running, campaign_id: int, told: dict[str, str], asked: Asked) -> bool:
    """Kill somebody whenever so many have got it as chance says, until the campaign is over or its time is.

    Whether enough of them hit.
    """
    chance = random.Random(asked.seed)  # noqa: S311 - a schedule to be played again
    moments = sorted(chance.uniform(0, 0.9) * asked.recipients for _ in range(asked.kills))
    senders = Senders(told, turns=1 + asked.kills // KILLS_A_TURN)
    began = moved = time.monotonic()
    seen = 0
    try:
        while (goes_on := _is_going(campaign_id)) and time.monotonic() - began < asked.seconds:
            time.sleep(0.1)
            got = len(platform.world.messages)
            senders.tend()
            if senders.hits < asked.kills and got >= moments[senders.hits]:
                senders.kill_one(chance)
            if got != seen or senders.at_work() or _unheard(platform):
                seen, moved = got, time.monotonic()
            if time.monotonic() - moved > STILL_SECONDS:
                moved = time.monotonic()
                _advance(platform, LEASE)
    finally:
        senders.end()
    return is_enough_of(senders, asked, goes_on=goes_on, took=time.monotonic() - began)


def is_enough_of(senders: Senders, asked: Asked, *, goes_on: bool, took: float) -> bool:
    """Tell the deaths beside those asked for; whether they were enough, and it ended."""
    died, planned = senders.passed.total(), senders.planned.total()
    said = (
        f"{asked.recipients:,} people, {senders.hits} of {asked.kills} kills hit a sender at work, "
        f"{died} of {planned} deaths at crash points ({len(senders.passed)} of {len(POINTS)}), {took:.0f} s"
    )
    print(f"{said}, not over in time" if goes_on else said)
    is_enough = senders.hits >= ENOUGH * asked.kills and len(senders.passed) == len(POINTS)
    return is_enough and not goes_on


def _advance(platform: Running, ahead: timedelta) -> None:
    with platform.world.acting():
        platform.world.clock.move(platform.world.clock.offset + ahead.total_seconds())


def _unheard(platform: Running) -> int:
    """How much WeChat has still to say, and how much of what it said is not worked off."""
    waiting = select(func.count()).select_from(Push).where(Push.status == "pending")
    with platform.world.acting():
        to_say = sum(1 for _ in platform.world.tasks)
    return to_say + int(retried(lambda: db.session.scalar(waiting)) or 0)


def _settled(platform: Running, campaign_id: int) -> bool:
    """Wait until all words are worked off, then until no send is repeated; whether it came to that in time."""
    end = time.monotonic() + HEARD_SECONDS
    while (left := _unheard(platform)) and time.monotonic() < end:
        time.sleep(0.2)
    before = retried(lambda: stands(campaign_id))["unknown"]
    _advance(platform, REPEAT_WITHIN + LEASE)
    while retried(lambda: settle_unknown(now=clock.now())):
        pass
    print(f"{before:,} were unknown until what WeChat said was given to who it can only be of")
    return not left


def _is_going(campaign_id: int) -> bool:
    def status() -> str:
        return operations.locked_campaign(campaign_id).status

    return retried(status) in {"scheduled", "running", "paused"}


def _compared(platform: Running, campaign_id: int, recipients: int) -> bool:
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
    found, told = Counter(row[1] for row in rows), Counter(row[2] for row in rows)
    print(
        f"received {len(received):,}, twice {len(twice)}, nothing {len(missing):,}, "
        f"of them listed as unknown {len(missing & unknown):,}; "
        f"unknown {len(unknown):,}; {dict(found)}, messages {dict(told)}"
    )
    return not twice and missing <= unknown and runs == recipients and len(rows) == recipients


if __name__ == "__main__":
    sys.exit(main())
