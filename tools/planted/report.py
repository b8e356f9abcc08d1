"""What `make planted` found, as a page: every bug, what it is, and the tests that caught it."""

import platform
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from tools.environment import ROOT
from tools.planted.bug import Bug

REPORT: Final = ROOT / "build" / "planted.md"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a planted bug fared: the tests that noticed nothing, and how long all of them took."""

    bug: Bug
    blind: frozenset[str]
    seconds: float

    @property
    def is_caught(self) -> bool:
        """Whether every one of its tests failed."""
        return not self.blind


def write(verdicts: Iterable[Verdict]) -> None:
    """Write the page; an earlier one is lost."""
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(page([*verdicts]), "utf-8")


def page(verdicts: list[Verdict]) -> str:
    """The report in Markdown."""
    caught = sum(verdict.is_caught for verdict in verdicts)
    lines = [
        "# Planted bugs",
        "",
        f"{_when()}. {caught} of {len(verdicts)} were caught by every test named for them.",
        "",
        "| bug | file | verdict | seconds | tests |",
        "|---|---|---|---|---|",
        *(_row(verdict) for verdict in verdicts),
    ]
    return "\n".join(lines) + "\n"


def _row(verdict: Verdict) -> str:
    bug = verdict.bug
    tests = verdict.blind or bug.caught_by
    said = "caught" if verdict.is_caught else "**survived**"
    named = "<br>".join(f"`{test}`" for test in sorted(tests))
    return f"| {bug.name} | `{bug.path}` | {said} | {verdict.seconds:.1f} | {named} |"


def _when() -> str:
    now = datetime.now(UTC)  # noqa: TID251 - when the report was made, nothing of the business
    return f"{now:%Y-%m-%d %H:%M} UTC, commit {_commit()}, Python {platform.python_version()}"


def _commit() -> str:
    done = subprocess.run(
        ("git", "rev-parse", "--short", "HEAD"),  # noqa: S607 - the git that made this checkout
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()
