"""What the platform still has to do, in order of time, one at a time per lane."""

import heapq
import threading
from collections import defaultdict, deque

from simulator.clock import Clock
from simulator.store import Table
from simulator.workings import Task

_LONGEST_NAP = 0.5


class Queue:
    """Tasks by due time on the simulator's clock; `lock` guards the tables and this queue alike."""

    def __init__(self, tasks: Table[Task], clock: Clock, lock: threading.RLock) -> None:
        self._tasks, self._clock = tasks, clock
        self._changed = threading.Condition(lock)
        self._heap: list[tuple[float, int]] = []
        self._running: dict[str, Task] = {}
        self._waiting: dict[str, deque[Task]] = defaultdict(deque)
        self._stopped = False

    def put(self, task: Task) -> None:
        """Add a task, or one that was held back or has to run again."""
        self._tasks.save(task)
        if not task.is_held:
            heapq.heappush(self._heap, (task.due_at, task.number))
        self._changed.notify_all()

    def take(self) -> Task | None:
        """Wait for a task that is due in a free lane; None when the queue was stopped."""
        with self._changed:
            while not self._stopped:
                task = self._runnable()
                if task is not None:
                    self._running[task.lane] = task
                    return task
                self._changed.wait(self._nap())
        return None

    def done(self, task: Task, again_in: float | None) -> None:
        """Give back a finished task, or one that runs again after that many seconds."""
        self._running.pop(task.lane, None)
        for waiting in self._waiting.pop(task.lane, ()):
            heapq.heappush(self._heap, (waiting.due_at, waiting.number))
        if again_in is None or task.key not in self._tasks.rows:
            self._tasks.drop(task.key)
            self._changed.notify_all()
        else:
            task.due_at = self._clock.now() + again_in
            self.put(task)

    def wake(self) -> None:
        """Look again: the clock has moved."""
        with self._changed:
            self._changed.notify_all()

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def clear(self) -> None:
        """Forget everything that is not running this moment."""
        self._tasks.clear()
        self._heap.clear()
        self._waiting.clear()
        self._changed.notify_all()

    def is_settled(self, within: float) -> bool:
        """Nothing runs and nothing falls due in the next `within` seconds."""
        horizon = self._clock.now() + within
        return not self._running and not any(
            task.due_at <= horizon and not task.is_held for task in self._tasks
        )

    def _runnable(self) -> Task | None:
        now = self._clock.now()
        while self._heap and self._heap[0][0] <= now:
            _, number = heapq.heappop(self._heap)
            task = self._tasks.find(str(number))
            if task is None or task.is_held:
                continue
            if task.lane not in self._running:
                return task
            self._waiting[task.lane].append(task)
        return None

    def _nap(self) -> float:
        if not self._heap:
            return _LONGEST_NAP
        return min(_LONGEST_NAP, max(0.001, self._heap[0][0] - self._clock.now()))
