"""What a person sees while the demo starts, runs and ends: one line per step."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

DONE, FAILED, NOTE = "✓", "✗", "•"


def prepare() -> None:
    """Never fail over a terminal that cannot show a sign."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace", line_buffering=True)


@contextmanager
def step(name: str, what: str = "") -> Iterator[None]:
    """A line that appears when the step is done or has failed, with the time it took."""
    is_terminal = sys.stdout.isatty()
    if is_terminal:
        print(f"  … {name:<12}", end="\r", flush=True)
    started = time.monotonic()
    try:
        yield
    except BaseException:
        print(f"  {FAILED} {name:<12} {time.monotonic() - started:5.1f} s")
        raise
    done(name, time.monotonic() - started, what)


def done(name: str, seconds: float, what: str) -> None:
    """The line of a step that is done."""
    print(f"  {DONE} {name:<12} {seconds:5.1f} s  {what}")


def note(name: str, what: str) -> None:
    """A line about something that happened on its own."""
    print(f"  {NOTE} {name:<12} {what}")


def say(*lines: str) -> None:
    """Plain lines."""
    for line in lines:
        print(line)
