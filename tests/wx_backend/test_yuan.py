"""An amount that a person or a bill wrote means one thing only."""

import pytest

from wx_backend.money import fen_from_yuan


@pytest.mark.parametrize(
    ("text", "fen"), [("12.30", 1_230), ("0", 0), ("-0.01", -1), ("19.99", 1_999), ("1.0000", 100)]
)
def test_plain_decimals_are_read_exactly(text: str, fen: int) -> None:
    assert fen_from_yuan(text) == fen


@pytest.mark.parametrize(
    "text", ["", "1.001", "１２", "1_0", "1e3", "+1", " 1", "1.", ".5", "NaN", "Infinity", "9" * 17]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        fen_from_yuan(text)
