"""Endurance runs: each goes a round, counts it in one line of JSON, and fails when something does not hold."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.endure import __main__ as endure
from bench.endure import fuzz, restarts, sale
from bench.endure.ground import Ground
from tools.keeper import signal_group

ROOT = Path(__file__).parents[2]
PLAYED_SECONDS = 270.0

pytestmark = pytest.mark.timeout(300)


def played(what: str, database: str) -> dict[str, Any]:
    command = (sys.executable, "-m", "bench.endure", what, "--seconds", "0.1")
    with subprocess.Popen(
        (*command, "--database", database),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            said, erred = process.communicate(timeout=PLAYED_SECONDS)
        finally:
            signal_group(process.pid, signal.SIGKILL)
    assert process.returncode == 0, said + erred
    told: dict[str, Any] = json.loads(said)
    assert told["held"]
    counts: dict[str, Any] = told["counts"]
    assert counts["rounds"] >= 1
    return counts


@pytest.mark.processes
def test_who_is_killed_at_work_does_nothing_twice(database_kind: str) -> None:
    counts = played("kills", database_kind)
    assert counts["kills"] == 60
    assert 0 < counts["at_work"] <= 60
    assert counts["orders"] == 24


@pytest.mark.processes
def test_a_storm_of_notices_has_one_effect_each(database_kind: str) -> None:
    counts = played("duplicates", database_kind)
    assert counts["delivered"] >= 100 * counts["notices"] > 0


@pytest.mark.processes
def test_a_server_that_dies_under_load_keeps_what_was_acknowledged(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(restarts, "A_ROUND", 1)
    held, told = told_by(capsys, "restarts")
    assert (held, told["held"], told["database"]) == (0, True, "postgresql")
    counts = told["counts"]
    assert counts["restarts"] == 1
    assert counts["acknowledged_pushes"] > 0
    assert counts["acknowledged_orders"] > 0


def test_fuzzers_tell_how_much_they_tried(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fuzz, "A_ROUND", 2)
    held, told = told_by(capsys, "fuzz")
    assert (held, told["held"]) == (0, True)
    counts = told["counts"]
    assert counts["test_an_amount_is_exact_fen_or_refused"] >= 2
    assert counts["executions"] == sum(n for name, n in counts.items() if name.startswith("test_"))


def test_a_sale_that_oversells_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sale, "BUYERS", 20)
    monkeypatch.setattr(sale, "UNITS", 5)
    held, told = told_by(capsys, "sale")
    assert (held, told["held"], told["counts"]["sold"]) == (0, True, 5)
    monkeypatch.setattr(sale, "stock_of", lambda _: (5, 0))
    held, told = told_by(capsys, "sale")
    assert (held, told["held"]) == (1, False)
    assert "stock" in told["broken"]


def test_whatever_ends_a_run_is_told_in_the_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def dies(ground: Ground) -> None:
        ground.counts["orders"] += 7
        raise ValueError("the nursery says nothing")

    monkeypatch.setitem(endure.PLAYS, "kills", dies)
    held, told = told_by(capsys, "kills")
    assert (held, told["held"], told["counts"]) == (1, False, {"orders": 7})
    assert told["broken"] == "ValueError: the nursery says nothing"


def told_by(capsys: pytest.CaptureFixture[str], what: str) -> tuple[int, dict[str, Any]]:
    code = endure.main([what, "--seconds", "0"])
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, told
