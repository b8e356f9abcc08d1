"""The story as `make story` plays it, with a short trouble: real processes, every fact compared."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from demo.chaos.trouble import VICTIMS, kills, schedule
from demo.story.proving import altered

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.processes
@pytest.mark.timeout(600)
def test_the_story_holds_and_trouble_loses_nothing() -> None:
    played = subprocess.run(
        [sys.executable, "-m", "demo.story", "--chaos", "15", "--seed", "7"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert played.returncode == 0, played.stdout + played.stderr
    told = json.loads(played.stdout.splitlines()[-1])
    assert told["story"]["held_fen"] == told["story"]["kept_fen"] + 199_900 * 5 // 100
    assert told["chaos"]["kills"] >= 2
    assert told["chaos"]["paid"] >= 1


def test_the_same_seed_is_the_same_trouble() -> None:
    assert schedule(3, 60) == schedule(3, 60)
    assert schedule(3, 60) != schedule(4, 60)


def test_a_minute_of_trouble_kills_everybody_more_than_once() -> None:
    counted = kills(schedule(1, 60))
    assert set(counted) == set(VICTIMS)
    assert min(counted.values()) > 1


def test_a_forged_link_differs_in_its_seal_alone() -> None:
    link = "http://mall/s/SAAAAAAABxl9apxBQ4qKrm0A"
    assert sum(a != b for a, b in zip(link, altered(link), strict=True)) == 1
    assert altered(link).startswith(link[:22])
