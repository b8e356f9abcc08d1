"""A process beside this one that is told what to do by lines of its standard input, and answers in lines."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from bench.endure.ground import ROOT


@contextmanager
def listening(
    module: str, config: Path, *, end_seconds: float
) -> Iterator[tuple[IO[str], IO[str]]]:
    """`python -m MODULE CONFIG`: where it is told something, and where its answers are read.

    It is told no more at the end, and has so many seconds to end by itself.
    """
    with subprocess.Popen(
        (sys.executable, "-m", module, str(config)),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None  # noqa: S101 - asked for above
        assert process.stdout is not None  # noqa: S101 - likewise
        try:
            yield process.stdin, process.stdout
        finally:
            process.stdin.close()
            process.wait(end_seconds)
