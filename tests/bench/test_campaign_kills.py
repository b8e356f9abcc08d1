"""A campaign through kills holds only if enough of them hit somebody at work."""

from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest

from bench.campaign_kills import Asked, is_enough_of
from bench.senders import POINTS


@pytest.mark.parametrize(
    ("hits", "points", "goes_on", "is_enough"),
    [
        (10, POINTS, False, True),
        (9, POINTS, False, True),
        (8, POINTS, False, False),
        (0, POINTS, False, False),
        (10, POINTS[1:], False, False),
        (10, POINTS, True, False),
    ],
)
def test_too_few_deaths_are_told_and_do_not_hold(
    *,
    hits: int,
    points: tuple[str, ...],
    goes_on: bool,
    is_enough: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:
    killed: Any = SimpleNamespace(hits=hits, planned=Counter(POINTS), passed=Counter(points))
    asked = Asked(recipients=5_000, kills=10, seed=1)
    assert is_enough_of(killed, asked, goes_on=goes_on, took=32.0) is is_enough
    said = capsys.readouterr().out
    assert f"{hits} of 10 kills hit a sender at work" in said
    assert f"{len(points)} of 6 deaths at crash points" in said
    assert ("not over in time" in said) is goes_on


def test_every_crash_point_of_sending_is_died_at() -> None:
    assert {each for each in POINTS if each.startswith("campaign.")} == {
        "campaign.before_send",
        "campaign.after_send",
        "campaign.before_mark",
    }
