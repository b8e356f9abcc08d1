"""Log lines are one JSON object each and name no secret, whatever is logged."""

import json
import logging
from typing import Any

import pytest

from tests.wechat.pay.platform import private_pem
from wx_backend.log import JsonLines, context

CANARY = "canary5ecret5ecret5ecret5ecret"
OPENID = "oBob-00000000000000000000000"
PHONE = "13800000002"


def line(message: str, *arguments: object, **extra: Any) -> str:
    record = logging.LogRecord("wx", logging.INFO, __file__, 1, message, arguments, None)
    vars(record).update(extra)
    return JsonLines().format(record)


@pytest.mark.parametrize(
    "text",
    [
        *(f"https://api/x?access_token={CANARY}&a=1", f'{{"secret": "{CANARY}"}}'),
        *(f"{{'session_key': '{CANARY}'}}", f"signature={CANARY}", f"js_code={CANARY}"),
        *(f"password: {CANARY}", f"appsecret={CANARY}", f"refresh_token={CANARY}"),
    ],
)
def test_a_secret_in_a_text_is_masked(text: str) -> None:
    assert CANARY not in line("called %s", text)
    assert CANARY not in line("called", url=text)
    assert CANARY not in line("called", nested={"list": [{"deep": text}]})


@pytest.mark.parametrize(
    "name", ["access_token", "secret", "aes_key", "apiv3_key", "session_key", "openid", "Cookie"]
)
def test_a_field_with_a_secret_name_is_masked(name: str) -> None:
    assert CANARY not in line("event", **{name: CANARY})
    assert CANARY not in line("event", inner={name: CANARY})


@pytest.mark.parametrize("openid", [OPENID, "o" + "A" * 26 + "-", "o" + "-" * 27])
def test_people_are_masked(openid: str) -> None:
    shown = line(f"for {openid}, {PHONE}", error=f"'{openid}' {PHONE}")

    assert openid not in shown
    assert PHONE not in shown
    assert "138****0002" in shown


def test_a_private_key_is_masked_in_a_trace_too() -> None:
    pem = private_pem("mallory").decode()
    try:
        raise ValueError(pem)
    except ValueError as error:
        record = logging.LogRecord("wx", logging.ERROR, __file__, 1, "bad", (), None)
        record.exc_info = (type(error), error, error.__traceback__)
    shown = JsonLines().format(record) + line("cut", half=pem[:600])

    assert pem.splitlines()[3] not in shown
    assert "[key]" in shown


def test_nobody_can_write_a_line_of_his_own() -> None:
    shown = line("name %s", 'Bob\r\n{"event":"paid"}\x1b[2J\u2028', said="Bob\nline two")

    assert "\n" not in shown
    assert "\r" not in shown
    assert "\x1b" not in shown
    assert json.loads(shown)["said"] == "Bob\nline two"


def test_a_long_text_is_cut() -> None:
    assert len(line("x" * 100_000)) < 5_000


def test_ids_of_the_context_stand_on_every_line_inside_it() -> None:
    with context(request_id="r1"), context(order="OD1"):
        inside = json.loads(line("event"))
    outside = json.loads(line("event"))

    assert (inside["request_id"], inside["order"]) == ("r1", "OD1")
    assert "request_id" not in outside
