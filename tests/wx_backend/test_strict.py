"""JSON that could mean two things, or break a parser, is refused with one error."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wx_backend.strict import JSON, Malformed, dumps, fields, loads, whole_number

AMBIGUOUS_OR_HOSTILE: dict[str, bytes] = {
    "duplicate key": b'{"amount": 1, "amount": 9900}',
    "duplicate key deep inside": b'{"a": [{"total": 1, "total": 2}]}',
    "duplicate key by escape": b'{"a": 1, "\\u0061": 2}',
    "NaN": b'{"total": NaN}',
    "Infinity": b"[Infinity]",
    "minus Infinity": b"[-Infinity]",
    "float overflow": b"[1e400]",
    "beyond 64 bits": b"[9223372036854775808]",
    "below 64 bits": b"[-9223372036854775809]",
    "five thousand digits": b"[" + b"9" * 5000 + b"]",
    "endless fraction": b"[0." + b"3" * 5000 + b"]",
    "deep list": b"[" * 30_000,
    "deep and balanced": b"[" * 17 + b"]" * 17,
    "deep object": b'{"a":' * 17 + b"1" + b"}" * 17,
    "too long": b'"' + b"x" * 65_536 + b'"',
    "not UTF-8": b'"\xff"',
    "overlong UTF-8": b'"\xc0\x80"',
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"a":1}',
    "lone surrogate": b'"\\ud800"',
    "lone surrogate as key": b'{"\\udc00": 1}',
    "escaped NUL": b'["ok", "\\u0000"]',
    "raw NUL": b'"\x00"',
    "raw line break in a string": b'"a\nb"',
    "two values": b"1 2",
    "nothing": b"",
    "single quotes": b"{'a': 1}",
    "trailing comma": b"[1,]",
    "full-width digit": "[１]".encode(),
    "underscore": b"[1_0]",
    "leading zero": b"[01]",
    "cut off string of quotes": b'"' + b'\\"' * 32_000,
}


@pytest.mark.parametrize("raw", AMBIGUOUS_OR_HOSTILE.values(), ids=AMBIGUOUS_OR_HOSTILE.keys())
def test_ambiguous_or_hostile_json_is_refused(raw: bytes) -> None:
    with pytest.raises(Malformed):
        loads(raw)


def test_keys_of_another_case_are_other_keys() -> None:
    assert fields(b'{"amount": 1, "Amount": 2, "AMOUNT": 3}') == {
        "amount": 1,
        "Amount": 2,
        "AMOUNT": 3,
    }


@pytest.mark.parametrize(
    "raw",
    [b"[" * 16 + b"]" * 16, b'["' + b"[{" * 500 + b'"]', b'["a\\"[[[[[[[[[[[[[[[[[[[[[["]'],
)
def test_brackets_inside_strings_are_not_depth(raw: bytes) -> None:
    assert loads(raw) == json.loads(raw)


def test_text_with_lone_surrogates_or_over_the_limit_in_utf8_is_refused() -> None:
    with pytest.raises(Malformed):
        loads('"\ud800"')
    with pytest.raises(Malformed):
        loads('"中中中"', max_bytes=10)
    assert loads('"中中"', max_bytes=10) == "中中"


def test_surrogate_pairs_and_escaped_backslashes_are_ordinary_text() -> None:
    assert loads(b'["\\ud83d\\ude00", "\\\\u0000", "\\u4e2d"]') == ["😀", "\\u0000", "中"]


def test_the_limits_of_64_bits_are_kept_exactly() -> None:
    assert loads(b"[9223372036854775807,-9223372036854775808]") == [2**63 - 1, -(2**63)]
    assert loads(b"3487542469355618313") == 3487542469355618313


def test_an_error_does_not_repeat_the_content() -> None:
    with pytest.raises(Malformed) as caught:
        loads(b'{"secret-canary": 1, "secret-canary": 2}')
    assert "canary" not in str(caught.value)


def test_only_an_object_has_fields() -> None:
    assert fields(b'{"a": null}') == {"a": None}
    with pytest.raises(Malformed):
        fields(b"[]")


values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.text(st.characters(codec="utf-8", exclude_characters="\0")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab"), inner, max_size=4),
    max_leaves=8,
)


@settings(deadline=None)
@given(values)
def test_what_is_written_is_read_back(value: JSON) -> None:
    assert loads(dumps(value), max_depth=64) == value


@settings(deadline=None)
@given(st.binary(max_size=200) | st.text().map(lambda text: text.encode("utf-8", "replace")))
def test_no_input_raises_anything_but_malformed(raw: bytes) -> None:
    try:
        loads(raw)
    except Malformed:
        return


def test_canonical_bytes_do_not_depend_on_the_order_of_keys() -> None:
    assert dumps({"b": 1, "a": "中"}) == dumps({"a": "中", "b": 1}) == '{"a":"中","b":1}'.encode()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800", {"\udfff": 1}])
def test_what_could_not_be_read_is_not_written(value: object) -> None:
    with pytest.raises(Malformed):
        dumps(value)


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", " 1", "1 ", "1_0", "１", "²", "1.0", "1e3", "9" * 20]
)
def test_a_whole_number_is_ascii_digits(text: str) -> None:
    with pytest.raises(Malformed):
        whole_number(text, low=0, high=10**30)


def test_a_whole_number_stays_in_its_range() -> None:
    assert whole_number("007", low=1, high=7) == 7
    with pytest.raises(Malformed):
        whole_number("8", low=1, high=7)
    with pytest.raises(Malformed):
        whole_number("0", low=1, high=7)
