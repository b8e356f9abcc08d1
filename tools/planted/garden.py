"""A copy of the project in which one bug at a time is planted and its tests are run."""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType

from tools.environment import ROOT
from tools.planted.bug import Bug

LONGEST_RUN_SECONDS = 300.0
AT_ONCE = 12  # tests that are run together to see that they pass
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
        """Which of these tests are of no use, since they do not pass without any bug, and why."""
        found: dict[str, str] = {}
        for start in range(0, len(tests), AT_ONCE):
            found |= self._unfit(tests[start : start + AT_ONCE])
        return found

    def _unfit(self, tests: Sequence[str]) -> dict[str, str]:
        """The same of a few; where they cannot be run together, of each half."""
        try:
            return dict.fromkeys(self.failures(tests), "fails without any bug")
        except NotRun as fault:
            if len(tests) == 1:
                return {tests[0]: str(fault)}
        half = len(tests) // 2
        return self._unfit(tests[:half]) | self._unfit(tests[half:])

    def survived(self, bug: Bug) -> set[str]:
        """Plant the bug, run its tests, take it out again; the tests that noticed nothing."""
        file = self._root / bug.path
        clean = file.read_bytes()
        bug.plant(self._root)
        try:
            return set(bug.caught_by) - self.failures(bug.caught_by)
        finally:
            file.write_bytes(clean)


def _known_files() -> list[str]:
    listed = subprocess.run(
        ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"),  # noqa: S607 - the git that made this checkout
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
