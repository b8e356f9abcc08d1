"""Doing deferred work in a test."""

from wx_backend import outbox


def run_jobs(queue: str = outbox.WORK) -> int:
    """Run everything due in a queue, what it defers included; how many jobs succeeded."""
    done = 0
    while held := outbox.claim(queue, limit=20):
        done += sum([outbox.run(claim) for claim in held])
    return done
