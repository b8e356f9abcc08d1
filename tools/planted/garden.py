"""A copy of the project in which one bug at a time is planted and its tests are run."""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import TypeVar

from tools.environment import ROOT
from tools.planted.bug import Bug

LONGEST_RUN_SECONDS = 300.0
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+?)(?:\[.*?\])?(?: - .*)?$", re.MULTILINE)


class NotRun(Exception):
    """The tests could not be run to their end."""


class Garden(AbstractContextManager["Garden"]):
    """The files of the checkout as they are now (what git ignores left out), copied to a folder that is removed at the end."""

    def __init__(self) -> None:
        self._root = Path(tempfile.mkdtemp(prefix="wx-planted-"))
        self.names = _known_files()

    def __enter__(self) -> "Garden":
        for name in self.names:
            target = self._root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self._root, ignore_errors=True)

    def failures(self, tests: Iterable[str]) -> set[str]:
        """Run these tests in the copy; the names (`file::test`) of those that failed.

        Raises NotRun when pytest did not get as far as running them, or never ended.
        """
        command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests)
        try:
            done = subprocess.run(
                command,
                cwd=self._root,
                capture_output=True,
                text=True,
                timeout=LONGEST_RUN_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise NotRun(f"pytest had not ended after {LONGEST_RUN_SECONDS:.0f} s") from None
        if done.returncode not in {0, 1}:
            said = (done.stdout + done.stderr)[-2000:]
            raise NotRun(f"pytest ended with {done.returncode}: {said}")
        return set(_FAILED.findall(done.stdout))

    def unfit(self, tests: Sequence[str]) -> dict[str, str]:
        """Which of a few tests are of no use, since they do not pass without any bug, and why.

        Where they cannot be run together, each half is.
        """
        try:
            return dict.fromkeys(self.failures(tests), "fails without any bug")
        except NotRun as fault:
            if len(tests) == 1:
                return {tests[0]: str(fault)}
        half = len(tests) // 2
        return self.unfit(tests[:half]) | self.unfit(tests[half:])

    def survived(self, bug: Bug) -> set[str]:
        """Plant the bug, run its tests, take it out again; the tests that noticed nothing."""
        file = self._root / bug.path
        clean = file.read_bytes()
        bug.plant(self._root)
        try:
            return set(bug.caught_by) - self.failures(bug.caught_by)
        finally:
            file.write_bytes(clean)


class Gardens(AbstractContextManager["Gardens"]):
    """Several copies, in which as many bugs are tried at the same time."""

    def __init__(self, number: int) -> None:
        self._gardens = [Garden() for _ in range(number)]
        self._stack = ExitStack()
        self.names = self._gardens[0].names

    def __enter__(self) -> "Gardens":
        for garden in self._gardens:
            self._stack.enter_context(garden)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def each(
        self, work: Callable[[Garden, _Item], _Result], items: Iterable[_Item]
    ) -> Iterator[_Result]:
        """Do something with each item in whichever garden is free; what came of it as it becomes known."""
        free: SimpleQueue[Garden] = SimpleQueue()
        for garden in self._gardens:
            free.put(garden)

        def in_one(item: _Item) -> _Result:
            garden = free.get()
            try:
                return work(garden, item)
            finally:
                free.put(garden)

        pool = ThreadPoolExecutor(len(self._gardens))
        try:
            for done in as_completed([pool.submit(in_one, item) for item in items]):
                yield done.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _known_files() -> list[str]:
    listed = subprocess.run(
        ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"),  # noqa: S607 - the git that made this checkout
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
