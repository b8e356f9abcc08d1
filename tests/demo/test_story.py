"""The story as `make story` plays it, without the trouble: real processes, every fact compared."""

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from demo.story.calendar import first_morning
from demo.story.income import filled_in
from demo.story.proving import altered

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.processes
@pytest.mark.timeout(600)
def test_the_story_holds() -> None:
    played = subprocess.run(
        [sys.executable, "-m", "demo.story", "--chaos", "0"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert played.returncode == 0, played.stdout + played.stderr
    told = json.loads(played.stdout.splitlines()[-1])
    story = told["story"]
    assert story["held_fen"] == story["kept_fen"] + 199_900 * 5 // 100
    assert story["differences"] == 7
    assert (story["transferred_fen"], story["paid_by_file_fen"]) == (story["kept_fen"], 9_995)
    assert "clearing" in told["seconds"]


@pytest.mark.parametrize(
    ("now", "begins"),
    [
        ("2026-11-17T15:59:59+00:00", "2026-11-18"),
        ("2026-11-17T16:00:00+00:00", "2026-12-18"),
        ("2026-12-31T12:00:00+00:00", "2027-01-18"),
    ],
)
def test_the_story_begins_at_the_same_hour_of_the_same_day_of_a_month(
    now: str, begins: str
) -> None:
    morning = first_morning(datetime.fromisoformat(now))
    assert morning.isoformat() == f"{begins}T10:00:00+08:00"


def test_a_pay_file_comes_back_as_it_was_but_for_its_outcomes() -> None:
    taken = "\ufeff批次号,PB1\r\n\r\n发放单号,实发（元）,结果\r\nPO1,99.95,\r\n"
    assert filled_in(taken) == "批次号,PB1\r\n\r\n发放单号,实发（元）,结果\r\nPO1,99.95,成功\r\n"


def test_a_forged_link_differs_in_its_seal_alone() -> None:
    link = "http://mall/s/SAAAAAAABxl9apxBQ4qKrm0A"
    assert sum(a != b for a, b in zip(link, altered(link), strict=True)) == 1
    assert altered(link).startswith(link[:22])
