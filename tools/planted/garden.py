"""A copy of the project in which one bug at a time is planted and its tests are run."""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType

from tools.environment import ROOT
from tools.planted.bug import Bug

LONGEST_RUN_SECONDS = 300.0
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+?)(?:\[.*?\])?(?: - .*)?$", re.MULTILINE)


class Garden(AbstractContextManager["Garden"]):
    """The files of the checkout as they are now (what git ignores left out), copied to a folder that is removed at the end."""

    def __init__(self) -> None:
        self._root = Path(tempfile.mkdtemp(prefix="wx-planted-"))

    def __enter__(self) -> "Garden":
        for name in _known_files():
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

        Raises RuntimeError when pytest did not get as far as running them.
        """
        command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests)
        done = subprocess.run(
            command,
            cwd=self._root,
            capture_output=True,
            text=True,
            timeout=LONGEST_RUN_SECONDS,
            check=False,
        )
        if done.returncode not in {0, 1}:
            raise RuntimeError(f"pytest ended with {done.returncode}:\n{done.stdout[-2000:]}")
        return set(_FAILED.findall(done.stdout))

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
