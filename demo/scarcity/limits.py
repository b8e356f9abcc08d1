"""Limits of the running processes of a program, by prlimit: what they have now and a little, no more."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tools.keeper import members

FILES, MEMORY = resource.RLIMIT_NOFILE, resource.RLIMIT_AS
NAMES: Final = {FILES: "files", MEMORY: "memory"}
SPARE: Final = {FILES: 6, MEMORY: 4 << 20}


@contextmanager
def limited(group: int, what: int) -> Iterator[None]:
    """As much as it has now, and a little, for every process of the program's group."""
    before = {}
    for pid in members(group):
        before[pid] = resource.prlimit(pid, what)
        resource.prlimit(pid, what, (_used(pid, what) + SPARE[what], before[pid][1]))
    try:
        yield
    finally:
        for pid, limits in before.items():
            if Path(f"/proc/{pid}").exists():  # it may have ended of it, and been started again
                resource.prlimit(pid, what, limits)


def _used(pid: int, what: int) -> int:
    if what == FILES:
        return len(os.listdir(f"/proc/{pid}/fd"))
    return int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()
