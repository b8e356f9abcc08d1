"""Pushes are elements and text; everything else XML can do is refused."""

from time import thread_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.limits import spends
from wechat.xml import MAX_DEPTH, _flat, _parsed, cdata, parse
from wx_backend.strict import Malformed

BOMB = b"".join(
    [b"<!DOCTYPE xml [<!ENTITY a 'lol'>"]
    + [
        f"<!ENTITY {name} '{f'&{before};' * 10}'>".encode()
        for before, name in zip("abcd", "bcde", strict=True)
    ]
    + [b"]><xml><Content>&e;</Content></xml>"]
)

REFUSED: dict[str, bytes] = {
    "external entity": b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><xml><A>&e;</A></xml>',
    "internal entity": b'<!DOCTYPE x [<!ENTITY e "boo">]><xml><A>&e;</A></xml>',
    "parameter entity": b'<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1/"> %p;]><xml><A>1</A></xml>',
    "bare DTD": b"<!DOCTYPE xml><xml><A>1</A></xml>",
    "DTD elsewhere": b'<!DOCTYPE xml SYSTEM "http://127.0.0.1/x.dtd"><xml><A>1</A></xml>',
    "entity bomb": BOMB,
    "unknown entity": b"<xml><A>&nbsp;</A></xml>",
    "processing instruction": b"<xml><?php die() ?><A>1</A></xml>",
    "sender twice": b"<xml><FromUserName>a</FromUserName><FromUserName>b</FromUserName></xml>",
    "empty tags twice": b"<xml><A/><A/></xml>",
    "tag twice inside": b"<xml><Info><A>1</A><A>2</A></Info></xml>",
    "two roots": b"<xml><A>1</A></xml><xml><A>2</A></xml>",
    "text beside elements": b"<xml>hello<A>1</A></xml>",
    "text after elements": b"<xml><A>1</A>hello</xml>",
    "only text": b"<xml>hello</xml>",
    "another root": b"<html><A>1</A></html>",
    "too deep": b"<xml>" + b"<a>" * 6 + b"</a>" * 6 + b"</xml>",
    "very deep": b"<xml>" + b"<a>" * 9_000,
    "not closed": b"<xml><A>1</A>",
    "not UTF-8": b"<xml><A>\xff</A></xml>",
    "NUL": b"<xml><A>a\0b</A></xml>",
    "control character": b"<xml><A>&#1;</A></xml>",
    "empty": b"",
    "JSON": b'{"A": 1}',
    "too long": b"<xml><A>" + b"x" * 65_536 + b"</A></xml>",
}


