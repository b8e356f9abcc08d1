"""`python -m bench.endure.hands CONFIG`: a worker that works while it is told to.

A line of standard input begins it, the next one ends it; that it has ended is told by a line.
"""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

from flask import Flask

from bench.endure.listening import listening
from bench.endure.pickled import service_of
from tests.limits import lengthen
from wx_backend.outbox import CALL, WORK
from wx_backend.worker import drain_queue

REST_SECONDS: Final = 0.01
END_SECONDS: Final = 60.0
Working = Callable[[], AbstractContextManager[None]]


@contextmanager
def a_worker(config: Path) -> Iterator[Working]:
    """A process beside this one; gives blocks during which it works."""
    with listening("bench.endure.hands", config, end_seconds=END_SECONDS) as (said, heard):

        @contextmanager
        def working() -> Iterator[None]:
            said.write("begin\n")
            said.flush()
            try:
                yield
            finally:
                said.write("end\n")
                said.flush()
                heard.readline()

        yield working


def main(path: str) -> None:
    """Begin and end as told, until nobody tells anything any more."""
    lengthen()
    app = service_of(path)
    for _ in sys.stdin:
        over = threading.Event()
        hand = threading.Thread(target=_work, args=(app, over))
        hand.start()
        sys.stdin.readline()
        over.set()
        hand.join()
        sys.stdout.write("ended\n")
        sys.stdout.flush()


def _work(app: Flask, over: threading.Event) -> None:
    while not over.is_set():
        if not sum(drain_queue(app, queue) for queue in (WORK, CALL)):
            time.sleep(REST_SECONDS)


if __name__ == "__main__":
    main(sys.argv[1])
