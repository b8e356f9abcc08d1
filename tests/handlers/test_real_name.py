"""The real-name service's word: only what it signed, and signed now, counts."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from billing.real_name import SIGNATURE_HEADER, TIME_HEADER, RealNameService, signature
from wx_backend import clock, strict
from wx_backend.config import Config
from wx_backend.db import db

WORD = {
    "reference": "RN2611220000000000000",
    "decision_id": "RD1",
    "decision": "passed",
    "decided_at": "2026-11-22T10:00:00+08:00",
}


@pytest.fixture(autouse=True)
def _the_clock_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a whole second: a word is of another time by the second, not by chance."""
    at = clock.from_unix(int(clock.now().timestamp()))
    monkeypatch.setattr(clock, "now", lambda: at)


@pytest.fixture
def key(config: Config) -> Iterator[str]:
    assert config.real_name is not None
    yield config.real_name.shared_key
    db.session.rollback()


def told(client: FlaskClient, raw: bytes, signed: str, said_at: str = "") -> TestResponse:
    headers = {SIGNATURE_HEADER: signed, TIME_HEADER: said_at or now()}
    return client.post("/real-name/decision", data=raw, headers=headers)


def now(age: int = 0) -> str:
    return str(int(clock.now().timestamp()) - age)


def sign(key: str, raw: bytes, said_at: str) -> str:
    return signature(key, said_at.encode() + b"\n" + raw)


@pytest.mark.parametrize("signed", ["", "0" * 64, "é"])
def test_a_forged_word_is_refused(client: FlaskClient, signed: str) -> None:
    assert told(client, strict.dumps(WORD), signed).status_code == 401


@pytest.mark.parametrize("age", [301, -301])
def test_a_word_of_another_time_is_refused(client: FlaskClient, key: str, age: int) -> None:
    raw, said_at = strict.dumps(WORD), now(age)
    assert told(client, raw, sign(key, raw, said_at), said_at).status_code == 401


@pytest.mark.parametrize("said_at", ["", "soon", "-1", "９"])
def test_a_word_without_a_time_is_refused(client: FlaskClient, key: str, said_at: str) -> None:
    raw = strict.dumps(WORD)
    headers = {SIGNATURE_HEADER: sign(key, raw, said_at), TIME_HEADER: said_at}
    if not said_at.isascii():
        headers[SIGNATURE_HEADER] = "0" * 64
    answer = client.post("/real-name/decision", data=raw, headers=headers)
    assert answer.status_code == 401


def test_the_signature_covers_time_and_bytes(client: FlaskClient, key: str) -> None:
    raw, said_at = strict.dumps(WORD), now()
    signed = sign(key, raw, said_at)
    assert told(client, raw + b" ", signed, said_at).status_code == 401
    assert told(client, raw, signed, now(1)).status_code == 401


@pytest.mark.parametrize(
    "change",
    [
        {"decision": "maybe"},
        {"decision": None},
        {"decision_id": ""},
        {"decision_id": "x" * 49},
        {"decided_at": "gestern"},
        {"reason": "x" * 201},
        {"reference": 7},
    ],
)
def test_signed_nonsense_is_refused(client: FlaskClient, key: str, change: dict[str, Any]) -> None:
    raw, said_at = strict.dumps({**WORD, **change}), now()
    assert told(client, raw, sign(key, raw, said_at), said_at).status_code == 400


def test_a_reference_that_is_none_of_ours_is_refused(client: FlaskClient, key: str) -> None:
    raw, said_at = strict.dumps(WORD), now()
    assert told(client, raw, sign(key, raw, said_at), said_at).status_code == 404


def test_the_link_is_signed_over_what_it_asks() -> None:
    link = RealNameService("https://id.test/realname", "k").link("RN1", back="https://wx.test/o")
    address, _, sign = link.rpartition("&sign=")
    assert address == "https://id.test/realname/check?reference=RN1&back=https%3A%2F%2Fwx.test%2Fo"
    assert sign == signature("k", address.partition("?")[2].encode())
