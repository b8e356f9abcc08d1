"""Money adds up, public numbers fit where they are used and cannot be guessed."""

import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wx_backend import money, numbers
from wx_backend.money import FEN_MAX, fen_from_yuan, of_rate, split, yuan


@pytest.mark.parametrize("weights", [[1], [7, 3], [1, 1, 1], [70, 30, 0], [0, 5], [1, 2, 3, 4, 5]])
def test_every_amount_is_shared_out_to_the_last_fen(weights: list[int]) -> None:
    total = sum(weights)
    for amount in range(200):
        shares = split(amount, weights)
        assert sum(shares) == amount
        for share, weight in zip(shares, weights, strict=True):
            assert 0 <= share - amount * weight // total <= 1
            assert weight or share == 0


@settings(deadline=None)
@given(st.integers(0, FEN_MAX), st.lists(st.integers(0, 10_000), min_size=1, max_size=50))
def test_any_amount_is_shared_out_to_the_last_fen(amount: int, weights: list[int]) -> None:
    if not any(weights):
        with pytest.raises(ValueError, match="weights"):
            split(amount, weights)
        return
    shares = split(amount, weights)

    assert sum(shares) == amount
    assert all(
        share >= amount * w // sum(weights) for share, w in zip(shares, weights, strict=True)
    )


@pytest.mark.parametrize(("amount", "weights"), [(-1, [1]), (1, []), (1, [0]), (1, [2, -1])])
def test_what_cannot_be_shared_is_refused(amount: int, weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        split(amount, weights)


def test_a_rate_is_cut_to_whole_fen() -> None:
    assert [of_rate(fen, 333) for fen in (0, 30, 31, 10_000)] == [0, 0, 1, 333]


@settings(deadline=None)
@given(st.integers(-FEN_MAX, FEN_MAX))
def test_yuan_are_read_as_they_are_written(fen: int) -> None:
    assert fen_from_yuan(yuan(fen).replace(",", "")) == fen


@pytest.mark.parametrize("text", ["", "1.234", "NaN", "Infinity", "1e99", "一百", "1,000", "--1"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="yuan"):
        fen_from_yuan(text)


def test_a_public_number_also_serves_as_the_merchant_s_order_number() -> None:
    kinds = (numbers.MEMBER, numbers.REP, numbers.ORDER, numbers.PAYMENT, numbers.REFUND)
    for kind in kinds:
        number = numbers.new_number(kind, on=date(2026, 11, 21), prefix="GD01")
        assert re.fullmatch(r"GD01[A-Z]{2}261121[0-9A-HJKMNP-TV-Z]{13}", number)
        assert 6 <= len(number) <= 32


def test_numbers_of_a_day_do_not_repeat_and_use_every_character() -> None:
    made = {numbers.new_number("OD", on=date(2026, 11, 21)) for _ in range(2_000)}

    assert len(made) == 2_000
    assert set("".join(number[8:] for number in made)) == set(numbers.CROCKFORD)
    assert money.FEN_MAX < 2**63
