"""The short way of reading a usual payment notice accepts nothing the spelled-out way would not."""

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.wechat.pay.platform import PAYMENT, REFUND, TRANSFER, merchant, sealed
from wechat.pay import wire
from wechat.pay.notices import PaymentNotice, spelled_out, usual
from wx_backend.strict import MAX_BYTES, Malformed

TYPE = "TRANSACTION.SUCCESS"
Members = list[tuple[bytes, bytes]]

HOSTILE = [
    *(b"NaN", b"Infinity", b"-Infinity", b"1e400", b"-1e400", b"1.0", b"1e2", b"-0", b"0", b"-1"),
    *(b"01", b"+1", "１".encode(), '"１２"'.encode(), b"true", b"false", b"null", b"tru", b""),
    *(b'""', b'"x"', b"x", b"'x'", b"[]", b"[1]", b'["a"]', b"{}", b'{"a":1}', b'{"a":1,"a":1}'),
    *(b'"\\u0000"', b'"\\ud800"', b'"\\u0061"', b'"\\/"', b'"\\"', b'"\0"', b'"\x01"', b'"\x7f"'),
    *(b'"\xff"', b'"\xed\xa0\x80"', b'"\xc0\x80"', "\ufeff".encode(), '"支付"'.encode(), b'"\n"'),
    *(b"9223372036854775807", b"9223372036854775808", b"1" * 30, b"-9223372036854775809"),
    *(b"[" * 20 + b"]" * 20, b'{"a":' * 20 + b"1" + b"}" * 20, b'"' + b"[{" * 20 + b'"'),
    *(b'"2026-11-21T19:59:58"', b'"2026-11-21T19:59:58z"', b'"2026-11-21t19:59:58Z"'),
    *(b'"2026-11-21 19:59:58+0800"', b'"2026-11-21T19:59:58.1234567+08:00"', b'"20261121"'),
    *(b'"2026-11-21T24:00:00Z"', b'"2026-11-21T23:59:60Z"', b'"2026-02-30T00:00:00Z"'),
    *(b'"9999-12-31T23:59:59-08:00"', b'"0001-01-01T00:00:00+08:00"', b'"2026-W47-6T00:00Z"'),
    *(b'"SUCCESS"', b'"TRANSACTION.SUCCESS"', b'"REFUND"', b'"encrypt-resource"', b'"CNY"'),
]
NAMES = [
    *(b"mchid", b"attach", b"total", b"id", b"resource", b"openid", b"promotion_detail", b"extra"),
    *(b"", b"M", b"mchid\0", b"\xff", b"\\u006dchid", b"create_time", b"nonce", b"success_time"),
]
BLANKS = [b"", b" ", b"\n", b"\t", b"\r\n  ", b"\x0b", b"\x0c", b"\0", "\u3000".encode(), b","]


def outcome(read: Any, raw: bytes) -> tuple[str, str]:
    """Everything there is to tell apart: types and values of each field, or what was refused."""
    try:
        told = read(merchant(), raw)
    except Malformed as refusal:
        return type(refusal).__name__, str(refusal)
    return repr(told), "" if told is None else told.plain


def both_agree(raw: bytes) -> None:
    """The short way leaves a body alone, or does with it what the spelled-out way does."""
    short = outcome(usual, raw)
    assert short in (outcome(spelled_out, raw), ("None", ""))


def members(of: dict[str, Any]) -> Members:
    return [(name.encode(), written(value)) for name, value in of.items()]


