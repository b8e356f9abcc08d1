"""Loads of an endurance run: each is an act over and over, on a thread of its own, that is looked after."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from bench.endure.ground import expect

PAUSE_SECONDS: Final = 0.05
STILL_SECONDS: Final = 30.0
"""Longer than anything an act waits for: what has not got on for so long never will."""


@dataclass
class Load:
    """One act: what ended it, and when it last got on."""

    act: Callable[[], None]
    failure: BaseException | None = None
    got_on: float = field(default_factory=time.monotonic)

    def again(self, over: threading.Event) -> None:
        """Do it over and over."""
        try:
            while not over.wait(PAUSE_SECONDS):
                self.act()
                self.got_on = time.monotonic()
        except BaseException as failure:  # noqa: BLE001 - told by whoever looks after the loads
            self.failure = failure


@contextmanager
def under(*acts: Callable[[], None]) -> Iterator[Callable[[], None]]:
    """Everybody at once for as long as the block takes; gives `hold` of them all."""
    over, loads = threading.Event(), [Load(act) for act in acts]
    threads = [threading.Thread(target=each.again, args=(over,), daemon=True) for each in loads]
    for thread in threads:
        thread.start()
    try:
        yield partial(hold, loads)
    finally:
        over.set()
        for thread in threads:
            thread.join(STILL_SECONDS)


def hold(loads: Sequence[Load]) -> None:
    """Raises Broken once one has ended or stands still: what is measured then is no load."""
    expect("what somebody ran into", [each.failure for each in loads if each.failure], [])
    latest = time.monotonic() - STILL_SECONDS
    expect("loads that stand still", sum(each.got_on < latest for each in loads), 0)
