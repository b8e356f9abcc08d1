"""The table of endurance: the worst of the runs, of this commit alone, and what was not reached is said."""

import json
from pathlib import Path
from typing import Any

import pytest

from bench.endure import __main__ as endure
from bench.endure import report
from bench.endure.claims import CLAIMS
from bench.endure.report import table


def run(what: str, *, seed: int = 1, broken: str = "", **counts: int) -> dict[str, Any]:
    told: dict[str, Any] = {
        "what": what,
        "held": not broken,
        "seconds": 60,
        "seed": seed,
        "database": "postgresql",
        "commit": "abc1234",
        "load": [1.0, 7.5],
        "counts": counts,
    }
    return told | ({"broken": broken} if broken else {})


def held(seed: int, p99: int, *, seconds: int = 600) -> dict[str, Any]:
    return run(
        "callbacks",
        seed=seed,
        held_a_second=300,
        held_seconds=seconds,
        held_p99_ms=p99,
        burst_p99_ms=20,
        burst_pushes=5_000,
        acknowledged=185_000,
    )


def row(runs: list[dict[str, Any]], name: str) -> str:
    return next(line for line in table(runs).splitlines() if line.startswith(f"| {name} |"))


def test_nothing_is_stated_of_what_nobody_ran() -> None:
    told = table([])
    assert told.count("not measured") >= len(CLAIMS)
    assert "BROKEN" not in told
    assert "`make planted`" in row([], "planted bugs")


def test_the_worst_run_is_what_is_told() -> None:
    told = row([held(1, 11), held(2, 250), held(3, 12)], "callback load held")
    assert "p99 250" in told
    assert "555,000 acknowledged" in told
    assert "3 x 60 s, seeds 1, 2, 3, postgresql, load to 7.5" in told
    assert "not reached" not in told


def test_what_is_too_slow_or_too_short_is_not_reached() -> None:
    assert "**not reached**" in row([held(1, 11), held(2, 301)], "callback load held")
    assert "**not reached**" in row([held(1, 11, seconds=60)], "callback load held")


def test_effective_faults_are_those_that_hit() -> None:
    runs = [run("kills", seed=seed, kills=60, at_work=40, orders=24) for seed in (1, 2)]
    assert "80 at work, of 120 kills" in row(runs, "kills survived")


def test_a_run_that_broke_is_told_with_its_seed() -> None:
    told = row([run("sale", seed=7, broken="Broken: orders: 51, not 50")], "flash sale")
    assert "**BROKEN**: seed 7: Broken: orders: 51, not 50" in told


def test_inputs_are_counted_reader_by_reader() -> None:
    runs = [run("fuzz", test_a=500, test_b=7, executions=507), run("fuzz", test_a=9, test_b=9)]
    assert "2 fuzzers, 16 inputs each at least" in row(runs, "bad inputs")


def test_all_rows_are_of_as_many_cells() -> None:
    runs = [run(claim.what) for claim in CLAIMS if claim.what]
    assert {line.count(" | ") for line in table(runs).splitlines()[2:]} == {5}


def test_the_table_is_of_this_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    journal, written = tmp_path / "endure.jsonl", tmp_path / "endure.md"
    lines = [held(1, 11), held(2, 99) | {"commit": "older"}]
    journal.write_text("".join(f"{json.dumps(each)}\n" for each in lines), "utf-8")
    monkeypatch.setattr(report, "TABLE", written)
    monkeypatch.setattr(report, "ROOT", tmp_path)
    monkeypatch.setattr(report, "commit", lambda: "abc1234")
    assert endure.main(["table", "--journal", str(journal)]) == 0
    assert "1 runs of abc1234" in capsys.readouterr().out
    assert "p99 11" in written.read_text("utf-8")
    assert "p99 99" not in written.read_text("utf-8")


def test_all_plays_each_with_each_seed_and_ends_with_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    played = list[tuple[str, str]]()

    class Done:
        returncode = 0

    def run_one(command: list[str], **_: object) -> Done:
        played.append((command[3], command[5]))
        return Done()

    monkeypatch.setattr("subprocess.run", run_one)
    monkeypatch.setattr(report, "write_table", lambda _: 0)
    assert endure.main(["all", "--rounds", "2", "--journal", str(tmp_path / "j")]) == 0
    assert set(played) == {(what, seed) for what in endure.PLAYS for seed in ("1", "2")}
