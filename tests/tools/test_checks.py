"""`make test` runs every step, says what failed, and closes with pytest's own lines."""

import sys
from pathlib import Path

import pytest

from tools import checks, chromium
from tools.checks import FAILED, NOT_RUN, PASSED, Outcome, Step, run


def step(code: str, **options: bool) -> Step:
    return Step("a step", (sys.executable, "-c", code), **options)


def test_a_step_shows_what_it_prints_and_its_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(step("print('hello')")).verdict == PASSED
    assert run(step("print('oh no'); raise SystemExit(3)")).verdict == FAILED
    shown = capsys.readouterr().out
    assert "hello\n--- a step: passed in" in shown
    assert "oh no\n--- a step: FAILED in" in shown


@pytest.mark.parametrize(
    ("line", "summary"),
    [
        ("12 passed in 3.41s", "12 passed in 3.41s"),
        ("==== 1 failed, 2 passed in 0.10s ====", "1 failed, 2 passed in 0.10s"),
        (
            "3 passed, 4 deselected in 61.02s (0:01:01)",
            "3 passed, 4 deselected in 61.02s (0:01:01)",
        ),
        ("no tests ran in 0.01s", "no tests ran in 0.01s"),
        ("1 error in 0.18s", "1 error in 0.18s"),
        ("All checks passed!", ""),
        ("Success: no issues found in 16 source files", ""),
    ],
)
def test_the_summary_is_pytests_own_line(line: str, summary: str) -> None:
    outcome = Outcome(step(""))
    outcome.tail.extend(["....", line])
    assert outcome.summary == summary
    assert outcome.last_line == (line if summary else "")


def test_a_step_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "LONGEST_STEP_SECONDS", 0.2)
    assert run(step("import time; time.sleep(60)")).verdict == FAILED


def test_without_a_browser_its_step_is_loudly_not_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(chromium, "ensure", lambda: None)
    assert run(step("print('never')", is_browser=True)).verdict == NOT_RUN
    shown = capsys.readouterr().out
    assert "THE BROWSER TESTS WERE NOT RUN" in shown
    assert "never" not in shown


@pytest.mark.parametrize(("verdict", "code"), [(PASSED, 0), (NOT_RUN, 0), (FAILED, 1)])
def test_one_failure_fails_the_whole_and_the_rest_still_runs(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    verdict: str,
    code: int,
) -> None:
    steps = []

    def pretend(this: Step) -> Outcome:
        steps.append(this.name)
        is_first = len(steps) == 1
        return Outcome(this, verdict if is_first else PASSED, 1.5)

    monkeypatch.setattr(checks, "run", pretend)
    monkeypatch.setattr(sys, "argv", ["checks", "--lint"])
    assert checks.main() == code
    assert steps == [step.name for step in checks.LINT]
    assert f"ruff check         {verdict}" in capsys.readouterr().out


def test_the_machine_is_searched_beyond_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = tmp_path / "chromium"
    browser.write_text("#!/bin/sh\n")
    browser.chmod(0o755)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("tools.outside.USUAL_FOLDERS", (str(tmp_path),))
    assert chromium.chromium() == browser