def written(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


@st.composite
def mutated(draw: st.DrawFn, good: dict[str, Any]) -> bytes:
    """An object with members doubled, dropped, renamed, spoilt or moved, and stray bytes."""
    inner = {name: value for name, value in good.items() if isinstance(value, dict)}
    spoilt = draw(st.sampled_from([None, None, *inner]))
    parts = members(good)
    if spoilt:
        at = [name for name, _ in parts].index(spoilt.encode())
        parts[at] = (parts[at][0], draw(mutated(inner[spoilt])))
    for change in draw(st.lists(st.sampled_from(CHANGES), max_size=2)):
        change(draw, parts)
    blank = draw(st.sampled_from([b"", b"", b"", *BLANKS]))
    text = b"{" + b",".join(b'"%b":%b%b' % (name, blank, value) for name, value in parts) + b"}"
    return stray(draw, text) if draw(st.integers(0, 3)) == 0 else text


def double(draw: st.DrawFn, parts: Members) -> None:
    if parts:
        name, value = draw(st.sampled_from(parts))
        again = draw(st.sampled_from([value, *HOSTILE]))
        parts.insert(draw(st.integers(0, len(parts))), (name, again))


def drop(draw: st.DrawFn, parts: Members) -> None:
    if parts:
        del parts[draw(st.integers(0, len(parts) - 1))]


def spoil(draw: st.DrawFn, parts: Members) -> None:
    if parts:
        at = draw(st.integers(0, len(parts) - 1))
        parts[at] = (parts[at][0], draw(st.sampled_from(HOSTILE)))


def add(draw: st.DrawFn, parts: Members) -> None:
    extra = draw(st.sampled_from(NAMES)), draw(st.sampled_from(HOSTILE))
    parts.insert(draw(st.integers(0, len(parts))), extra)


def reword(draw: st.DrawFn, parts: Members) -> None:
    if parts:
        at = draw(st.integers(0, len(parts) - 1))
        parts[at] = (parts[at][0], written(draw(st.text(max_size=8))))


def mix(draw: st.DrawFn, parts: Members) -> None:
    parts[:] = draw(st.permutations(parts))


CHANGES = [double, drop, spoil, add, reword, mix]


def stray(draw: st.DrawFn, text: bytes) -> bytes:
    at, length = draw(st.integers(0, len(text))), draw(st.integers(0, 2))
    put = draw(st.sampled_from([*HOSTILE, *BLANKS]) | st.binary(max_size=3))
    return text[:at] + put + text[at + length :]


ENVELOPE: dict[str, Any] = json.loads(sealed(PAYMENT, TYPE))


@settings(max_examples=300, deadline=None)
@given(mutated({**PAYMENT, "promotion_detail": []}))
def test_both_ways_read_the_same_from_any_content(content: bytes) -> None:
    both_agree(sealed(content, TYPE))


@settings(max_examples=300, deadline=None)
@given(mutated(ENVELOPE))
def test_both_ways_read_the_same_from_any_envelope(raw: bytes) -> None:
    both_agree(raw)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
@example(b"")
@example(b"null")
def test_both_ways_read_the_same_from_rubbish(rubbish: bytes) -> None:
    both_agree(rubbish)
    both_agree(sealed(rubbish, TYPE))


@pytest.mark.parametrize("hostile", HOSTILE)
def test_each_member_may_be_spoilt_in_each_way(hostile: bytes) -> None:
    for content in [*each_spoilt(PAYMENT, hostile), *nested_spoilt(hostile)]:
        both_agree(sealed(content, TYPE))


def each_spoilt(good: dict[str, Any], hostile: bytes) -> list[bytes]:
    return [written({**good, name: "spoilt"}).replace(b'"spoilt"', hostile) for name in good]


def nested_spoilt(hostile: bytes) -> list[bytes]:
    return [
        written({**PAYMENT, group: "nested"}).replace(b'"nested"', text)
        for group in ("payer", "amount")
        for text in each_spoilt(PAYMENT[group], hostile)
    ]


CIPHERTEXT: str = ENVELOPE["resource"]["ciphertext"]


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, len(CIPHERTEXT)),
    st.sampled_from(["", "=", "==", "A", "A=", "-", "_", " ", "/", "+", "é", "\x7f"]),
    st.integers(0, 4),
)
@example(len(CIPHERTEXT), "=", 0)
@example(len(CIPHERTEXT), "", 1)
def test_both_ways_read_the_same_from_any_base64(at: int, put: str, length: int) -> None:
    spoilt = CIPHERTEXT[:at] + put + CIPHERTEXT[at + length :]
    both_agree(written({**ENVELOPE, "resource": {**ENVELOPE["resource"], "ciphertext": spoilt}}))


USUAL: dict[str, bytes] = {
    "as documented": written(PAYMENT),
    "spaced": json.dumps(PAYMENT, ensure_ascii=False, indent=2).encode(),
    "in another order": written(dict(reversed(PAYMENT.items()))),
    "without attach": written({k: v for k, v in PAYMENT.items() if k != "attach"}),
    "with an attach": written({**PAYMENT, "attach": "袋子{1}"}),
    "with no coupons": written({**PAYMENT, "promotion_detail": []}),
    "the largest amount": written({**PAYMENT, "amount": {**PAYMENT["amount"], "total": 2**63 - 1}}),
}


@pytest.mark.parametrize("content", USUAL.values(), ids=USUAL.keys())
def test_the_usual_notice_takes_the_short_way(content: bytes) -> None:
    raw = sealed(content, TYPE)
    told = usual(merchant(), raw)
    assert told == spelled_out(merchant(), raw)
    assert outcome(usual, raw) == outcome(spelled_out, raw)
    assert isinstance(told, PaymentNotice)
    assert told.plain == content.decode()
    assert "plain" not in repr(told)


LEFT: dict[str, bytes] = {
    "a name twice": sealed(written(PAYMENT)[:-1] + b',"mchid":"1900000109"}', TYPE),
    "an optional name twice": sealed(written(PAYMENT)[:-1] + b',"attach":""}', TYPE),
    "a number twice": sealed(written(PAYMENT).replace(b'"total":', b'"total":1,"total":'), TYPE),
    "an envelope's name twice": written(ENVELOPE)[:-1] + b',"id":"EV-2"}',
    "an escape": sealed(written({**PAYMENT, "attach": "\n"}), TYPE),
    "a new member": sealed({**PAYMENT, "scene_info": {"device_id": "1"}}, TYPE),
    "a coupon": sealed({**PAYMENT, "promotion_detail": [{"amount": 1}]}, TYPE),
    "too long": sealed({**PAYMENT, "attach": "x" * MAX_BYTES}, TYPE),
    "a refund": sealed(REFUND, "REFUND.SUCCESS"),
    "a transfer": sealed(TRANSFER, "MCHTRANSFER.BILL.FINISHED"),
}


@pytest.mark.parametrize("raw", LEFT.values(), ids=LEFT.keys())
def test_anything_else_is_left_to_the_spelled_out_way(raw: bytes) -> None:
    assert usual(merchant(), raw) is None


def test_a_text_that_is_just_short_enough_is_read() -> None:
    room = MAX_BYTES - len(written(PAYMENT))
    content = written({**PAYMENT, "attach": "x" * room})
    assert wire.content(content) is not None
    assert wire.content(content + b" ") is None
