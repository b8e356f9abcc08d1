"""What the platform sent becomes a value like any other of its class, or nothing."""

from dataclasses import FrozenInstanceError, dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wechat.pay.facts import Refund, Transaction
from wechat.reading import many, read, reader, rfc3339, string, text, whole
from wx_backend.strict import Malformed


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    name: Annotated[str, text("Name")]
    count: Annotated[int, whole("Count")] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    sent: Annotated[str, text("Sent")] = "unsent"
    deep: Annotated[str, string("a.b.c")] = ""
    lines: Annotated[tuple[Line, ...], many("Lines.Line", Line)] = ()
    read: int = 7
    paper: str


SENT: dict[str, Any] = {
    "Sent": "yes",
    "a": {"b": {"c": "deep"}},
    "Lines": {"Line": [{"Name": "x", "Count": "2"}, {"Name": 5}]},
}


def test_a_read_value_is_like_one_made_by_hand() -> None:
    found = read(Sheet, SENT, paper="k")
    made = Sheet(
        sent="yes", deep="deep", lines=(Line(name="x", count=2), Line(name="5")), paper="k"
    )
    assert found == made
    assert hash(found) == hash(made)
    assert repr(found) == repr(made)
    with pytest.raises(FrozenInstanceError):
        found.sent = "no"  # type: ignore[misc]  # this is what must not go


@pytest.mark.parametrize("sent", [{}, {"Sent": None, "a": None}, {"Sent": "", "a": {"b": ""}}])
def test_what_is_missing_or_empty_has_its_default(sent: dict[str, Any]) -> None:
    assert read(Sheet, sent, paper="k", read=8) == Sheet(paper="k", read=8)


@pytest.mark.parametrize(
    "sent",
    [
        *({"Sent": []}, {"Sent": True}, {"a": "b"}, {"a": {"b": [1]}}, {"a": {"b": {"c": 5}}}),
        *({"Lines": {"Line": "x"}}, {"Lines": {"Line": {}}}, {"Lines": {"Line": {"Name": None}}}),
    ],
)
def test_what_is_of_another_kind_is_malformed(sent: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        read(Sheet, sent, paper="k")


def test_what_no_place_says_comes_from_the_caller() -> None:
    sent = {"mchid": "1", "out_trade_no": "P1", "trade_state": "NOTPAY"}
    assert reader(Transaction)(sent).paid is None
    with pytest.raises(TypeError):
        read(Sheet, SENT)
    with pytest.raises(TypeError):
        read(Sheet, SENT, paper="k", other=1)


def test_a_field_may_need_text_that_is_empty() -> None:
    assert read(Line, {"Name": ""}) == Line(name="")
    with pytest.raises(Malformed, match="out_refund_no is missing"):
        read(Refund, {"out_trade_no": "P1", "transaction_id": "4"})


def test_a_class_that_checks_itself_is_not_read_past_its_check() -> None:
    @dataclass(frozen=True)
    class Checked:
        name: Annotated[str, text("Name")]

        def __post_init__(self) -> None:
            raise ValueError(self.name)

    with pytest.raises(TypeError, match="__post_init__"):
        read(Checked, {"Name": "x"})


@dataclass(frozen=True, slots=True)
class Happened:
    at: Annotated[datetime, rfc3339("at")]


OFFSETS = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.integers(-62_000_000_000, 253_000_000_000), st.integers(0, 999_999), OFFSETS)
def test_a_moment_is_the_same_instant_in_utc(second: int, micro: int, offset: timezone) -> None:
    moment = datetime.fromtimestamp(second, offset).replace(microsecond=micro)
    at = read(Happened, {"at": moment.isoformat()}).at
    assert at == moment
    assert at.tzinfo is UTC


@pytest.mark.parametrize(
    "written",
    ["2026-11-21T20:00:00", "0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00", "x", ""],
)
def test_what_names_no_instant_is_malformed(written: str) -> None:
    with pytest.raises(Malformed):
        read(Happened, {"at": written})
