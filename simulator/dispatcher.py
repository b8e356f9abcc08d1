"""The threads that carry out the platform's own work: pushes, notices, refunds, closings."""

import logging
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from simulator.workings import Task

if TYPE_CHECKING:
    from simulator.world import World

log = logging.getLogger(__name__)
Work = Callable[["World", Task], float | None]


class Dispatcher:
    """Runs due tasks; a work returns the seconds until it wants to run again, or None."""

    def __init__(self, world: "World", works: Mapping[str, Work], threads: int = 8) -> None:
        self._world, self._works = world, works
        self._threads = [
            threading.Thread(target=self._loop, name=f"simulator-{n}", daemon=True)
            for n in range(threads)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the threads; one that waits for a slow receiver ends by its own time limit."""
        self._world.queue.stop()
        for thread in self._threads:
            thread.join(timeout=6)

    def _loop(self) -> None:
        while (task := self._world.queue.take()) is not None:
            again_in: float | None = None
            task.attempt += 1
            try:
                again_in = self._works[task.kind](self._world, task)
            except Exception:
                log.exception("task failed", extra={"kind": task.kind, "payload": task.payload})
            with self._world.acting():
                self._world.queue.done(task, again_in)
