"""A process that tells a story and ends, or hangs, at a crash point; forked where nothing runs yet."""

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from typing import Any, Final

from tests.catalog.shelf import Wares
from tests.flows.trade.market import Market
from tests.flows.trade.perils import STORIES
from tests.orders.buyers import Buyer
from tests.simulator.stage import Stage
from wx_backend import clock, crash
from wx_backend.app import create_app
from wx_backend.config import Config
from wx_backend.errors import AppError

WAIT_SECONDS: Final = 30
KILLED: Final = 137
_forked = multiprocessing.get_context("forkserver")
_forked.set_forkserver_preload([__name__])


@dataclass(frozen=True)
class Act:
    """What the process needs to know: where everything is, and what it is to do."""

    config: Config
    base_url: str
    wares: Wares
    bob: Buyer
    alice_id: int
    story: str
    told: dict[str, Any]
    point: str


def act_of(market: Market, story: str, told: dict[str, Any], point: str) -> Act:
    """The act of a story in this market, up to a crash point."""
    config = market.app.extensions["wx_config"]
    return Act(
        config, market.stage.base_url, market.wares, market.bob, market.alice_id, story, told, point
    )


def kill_at_point(act: Act) -> int | None:
    """Play the act in a process that ends itself at the point, as by kill -9; its exit code."""
    process = _forked.Process(target=_die, args=(act,))
    process.start()
    return _ended(process)


@contextmanager
def hanging_at_point(act: Act) -> Iterator[None]:
    """Play the act in a process that hangs at the point; it goes on, and ends, at the exit."""
    reached, goes_on = _forked.Event(), _forked.Event()
    process = _forked.Process(target=_hang, args=(act, reached, goes_on))
    process.start()
    try:
        assert reached.wait(WAIT_SECONDS), "the point was not reached"
        yield
    finally:
        goes_on.set()
        code = _ended(process)
    assert code == 0


def _ended(process: BaseProcess) -> int | None:
    process.join(WAIT_SECONDS)
    code = process.exitcode
    process.kill()
    process.join()
    process.close()
    return code


def _die(act: Act) -> None:
    _play(act, crash.die)


def _hang(act: Act, reached: Event, goes_on: Event) -> None:
    def hang() -> None:
        if not reached.is_set():
            reached.set()
            goes_on.wait(WAIT_SECONDS)

    with suppress(AppError):  # whoever comes too late may be told so
        _play(act, hang)


def _play(act: Act, action: Callable[[], None]) -> None:
    app = create_app(act.config)
    clock.follow(act.config.service.data_dir / "clock-offset")
    with app.app_context():
        stage = Stage(act.base_url)
        market = Market(app, stage, act.wares, act.bob, act.alice_id)
        crash.arm(act.point, action)
        STORIES[act.story].act(market, act.told)
        app.extensions["wx_store"].close()
