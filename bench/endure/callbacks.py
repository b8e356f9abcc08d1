"""Pushes at a constant rate through the push door, then a burst: what was acknowledged is in the inbox, and none waited long."""

import math
from collections.abc import Iterator
from itertools import count
from typing import Final

from bench.callback import pushes
from bench.callback.__main__ import DOOR, Contender, serving
from bench.callback.paced import Paced, keep_pace
from bench.callback.prepare import ACCOUNT, SCENE, prepared
from bench.endure.ground import Ground, expect
from tests.postgres import PostgresServer
from wechat.codec import Codec

RATE: Final = 300
BURST, BURST_SECONDS = 5_000, 10.0
WARM_SECONDS: Final = 1.0
LATE_SECONDS: Final = 5.0
"""WeChat waits no longer, and comes again."""
KEPT: Final = (
    "SELECT substring(convert_from(raw, 'UTF8') from 'o[0-9a-f]{20}([0-9]{7})')::int FROM push"
)


def play(ground: Ground) -> None:
    """The rate for as long as asked in one piece, and five thousand in ten seconds."""
    with PostgresServer(durable=True) as server:
        path = f"/wechat/{ACCOUNT.name}/callback"
        told = {"WX_CONFIG": str(prepared(server, ground.folder))}
        with serving("door", path, DOOR, "--port", told) as door:
            platform = Platform(door)
            platform.send(RATE, WARM_SECONDS)
            held = platform.send(ground.rate or RATE, max(ground.seconds, WARM_SECONDS))
            burst = platform.send(BURST / BURST_SECONDS, BURST_SECONDS)
        _tell(ground, held, burst)
        _compare(ground, platform, server)
    ground.counts["rounds"] += 1


class Platform:
    """Who pushes: a journal of what was acknowledged."""

    def __init__(self, door: Contender) -> None:
        self._address, self._path = ("127.0.0.1", door.port), door.path
        self._codec = Codec(ACCOUNT.appid, ACCOUNT.token, (ACCOUNT.aes_key,))
        self.sent = 0
        self.acknowledged: set[int] = set()

    def send(self, rate: float, seconds: float) -> Paced:
        """So many a second for so long; each by another person."""
        done = keep_pace(self._address, self._requests(), rate=rate, seconds=seconds)
        self.acknowledged |= {self.sent + each for each in done.good}
        self.sent += done.sent
        return done

    def _requests(self) -> Iterator[bytes]:
        for number in count(self.sent):
            yield pushes.request(self._codec, self._path, scene=SCENE, number=number)


def _tell(ground: Ground, held: Paced, burst: Paced) -> None:
    waits = [*held.latencies, *burst.latencies]
    ground.counts.update(
        held_a_second=round(held.rate),
        held_seconds=round(held.seconds),
        burst_pushes=len(burst.latencies),
        burst_seconds=round(burst.seconds),
        refused=held.bad + burst.bad,
        over_5_seconds=sum(each > LATE_SECONDS for each in waits),
    )
    for name, each in (("held", held), ("burst", burst)):
        ground.most(f"{name}_p50_ms", math.ceil(each.percentile(0.5)))
        ground.most(f"{name}_p99_ms", math.ceil(each.percentile(0.99)))
        ground.most(f"{name}_slowest_ms", each.slowest)


def _compare(ground: Ground, platform: Platform, server: PostgresServer) -> None:
    """Hold the journal of who pushed against the inbox."""
    with server.connect("ours") as connection:
        kept = [number for (number,) in connection.execute(KEPT)]
    lost = platform.acknowledged - {*kept}
    ground.counts.update(acknowledged=len(platform.acknowledged), lost=len(lost))
    expect("acknowledged pushes that are gone", len(lost), 0)
    expect("pushes kept twice", len(kept) - len({*kept}), 0)
    expect("pushes that waited longer than WeChat does", ground.counts["over_5_seconds"], 0)
    expect("pushes that were refused", ground.counts["refused"], 0)
