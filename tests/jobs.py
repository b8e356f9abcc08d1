"""Doing deferred work in a test."""

from contextlib import suppress

from wx_backend import crash, outbox
from wx_backend.db import db


def run_jobs(queue: str = outbox.WORK) -> int:
    """Run everything due in a queue, what it defers included; how many jobs succeeded."""
    done = 0
    while held := outbox.claim(queue, limit=20):
        done += sum([outbox.run(claim) for claim in held])
    return done


def dies(queue: str, *, after: int, point: str) -> None:
    """So many jobs of a queue are done, and the next one's worker dies at a crash point."""
    for _ in range(after):
        [held] = outbox.claim(queue, limit=1)
        assert outbox.run(held)
    [held] = outbox.claim(queue, limit=1)
    crash.arm(point, crash.raise_crashed)
    with suppress(crash.Crashed):
        outbox.run(held)
    crash.disarm()
    db.session.rollback()