@pytest.mark.parametrize("raw", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_more_than_elements_and_text_is_refused(raw: bytes) -> None:
    with pytest.raises(Malformed):
        parse(raw)


def test_refusing_a_bomb_costs_next_to_nothing() -> None:
    with spends(0.05, clock=thread_time), pytest.raises(Malformed):
        parse(BOMB * 8)


def test_a_declared_encoding_does_not_change_how_bytes_are_read() -> None:
    raw = '<?xml version="1.0" encoding="ISO-8859-1"?><xml><A>中</A></xml>'.encode()
    assert parse(raw) == {"A": "中"}


def test_text_is_kept_as_written() -> None:
    raw = b"<xml>\n <A> padded </A>\n <B><![CDATA[a]]>&lt;<![CDATA[b]]></B> <C/> <D>\n</D></xml>"
    assert parse(raw) == {"A": " padded ", "B": "a<b", "C": "", "D": "\n"}


def test_repeated_items_are_a_list_and_a_single_one_is_a_value() -> None:
    one = parse(b"<xml><P><Count>1</Count><L><item><M>a</M></item></L></P></xml>")
    two = parse(b"<xml><L><item><M>a</M></item><item><M>b</M></item><item/></L></xml>")
    assert one == {"P": {"Count": "1", "L": {"item": {"M": "a"}}}}
    assert two == {"L": {"item": [{"M": "a"}, {"M": "b"}, ""]}}
    assert parse(b"<xml><E><List/><List/></E></xml>") == {"E": {"List": ["", ""]}}


def test_the_deepest_documented_event_fits() -> None:
    inner = MAX_DEPTH - 1
    assert parse(b"<xml>" + b"<a>" * inner + b"</a>" * inner + b"</xml>")


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cn"))))
def test_cdata_cannot_be_left_early(text: str) -> None:
    hostile = f"{text}]]></A><A>{text}]]>"
    assert parse(f"<xml><A>{cdata(hostile)}</A></xml>".encode()) == {"A": hostile}


@settings(deadline=None)
@given(st.binary(max_size=120))
def test_no_input_raises_anything_but_malformed(raw: bytes) -> None:
    for body in (raw, b"<xml>" + raw + b"</xml>"):
        try:
            parse(body)
        except Malformed:
            continue


ALMOST_FLAT: dict[str, bytes] = {
    "a root in two parts": b"<xm<A>1</A>l></xml>",
    "a root with text only": b"<xml>1</xml>",
    "an element within": b"<xml><A><B>1</B></A></xml>",
    "text between": b"<xml><A>1</A>x<B>2</B></xml>",
    "text before": b"x<xml><A>1</A></xml>",
    "CDATA left open": b"<xml><A><![CDATA[1</A></xml>",
    "CDATA closed only": b"<xml><A>1]]></A></xml>",
    "an entity": b"<xml><A>&lt;</A></xml>",
    "an unknown entity": b"<xml><A>&nbsp;</A></xml>",
    "a comment": b"<xml><A>1<!-- --></A></xml>",
    "another end": b"<xml><A>1</B></xml>",
    "an attribute": b"<xml><A b='c'>1</A></xml>",
    "a tag twice": b"<xml><A>1</A><A>2</A></xml>",
    "two items": b"<xml><item>1</item><item>2</item></xml>",
    "CR LF": b"<xml><A>1\r\n2</A></xml>",
    "a bell": b"<xml><A>\x07</A></xml>",
    "no character": "<xml><A>\uffff</A></xml>".encode(),
    "half a character": b"<xml><A>\xe4\xb8</A></xml>",
    "a surrogate": b"<xml><A>\xed\xa0\x80</A></xml>",
    "a vertical tab between": b"<xml><A>1</A>\x0b<B>2</B></xml>",
    "a wide space between": "<xml><A>1</A>\u3000<B>2</B></xml>".encode(),
    "a mark of the byte order": b"\xef\xbb\xbf<xml><A>1</A></xml>",
}


@pytest.mark.parametrize("raw", ALMOST_FLAT.values(), ids=ALMOST_FLAT.keys())
def test_what_is_almost_a_flat_run_of_elements_is_left_to_the_parser(raw: bytes) -> None:
    assert _flat(raw) is None


PIECES = [
    *("<A>", "</A>", "<b_1>", "</b_1>", "<A/>", "<xml>", "</xml>", "<![CDATA[", "]]>"),
    *("<A><![CDATA[1]]></A>", "<b_1>2</b_1>", "<item>3</item>", "中😀", "&amp;"),
    *"]>& \t\n\r\x0c\x7f\x85\u2028\ufffd\ufffe",
]


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=8))
def test_the_pattern_reads_what_the_parser_reads_or_nothing(pieces: list[str]) -> None:
    raw = f"<xml>{''.join(pieces)}</xml>".encode()
    found = _flat(raw)
    assert found is None or found == _parsed(raw)


def test_the_usual_push_needs_no_parser() -> None:
    raw = "<xml><A><![CDATA[中 文]]></A>\n<B>1</B><C></C><D><![CDATA[]]></D> </xml>".encode()
    assert _flat(raw) == _parsed(raw) == {"A": "中 文", "B": "1", "C": "", "D": ""}


@pytest.mark.parametrize("hostile", [b"<a>" * 20_000, b"<![CDATA[" * 7_000, b"<a>]" * 16_000])
def test_a_hostile_text_costs_one_pass(hostile: bytes) -> None:
    with spends(0.1, clock=thread_time):
        assert _flat(b"<xml>" + hostile) is None
