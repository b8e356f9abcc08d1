"""Starts programs in order, starts those again that end unasked, ends all of them in reverse order."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

from demo.child import Child
from demo.program import Program
from tools.keeper import Keeper

TICK_SECONDS = 0.1
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 15.0
STEADY_SECONDS = 30.0
DEADLY = frozenset({signal.SIGKILL, signal.SIGQUIT})

Report = Callable[[str, str], None]


def _silent(_name: str, _what: str) -> None:
    return


class Supervisor:
    """A set of running programs, ended together with whoever holds it.

    `report(name, what)` is told what happens on its own ("ended", "started again"). Every method
    may be called from any thread; names are those of the programs, KeyError for others.
    """

    def __init__(self, report: Report = _silent) -> None:
        self._report = report
        self._keeper = Keeper()
        self._children: dict[str, Child] = {}
        self._restarts: dict[str, int] = {}
        self._pauses: dict[str, float] = {}
        self._due: dict[str, float] = {}
        self._starting: set[str] = set()
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._monitor = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def __enter__(self) -> Self:
        self._monitor.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.stop_all()

    def start(self, program: Program) -> float:
        """Start a program and wait until it is well; returns the seconds that took.

        Raises StartFailed, with the end of its log; the program is stopped then.
        """
        with self._lock:
            self._restarts.setdefault(program.name, 0)
            self._starting.add(program.name)
            child = self._spawn(program)
        try:
            return child.wait_well(program.start_seconds)
        except BaseException:
            self.stop(program.name)
            raise
        finally:
            self._starting.discard(program.name)

    def stop(self, name: str) -> None:
        """End one program for good: asked first, killed when it does not listen."""
        with self._lock:
            child = self._children.pop(name)
            self._due.pop(name, None)
        child.stop()

    def stop_all(self, ending: Callable[[str], None] | None = None) -> None:
        """End everything, the last started first; `ending(name)` is told before each."""
        self._over.set()
        with self._lock:
            names = list(self._children)
        for name in reversed(names):
            if ending:
                ending(name)
            self.stop(name)
        if self._monitor.is_alive() and threading.current_thread() is not self._monitor:
            self._monitor.join()
        self._keeper.close()

    def kill(self, name: str) -> None:
        """kill -9 on the program's whole group, as a power cut would; it is started again if it restarts."""
        self.send(name, signal.SIGKILL)

    def send(self, name: str, number: signal.Signals) -> None:
        """Send a signal to the program's whole group; whom we end ourselves is started again soon."""
        if number in DEADLY:
            self._pauses.pop(name, None)
        self._child(name).signal(number)

    def pause(self, name: str) -> None:
        """Stop the program in its tracks (SIGSTOP) until `resume`."""
        self.send(name, signal.SIGSTOP)

    def resume(self, name: str) -> None:
        """Let a paused program run on."""
        self.send(name, signal.SIGCONT)

    def restart(self, name: str) -> float:
        """End a program in order and start it anew; returns the seconds until it is well."""
        program = self._child(name).program
        self.stop(name)
        return self.start(program)

    def wait_healthy(self, name: str, seconds: float = 30.0) -> None:
        """Wait until the program is well, through restarts; TimeoutError when the time is up."""
        end = time.monotonic() + seconds
        while not self._child(name).is_well():
            if time.monotonic() > end:
                raise TimeoutError(f"{name} was not well after {seconds:.0f} s")
            time.sleep(TICK_SECONDS)

    def pid(self, name: str) -> int:
        """The process id of the program's present process."""
        return self._child(name).pid

    def restarts(self, name: str) -> int:
        """How often the program was started again because it ended unasked."""
        return self._restarts[name]

    def names(self) -> Iterable[str]:
        """The programs in the order they were started."""
        with self._lock:
            return tuple(self._children)

    def _child(self, name: str) -> Child:
        with self._lock:
            return self._children[name]

    def _spawn(self, program: Program) -> Child:
        child = Child(program, self._keeper, dict(os.environ))
        self._children[program.name] = child
        return child

    def _watch(self) -> None:
        while not self._over.wait(TICK_SECONDS):
            with self._lock:
                for name in self._children.keys() - self._starting:
                    if not self._over.is_set() and self._children[name].has_ended():
                        self._revive(self._children[name])

    def _revive(self, child: Child) -> None:
        """Start an ended program again when its pause is over; the first look only sets the pause."""
        name, now = child.program.name, time.monotonic()
        if not child.program.restarts:
            if name not in self._due:
                self._due[name] = now
                self._report(name, f"ended with code {child.process.returncode}")
            return
        if name not in self._due:
            self._due[name] = now + self._pause_of(child)
            self._report(name, f"ended with code {child.process.returncode}; starting it again")
        elif now >= self._due[name]:
            del self._due[name]
            self._restarts[name] += 1
            self._spawn(child.program)

    def _pause_of(self, child: Child) -> float:
        """Half a second first, doubled with each failure, forgotten after half a minute of life."""
        name = child.program.name
        if child.age_seconds > STEADY_SECONDS:
            self._pauses.pop(name, None)
        pause = self._pauses.get(name, FIRST_PAUSE_SECONDS)
        self._pauses[name] = min(pause * 2, LONGEST_PAUSE_SECONDS)
        return pause
