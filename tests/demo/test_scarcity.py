"""Files, logs and uploads run out in a running service: people are asked to come again, and nothing is lost."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from demo.scarcity import __main__ as scarcity
from demo.scarcity.rooms import LEFT_OUT, MEGABYTES

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.processes
@pytest.mark.timeout(300)
def test_whoever_finds_no_room_comes_again_and_nothing_is_lost() -> None:
    """On SQLite; on PostgreSQL it is played by hand: most of the time is the start of everything."""
    command = (sys.executable, "-m", "demo.scarcity", "--short")
    played = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert played.returncode == 0, played.stdout + played.stderr
    told = json.loads(played.stdout.splitlines()[-1])
    assert told["answers"]["web: files"].keys() >= {"503"}
    is_left_out = LEFT_OUT in played.stdout
    assert is_left_out == (len(told["answers"]) == 1)
    assert is_left_out or told["answers"].keys() >= {f"full {name}" for name in MEGABYTES}
    assert len(told["compared"]) == len(scarcity.FACTS)


def test_each_program_goes_short_of_each_thing() -> None:
    assert {program for program, _ in scarcity.LIMITS} == set(scarcity.PROGRAMS)
    assert set(scarcity.SHORT) <= set(scarcity.LIMITS)
