"""Whether a letter of the campaign in the trouble went after its end."""

from typing import Any

import pytest

from demo.chaos.letters import left_after


def came(**at: float) -> list[dict[str, Any]]:
    return [{"openid": openid, "at": when} for openid, when in at.items()]


@pytest.mark.parametrize(
    ("letters", "late"),
    [
        (came(oBob=90.0, oDan=100.5), []),
        (came(oBob=90.0, oDan=101.5), ["oDan"]),
        (came(oBob=500.0, oDan=99.0), ["oBob"]),
        ([], []),
    ],
)
def test_what_comes_after_the_end_in_peace_is_told(
    letters: list[dict[str, Any]], late: list[str]
) -> None:
    assert left_after(letters, ended_at=100.0, peace_at=50.0) == late


def test_of_an_end_inside_the_trouble_the_clock_says_nothing() -> None:
    assert left_after(came(oBob=500.0), ended_at=100.0, peace_at=101.0) == []
