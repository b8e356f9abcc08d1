"""Each text of the whole list by itself, in every reader of what is typed: a value, or its one refusal.

Forms meet the list many texts at a time (`test_naughty.py`); what takes a text for a number, a day or a phone
takes it whole, and so meets each alone here.
"""

from collections.abc import Callable
from datetime import date

import pytest

from console.pages import as_date, as_moment
from console.typed import Typed
from members.phones import BadPhone, normalised
from tests.naughty import ALL, BIG_LIST, EVERY, NAUGHTY, SLICES, Slice
from wx_backend.errors import BadInput
from wx_backend.money import fen_from_yuan
from wx_backend.strict import Malformed, dumps, loads, whole_number
from wx_backend.words import printable, printable_lines

READERS: dict[str, tuple[Callable[[str], object], type[Exception]]] = {
    "yuan": (fen_from_yuan, ValueError),
    "whole": (lambda text: whole_number(text, low=0, high=2**62), Malformed),
    "date": (lambda text: as_date(text, "on"), BadInput),
    "moment": (lambda text: as_moment(text, "at"), BadInput),
    "phone": (normalised, BadPhone),
    "json": (loads, Malformed),
}


def test_the_whole_list_is_here() -> None:
    assert len(BIG_LIST) == 515
    assert {"undefined", "Ω≈ç√∫˜µ≤≥÷", "1;DROP TABLE users"} < set(BIG_LIST)


@pytest.mark.parametrize("form", ["", "console.tags.edit name", "/search?q="])
def test_every_form_meets_some_in_each_run_and_all_of_them_over_the_slices(form: str) -> None:
    runs = [Slice(number).of(form) for number in range(SLICES)]
    assert all(runs)
    assert (
        sorted(text for run in runs for text in run) == sorted(ALL) == sorted(Slice(None).of(form))
    )
    assert {*Slice.of_day(date(2026, 12, 1)).of(form)} != {
        *Slice.of_day(date(2026, 12, 2)).of(form)
    }


def test_what_a_field_meets_by_itself_is_all_over_the_slices() -> None:
    runs = [Slice(number).share(EVERY, "names") for number in range(SLICES)]
    assert all(runs)
    assert sorted(text for run in runs for text in run) == sorted(EVERY)
    assert Slice(None).share(EVERY, "names") == EVERY


def test_of_few_texts_one_is_met_in_each_run_and_each_in_some() -> None:
    runs = [Slice(number).share(NAUGHTY[:5], "few") for number in range(SLICES)]
    assert {len(run) for run in runs} == {1}
    assert {text for run in runs for text in run} == {*NAUGHTY[:5]}
    assert Slice(7).share([], "none") == []


def test_all_texts_hold_the_whole_list() -> None:
    together = " ".join(ALL)
    assert all(text in together for text in (*NAUGHTY, *BIG_LIST))


@pytest.mark.parametrize("name", READERS)
def test_a_reader_has_one_refusal(name: str) -> None:
    read, refusal = READERS[name]
    refused = 0
    for text in EVERY:
        try:
            read(text)
        except refusal:
            refused += 1
    assert refused > len(EVERY) // 2


def test_a_field_of_a_form_keeps_it_or_says_why() -> None:
    for text in EVERY:
        typed = Typed({"it": text})
        assert typed.line("it", 500) == printable(text).strip() or typed.faults, text
        assert typed.text("it", 500) == printable_lines(text).strip() or typed.faults, text
        typed.maybe_whole("it", low=0, high=9)
        assert printable(printable(text)) == printable(text)


def test_json_gives_back_what_it_was_given() -> None:
    for text in EVERY:
        assert loads(dumps({"it": text})) == {"it": text}, text
