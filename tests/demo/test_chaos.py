"""A minute of trouble on real processes, on the database of the run; what is scheduled, and for whom."""

import json
import subprocess
import sys
from collections import Counter
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from pkgutil import resolve_name
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bench.endure import trouble
from demo.chaos import ground
from demo.chaos.crowd import Crowd
from demo.chaos.faults import FAULTS
from demo.chaos.run import LETTERS, _expect_enough
from demo.chaos.schedule import VICTIMS, Means, deck, kills, schedule
from demo.places import Places
from demo.story.__main__ import _asked as asked_for
from demo.story.__main__ import _command as told_command
from demo.story.checks import CHECKS, ELSEWHERE, INVARIANTS
from demo.story.frame import Contradiction

ROOT = Path(__file__).resolve().parents[2]
EVERYTHING = Means(has_postgres=True, has_file=False, has_small_disk=True)
FILE = Means(has_postgres=False, has_file=True, has_small_disk=True)
SECONDS = 60


@pytest.mark.processes
@pytest.mark.timeout(900)
def test_a_minute_of_trouble_loses_nothing(database_kind: str) -> None:
    played = subprocess.run(
        [
            sys.executable,
            "-m",
            "demo.chaos",
            "--seconds",
            str(SECONDS),
            "--database",
            database_kind,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert played.returncode == 0, played.stdout + played.stderr
    told = json.loads(played.stdout.splitlines()[-1])["chaos"]
    assert told["kills"] >= SECONDS // 8
    assert told["paid"] >= SECONDS // 12
    assert told["letters"] >= LETTERS
    assert told["sender_deaths"]
    assert {*trouble.ADDED} <= told.keys()  # what endurance runs add up
    assert len(told["compared"]) == len(CHECKS) + 8


def test_the_same_seed_is_the_same_trouble() -> None:
    assert schedule(3, 60, EVERYTHING) == schedule(3, 60, EVERYTHING)
    assert schedule(3, 60, EVERYTHING) != schedule(4, 60, EVERYTHING)


def test_a_minute_of_trouble_kills_everybody_more_than_once() -> None:
    counted = Counter(kills(schedule(1, 60, FILE)))
    assert min(counted[name] for name in VICTIMS) > 1


@pytest.mark.parametrize("means", [EVERYTHING, FILE, replace(FILE, has_small_disk=False)])
def test_ten_minutes_have_every_fault_there_is_and_end_each(means: Means) -> None:
    events = schedule(1, 600, means)
    happened = Counter(str(event) for event in events)
    for spell in deck(means):
        for _, what, name in spell.steps:
            assert happened[f"{what} {name}"], f"{what} {name}"
    assert all(event.at < 600 for event in events)


def test_everything_that_is_scheduled_can_be_done() -> None:
    scheduled = {
        what for means in (EVERYTHING, FILE) for s in deck(means) for _, what, _ in s.steps
    }
    assert scheduled <= FAULTS.keys()


def test_a_fault_that_cannot_happen_here_is_not_scheduled() -> None:
    somebodys = Means(has_postgres=False, has_file=False, has_small_disk=False)
    names = {event.name for event in schedule(1, 600, somebodys)}
    assert not names & {"database", "postgres", "disk"}


def test_a_disk_that_cannot_be_mounted_is_left_out_loudly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(_folder: Path) -> None:
        raise OSError("not permitted")

    monkeypatch.setattr(ground, "SmallDisk", refused)
    with ground.prepared(Places(tmp_path), ground.SQLITE, can_mount=True) as prepared:
        assert not prepared.means.has_small_disk
    assert f"{ground.NO_DISK} (not permitted)" in capsys.readouterr().out


def test_every_number_of_the_catalogue_has_its_facts_once() -> None:
    assert len(CHECKS) == len(set(CHECKS)) == sum(len(facts) for facts in INVARIANTS.values())
    assert all((fact.__doc__ or "").strip() for fact in CHECKS)
    assert not INVARIANTS.keys() & ELSEWHERE.keys()
    assert INVARIANTS.keys() | ELSEWHERE.keys() == set(range(1, 31))
    assert all(callable(resolve_name(place)) for place in ELSEWHERE.values())


@pytest.mark.parametrize(
    ("seconds", "taken_back", "is_enough"),
    [(60, 0, True), (119, 0, True), (120, 0, False), (120, 1, True), (600, 4, False)],
)
def test_long_trouble_without_refunds_is_too_little(
    seconds: int, taken_back: int, is_enough: bool
) -> None:
    crowd = Crowd(cast(Any, None), (), (), 1)
    crowd.paid |= {str(number) for number in range(seconds)}
    crowd.taken_back |= {str(number) for number in range(taken_back)}
    crowd.scans = 1
    faults = SimpleNamespace(killed=Counter(web=seconds), hits=seconds)
    marketing = cast(Any, SimpleNamespace(faults=faults, at_end=LETTERS, deaths=1))

    with nullcontext() if is_enough else pytest.raises(Contradiction, match="taken back"):
        _expect_enough(crowd, marketing, seconds)


def test_a_failure_says_by_what_the_same_trouble_comes_again() -> None:
    options = ("--seconds", "90", "--seed", "7", "--database", "postgresql")
    assert told_command(asked_for(["--chaos-only", *options])) == (
        "make chaos SEED=7 SECONDS=90 DATABASE=postgresql"
    )
    recipe = (ROOT / "Makefile").read_text("utf-8").partition("\nchaos: ")[2].splitlines()[1]
    for option in ("--seconds $(SECONDS)", "--seed $(SEED)", '--database "$(DATABASE)"'):
        assert option in recipe
