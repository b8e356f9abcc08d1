"""Limits of time: lengthened where a test is not about them, held against the clock where it is.

A machine that is busy with something else must fail no test that says what is answered and stored.
"""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from time import monotonic, process_time
from types import ModuleType
from typing import Any, Final, TypeVar

import pytest

from flows.arrival import link, lots, postgres, sqlite
from wechat import transport
from wx_backend import engine, limits, patience, rq_queue

TIMES: Final = 20
TRIES: Final = 3
LIMITS: Final[tuple[tuple[ModuleType, str], ...]] = (
    (patience, "ANSWER_SECONDS"),
    (patience, "CONNECT_SECONDS"),
    (link, "CONNECT_SECONDS"),
    (lots, "LOT_LOCK_MS"),
    (lots, "LOT_MS"),
    (lots, "LOT_SECONDS"),
    (postgres, "STATEMENT_MS"),
    (sqlite, "STATEMENT_MS"),
    (engine, "BUSY_MS"),
    (engine, "LOCK_MS"),
    (engine, "STATEMENT_MS"),
    (engine, "IDLE_MS"),
    (engine, "POOL_SECONDS"),
    (limits, "WAIT_SECONDS"),
    (rq_queue, "ANSWER_SECONDS"),
)
Outcome = TypeVar("Outcome")


def lengthen(patch: Callable[[Any, str, Any], None] = setattr) -> None:
    """Give databases, Redis and remote systems twenty times the time the service gives them."""
    for module, name in LIMITS:
        patch(module, name, TIMES * getattr(module, name))
    whole = transport.Http()
    patch(
        transport,
        "Http",
        partial(
            transport.Http,
            connect_seconds=TIMES * whole.connect_seconds,
            read_seconds=TIMES * whole.read_seconds,
            total_seconds=TIMES * whole.total_seconds,
        ),
    )


def within(seconds: float, work: Callable[[], Outcome]) -> Outcome:
    """What `work` gives; it has to be done in so many seconds at least once in three times.

    A busy machine only ever adds time: what takes longer each time takes longer by itself.
    """
    for _ in range(TRIES):
        start = monotonic()
        outcome = work()
        if monotonic() - start < seconds:
            return outcome
    pytest.fail(f"not within {seconds} s, three times over")


@contextmanager
def spends(cpu_seconds: float, *, clock: Callable[[], float] = process_time) -> Iterator[None]:
    """The block has to do with so much CPU, of the process or of what else `clock` reads.

    The garbage of the tests before is left lying meanwhile: to look through it alone takes longer.
    """
    gc.disable()
    start = clock()
    try:
        yield
        spent = clock() - start
    finally:
        gc.enable()
    assert spent < cpu_seconds


def comes_again(send: Callable[[], Outcome], is_taken: Callable[[Outcome], bool]) -> Outcome:
    """What is answered at last to somebody who comes again when told to, as the platform does."""
    for _ in range(TRIES):
        answer = send()
        if is_taken(answer):
            break
    return answer
