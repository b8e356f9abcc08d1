"""Endurance runs: each goes a round, counts it in one line of JSON, and fails when something does not hold."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.endure import __main__ as endure
from bench.endure import (
    access,
    bill,
    callbacks,
    fuzz,
    ground,
    notices,
    restarts,
    restore,
    sale,
    sends,
)
from bench.endure.ground import POSTGRESQL, SQLITE, Broken, Ground
from tests.originals import EMPTY
from tests.postgres import PostgresServer
from tests.simulator.receiver import Received
from tools.keeper import signal_group

ROOT = Path(__file__).parents[2]
PLAYED_SECONDS = 270.0

pytestmark = pytest.mark.timeout(300)


def in_memory(**_: object) -> PostgresServer:
    """Nobody pulls the plug here, and other tests keep the disk busy: no push may wait for it."""
    return PostgresServer(durable=False)


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


@pytest.mark.processes
def test_pushes_at_a_rate_are_acknowledged_and_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {
        "RATE": 50,
        "BURST": 60,
        "BURST_SECONDS": 0.5,
        "LATE_SECONDS": 60.0,
    }.items():
        monkeypatch.setattr(callbacks, name, value)
    monkeypatch.setattr(callbacks, "PostgresServer", in_memory)
    held, told = told_by(capsys, "callbacks")
    assert (held, told["held"], told["database"]) == (0, True, "postgresql")
    counts = told["counts"]
    assert counts["acknowledged"] == 50 + 50 + 60
    assert (counts["lost"], counts["refused"], counts["burst_pushes"]) == (0, 0, 60)


@pytest.mark.processes
def test_notices_at_a_rate_have_one_effect_each(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(notices, "ORDERS", 8)
    monkeypatch.setattr(notices, "BACK", 4)
    monkeypatch.setattr(ground, "PostgresServer", in_memory)
    held, told = told_by(capsys, "notices")
    assert (held, told["held"]) == (0, True)
    counts = told["counts"]
    assert (counts["notices"], counts["delivered"]) == (12, 15)


@pytest.mark.processes
def test_a_year_is_brought_back_row_for_row(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(restore, "ORDERS", 200)
    monkeypatch.setattr(restore, "FILES_MB", 1)
    held, told = told_by(capsys, "restore")
    assert (held, told["held"], told["database"]) == (0, True, "postgresql")
    counts = told["counts"]
    assert counts["orders"] == 200
    assert counts["rows"] > 5 * 200
    assert counts["ready_seconds"] >= counts["restore_seconds"] + counts["checks_seconds"] - 1


def test_a_row_that_is_not_brought_back_is_told(
    monkeypatch: pytest.MonkeyPatch, postgres: PostgresServer, tmp_path: Path
) -> None:
    with (
        postgres.database(restore.SOURCE, template=EMPTY),
        postgres.database(restore.COPY, template=EMPTY),
    ):
        run = Ground(tmp_path, POSTGRESQL, 0, 1)
        monkeypatch.setattr(restore, "HELD", frozenset())
        with pytest.raises(Broken, match="lines held"):
            restore.compare(run, postgres)
        with postgres.connect(restore.COPY) as copy:
            copy.execute(
                "INSERT INTO stop (line, reason, stopped_by, stopped_at) VALUES ('everything', 'x', 'x', now())"
            )
        with pytest.raises(Broken, match="tables with other rows"):
            restore.compare(run, postgres)
        with postgres.connect(restore.COPY) as copy:
            copy.execute("DROP TRIGGER entry_sum ON entry")
        with pytest.raises(Broken, match=r"other than it was: {.trigger entry entry_sum"):
            restore.compare(run, postgres)


def test_a_fifth_of_the_notices_are_repeats(tmp_path: Path) -> None:
    first = [Received("POST", str(number), {}, {}, b"") for number in range(100)]
    going = notices.mixed(first, first[:10], Ground(tmp_path, SQLITE, 0, 1).random)
    assert {each.path for each in going} == {each.path for each in first}
    assert len(going) == 125
    turns = [int(each.path) for each in going]
    assert turns != sorted(turns)


def test_cells_of_access_are_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(access, "tried", lambda _ground, *options: len(options))
    held, told = told_by(capsys, "access")
    assert (held, told["held"]) == (0, True)
    assert told["counts"] == {"cells": 1 + len(access.MATRIX), "rounds": 1}
    assert [path for path in access.MATRIX if not (ROOT / path).is_file()] == []


SAID = {
    "bench.reconcile": "SQLite     found 200 of 200, false 0,  14.5 s, 9.1 of them\n"
    "PostgreSQL found 200 of 200, false 0,  22.2 s, 9.9 of them\n",
    "bench.campaign_kills": "5,000 people, 49 of 50 kills hit a sender at work, 18 of 18 deaths at crash "
    "points (6 of 6), 32 s\n1,120 were unknown until what WeChat said was given to who it can only be of\n"
    "received 4,990, twice 0, nothing 10, of them listed as unknown 10; unknown 100; "
    "{'sent': 4900, 'unknown': 100}, messages {'delivered': 4900, 'unknown': 100}\nholds\n",
}


@pytest.mark.parametrize(
    ("what", "counts"),
    [
        ("bill", {"found": 400, "planted": 400, "sqlite_seconds": 15, "postgresql_seconds": 23}),
        (
            "sends",
            {
                "kills": 49,
                "died": 18,
                "unsettled": 1_120,
                "nothing": 10,
                "listed": 10,
                "unknown": 100,
            },
        ),
    ],
)
def test_what_other_benches_say_is_counted(
    what: str,
    counts: dict[str, int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for module in (bill, sends):
        monkeypatch.setattr(module, "said_by", lambda name, *_: SAID[name])
    held, told = told_by(capsys, what)
    assert (held, told["held"]) == (0, True)
    assert counts.items() <= told["counts"].items()


def test_a_difference_that_is_not_found_breaks_the_bill(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    missed = SAID["bench.reconcile"].replace("found 200", "found 199")
    monkeypatch.setattr(bill, "said_by", lambda *_: missed)
    held, told = told_by(capsys, "bill")
    assert (held, told["held"]) == (1, False)
    assert "differences found" in told["broken"]


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
