"""A process that does something and meets its fate at a crash point; forked where nothing runs yet."""

import multiprocessing
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from typing import Any, Final

from flask import Flask

from tests.limits import lengthen
from wx_backend import clock, crash
from wx_backend.app import close_app, create_app
from wx_backend.config import Config
from wx_backend.errors import AppError

WAIT_SECONDS: Final = 90
BROKEN: Final = 70
forked: Final = multiprocessing.get_context("forkserver")
forked.set_forkserver_preload([__name__])


class Fate(StrEnum):
    """What befalls a process at a point: an exception, its end, or that it stands still for long."""

    EXCEPTION = "exception"
    KILL = "kill"
    HANG = "hang"


ENDS: Final = {Fate.EXCEPTION: BROKEN, Fate.KILL: 137, Fate.HANG: 0}


@dataclass(frozen=True)
class Deed:
    """What the process does: `work(app, given)`, a function of a module, up to a crash point."""

    config: Config
    point: str
    work: Callable[[Flask, Any], None]
    given: Any = None


def meet(deed: Deed, fate: Fate, meanwhile: Callable[[], object] = lambda: None) -> None:
    """Have the deed done by a process that meets its fate at the point.

    `meanwhile` is what happens while it hangs; then it goes on, to its end.
    """
    reached, goes_on = forked.Event(), forked.Event()
    process = forked.Process(target=_live, args=(deed, fate, reached, goes_on))
    process.start()
    try:
        if fate is Fate.HANG:
            assert reached.wait(WAIT_SECONDS), f"{deed.point} was not reached"
            meanwhile()
    finally:
        goes_on.set()
        code = _ended(process)
    assert reached.is_set(), f"{deed.point} was not reached"
    assert code == ENDS[fate]


def _ended(process: BaseProcess) -> int | None:
    process.join(WAIT_SECONDS)
    code = process.exitcode
    process.kill()
    process.join()
    process.close()
    return code


def _live(deed: Deed, fate: Fate, reached: Event, goes_on: Event) -> None:
    def stand_still() -> None:
        if not goes_on.is_set():
            goes_on.wait(WAIT_SECONDS)

    falls = {
        Fate.EXCEPTION: crash.raise_crashed,
        Fate.KILL: crash.die,
        Fate.HANG: stand_still,
    }

    def befall() -> None:
        reached.set()
        falls[fate]()

    try:
        _do(deed, befall)
    except crash.Crashed:
        sys.exit(BROKEN)


def _do(deed: Deed, befall: Callable[[], None]) -> None:
    lengthen()
    app = create_app(deed.config)
    clock.follow(deed.config.service.data_dir / "clock-offset")
    with app.app_context():
        crash.arm(deed.point, befall)
        with suppress(AppError):  # whoever comes too late may be told so
            deed.work(app, deed.given)
    close_app(app)
