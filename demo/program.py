"""What the supervisor runs: one program with its surroundings and the sign that it is well."""

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

Health = Callable[[int], bool]


@dataclass(frozen=True)
class Program:
    """One long-running process.

    `health` is asked with the process id until it says yes; a program without one is well once it has lived for
    `settle_seconds`. `environment` is added to ours. A program that ends unasked is started
    again when `restarts` is set, after a pause that grows with every failure.
    """

    name: str
    command: tuple[str, ...]
    log: Path
    directory: Path = Path()
    environment: Mapping[str, str] = field(default_factory=dict)
    health: Health | None = None
    address: str = ""
    start_seconds: float = 30.0
    settle_seconds: float = 1.0
    stop_seconds: float = 10.0
    stop_signal: signal.Signals = signal.SIGTERM
    restarts: bool = True


class StartFailed(Exception):
    """A program did not become well; the message carries the end of its log."""


def last_lines(log: Path, count: int = 15) -> str:
    """The end of a log file, for a message to a person; empty when there is none."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 8192))
        text = file.read().decode("utf-8", "replace")
    return "\n".join(text.splitlines()[-count:])
