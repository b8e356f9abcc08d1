"""Ends the processes we started when we ourselves are gone, even by kill -9.

A keeper is a small process of its own that reads process group ids from a pipe. However its
owner ends, the pipe closes; the keeper then ends the groups that are still noted. (Linux's
parent-death signal would not do: it is lost when a child changes its credentials, it reaches no
grandchildren, and it fires when the starting thread ends.)
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

GRACE_SECONDS = 5.0
TICK_SECONDS = 0.05


class Keeper:
    """The owner's side: note the groups, forget those that ended, close when all is done."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", __file__], stdin=subprocess.PIPE, start_new_session=True
        )

    def watch(self, group: int) -> None:
        """End this process group when we are gone."""
        self._say(f"+{group}")

    def forget(self, group: int) -> None:
        """This group has ended; its number may soon be somebody else's."""
        self._say(f"-{group}")

    def close(self) -> None:
        """Let the keeper end what is still noted, and wait for it."""
        if self._process.stdin:
            with suppress(BrokenPipeError):
                self._process.stdin.close()
        self._process.wait()

    def _say(self, line: str) -> None:
        if self._process.stdin:
            with suppress(BrokenPipeError):
                self._process.stdin.write(f"{line}\n".encode())
                self._process.stdin.flush()


def end_groups(groups: set[int], grace_seconds: float = GRACE_SECONDS) -> None:
    """TERM each group (stopped processes are woken first), wait for the grace time, then KILL."""
    for group in groups:
        signal_group(group, signal.SIGCONT)
        signal_group(group, signal.SIGTERM)
    end = time.monotonic() + grace_seconds
    while time.monotonic() < end and any(group_lives(group) for group in groups):
        time.sleep(TICK_SECONDS)
    for group in groups:
        signal_group(group, signal.SIGKILL)


def signal_group(group: int, number: signal.Signals) -> None:
    """Send a signal to a whole process group; nothing happens when it has gone."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def members(group: int) -> Iterator[int]:
    """The processes of a group; any of them may end between two looks."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[2]) == group:
                yield int(stat.parent.name)


def group_lives(group: int) -> bool:
    """Whether any process of the group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def main() -> None:
    """Read group ids until the owner is gone, then end what is left."""
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        if line.startswith("+"):
            groups.add(group)
        else:
            groups.discard(group)
    end_groups(groups)


if __name__ == "__main__":
    main()
