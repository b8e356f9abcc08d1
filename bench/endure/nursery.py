"""`python -m bench.endure.nursery CONFIG`: processes that do all work that is due, each killed after a moment.

Forked from one that has loaded everything and holds no connection, so that a life costs milliseconds. A line
of standard input says how many are to die and the seed of when; the answer is a line of JSON.
"""

import json
import os
import signal
import sys
import time
from random import Random
from typing import Final

from flask import Flask

from bench.endure.lapse import held, lapse
from bench.endure.pickled import service_of
from tests.limits import lengthen
from wx_backend.db import db
from wx_backend.outbox import CALL, WORK
from wx_backend.worker import drain_queue

LIFE_SECONDS: Final = (0.01, 0.15)
REST_SECONDS: Final = 0.002


def main(path: str) -> None:
    """Answer every line until there is none any more."""
    lengthen()
    app = service_of(path)
    for line in sys.stdin:
        kills, seed = json.loads(line)
        told = _deaths(app, kills, Random(seed))  # noqa: S311 - to be played again
        sys.stdout.write(f"{json.dumps(told)}\n")
        sys.stdout.flush()


def _deaths(app: Flask, kills: int, random: Random) -> dict[str, int]:
    """Kill so many one after the other; of how many it is known that they held work when they died."""
    at_work = given_up = by_itself = 0
    for _ in range(kills):
        with app.app_context():
            db.engine.dispose()
        child = os.fork()
        if not child:
            _work_for_ever(app)
        time.sleep(random.uniform(*LIFE_SECONDS))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        by_itself += not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL)
        with app.app_context():
            at_work += held() > 0
            given_up += lapse()
            db.session.remove()
    return {"kills": kills, "at_work": at_work, "brought_back": given_up, "by_itself": by_itself}


def _work_for_ever(app: Flask) -> None:
    """What workers do, until killed; never returns."""
    try:
        while True:
            if not sum(drain_queue(app, queue) for queue in (WORK, CALL)):
                time.sleep(REST_SECONDS)
    finally:
        os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1])
