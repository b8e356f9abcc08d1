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
    """How a planted bug fared: the tests that noticed nothing, and how long all of them took.

    `fault` says why it could not be tried at all.
    """

    bug: Bug
    blind: frozenset[str]
    seconds: float
    fault: str = ""

    @property
    def is_caught(self) -> bool:
        """Whether every one of its tests failed."""
        return not (self.blind or self.fault)

    @property
    def word(self) -> str:
        """How it fared, in one word."""
        return "caught" if self.is_caught else "NOT TRIED" if self.fault else "SURVIVED"


def write(verdicts: Iterable[Verdict], *, planned: int) -> None:
    """Write the page; an earlier one is lost."""
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(page([*verdicts], planned=planned), "utf-8")


def page(verdicts: list[Verdict], *, planned: int) -> str:
    """The report in Markdown; of what was planned the rest is still to come."""
    caught = sum(verdict.is_caught for verdict in verdicts)
    to_come = planned - len(verdicts)
    lines = [
        "# Planted bugs",
        "",
        f"{_when()}. {caught} of {len(verdicts)} were caught by every test named for them"
        f"{f'; {to_come} are still to come' if to_come else ''}.",
        "",
        "| bug | file | verdict | seconds | tests |",
        "|---|---|---|---|---|",
        *(_row(verdict) for verdict in verdicts),
    ]
    return "\n".join(lines) + "\n"


def _row(verdict: Verdict) -> str:
    bug = verdict.bug
    tests = verdict.blind or bug.caught_by
    said = verdict.word if verdict.is_caught else f"**{verdict.word.lower()}**"
    named = "<br>".join(f"`{test}`" for test in sorted(tests))
    if verdict.fault:
        named = " ".join(verdict.fault.replace("|", " ").split())
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
