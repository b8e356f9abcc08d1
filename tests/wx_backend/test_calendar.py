"""Calendar months are counted in Shanghai."""

from datetime import datetime

import pytest

from wx_backend.clock import months_before


@pytest.mark.parametrize(
    ("at", "months", "before"),
    [
        ("2026-03-02T12:00:00+08:00", 0, "2026-03-02T12:00:00+08:00"),
        ("2026-03-02T12:00:00+08:00", 3, "2025-12-02T12:00:00+08:00"),
        ("2026-03-02T12:00:00+08:00", 24, "2024-03-02T12:00:00+08:00"),
        ("2026-03-31T12:00:00+08:00", 1, "2026-02-28T12:00:00+08:00"),
        ("2024-03-31T12:00:00+08:00", 1, "2024-02-29T12:00:00+08:00"),
        ("2026-01-31T20:00:00+00:00", 1, "2026-01-01T04:00:00+08:00"),
    ],
)
def test_so_many_months_earlier_is_the_same_day_or_the_last_of_its_month(
    at: str, months: int, before: str
) -> None:
    assert months_before(datetime.fromisoformat(at), months) == datetime.fromisoformat(before)
