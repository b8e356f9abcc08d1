"""One running process of a program: started in a group of its own, signalled and ended as a group."""

import signal
import subprocess
import time

from demo.program import Program, StartFailed, last_lines
from tools.keeper import Keeper, signal_group

TICK_SECONDS = 0.05


class Child:
    """A program's present process. The keeper ends its whole group if we vanish."""

    def __init__(self, program: Program, keeper: Keeper, environment: dict[str, str]) -> None:
        self.program = program
        self.started = time.monotonic()
        self._keeper = keeper
        self._is_cleared = False
        program.log.parent.mkdir(parents=True, exist_ok=True)
        with program.log.open("ab") as log:
            self.process = subprocess.Popen(
                program.command,
                cwd=program.directory,
                env=environment | dict(program.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        keeper.watch(self.process.pid)

    @property
    def pid(self) -> int:
        """The process id, which is its group's id as well."""
        return self.process.pid

    @property
    def age_seconds(self) -> float:
        """How long ago it was started."""
        return time.monotonic() - self.started

    def has_ended(self) -> bool:
        """Whether the process is gone; its leftovers (workers of a killed parent) are ended then."""
        if self.process.poll() is None:
            return False
        self._clear()
        return True

    def is_well(self) -> bool:
        """Whether the program's own sign of health is given now."""
        if self.process.poll() is not None:
            return False
        if self.program.health is None:
            return self.age_seconds >= self.program.settle_seconds
        return self.program.health(self.pid)

    def wait_well(self, seconds: float) -> float:
        """Wait for health; returns how long that took since the start.

        Raises StartFailed when the process ends first or the time is up.
        """
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.is_well():
                return self.age_seconds
            if (code := self.process.poll()) is not None:
                raise StartFailed(self._told(f"ended with code {code}"))
            time.sleep(TICK_SECONDS)
        raise StartFailed(self._told(f"was not well after {seconds:.0f} s"))

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole group."""
        signal_group(self.pid, number)

    def stop(self) -> None:
        """Ask it to end, wait, then end it; returns when it has gone."""
        if self.process.poll() is None:
            self.signal(signal.SIGCONT)
            # Asked alone: a parent ends its own workers in order, and then itself.
            self.process.send_signal(self.program.stop_signal)
            try:
                self.process.wait(self.program.stop_seconds)
            except subprocess.TimeoutExpired:
                self.signal(signal.SIGKILL)
                self.process.wait()
        self._clear()

    def _clear(self) -> None:
        # Once only: later the number may belong to somebody else.
        if not self._is_cleared:
            self._is_cleared = True
            self.signal(signal.SIGKILL)
            self._keeper.forget(self.pid)

    def _told(self, what: str) -> str:
        program = self.program
        return f"{program.name} {what}; the end of {program.log}:\n{last_lines(program.log)}"
