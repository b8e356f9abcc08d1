"""Alerts reach a person: once each, also where the gateway fails meanwhile, and nobody else can send any."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from handlers import pager
from handlers.pager import create_pager, read
from tests.handlers.alertmanager import BEGAN, notification
from tests.serving import reaching
from tests.simulator.stage import Stage
from wx_backend.config import Alerts, Config, Database
from wx_backend.config_guard import Guard
from wx_backend.strict import Malformed

TOKEN: Final = "0123456789abcdef" * 4
ALICE, BOB = "13800138000", "13900139000"

Say = Callable[..., TestResponse]


@pytest.fixture
def client(wechat: Stage) -> FlaskClient:
    """The pager with a gateway for texts, and with no database anywhere."""
    config = Config.load(Path(__file__).parents[1] / "config.toml")
    config = replace(
        reaching(config, wechat.base_url),
        database=Database(url="postgresql+psycopg://nobody@/nowhere?host=/nowhere"),
        alerts=Alerts(page=(ALICE, BOB), ticket=()),
        guard=Guard(monitor_token=TOKEN),
    )
    return create_pager(config).test_client()


@pytest.fixture
def say(client: FlaskClient) -> Say:
    """Posts what Alertmanager would, with its token."""

    def post(
        body: object, *, severity: str = "page", token: str | None = TOKEN, raw: bytes | None = None
    ) -> TestResponse:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        content = json.dumps(body, ensure_ascii=False).encode() if raw is None else raw
        return client.post(f"/alerts/{severity}", data=content, headers=headers)

    return post


def heard(wechat: Stage, phone: str) -> list[str]:
    return [each["text"] for each in wechat.control("GET", f"/sms?phone={phone}")["sms"]]


def test_an_alert_is_read_on_the_phones_that_are_named(say: Say, wechat: Stage) -> None:
    assert say(notification("127.0.0.1:8101 does not answer")).status_code == 200
    expected = ["【系统告警】WxDown：127.0.0.1:8101 does not answer，03-02 16:17起"]
    assert heard(wechat, ALICE) == expected
    assert heard(wechat, BOB) == expected


def test_several_places_are_one_text_and_the_end_is_another(say: Say, wechat: Stage) -> None:
    say(notification("a", "b"))
    say(notification("a", "b", status="resolved"))
    assert heard(wechat, ALICE) == [
        "【系统告警】WxDown：a（共2处），03-02 16:17起",
        "【告警恢复】WxDown：a（共2处），03-02 16:17起",
    ]


def test_what_comes_again_at_once_is_told_once_and_a_reminder_again(
    say: Say, wechat: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        assert say(notification("a")).status_code == 200
    assert len(heard(wechat, ALICE)) == 1
    say(notification("a", began="2026-03-02T09:00:00+08:00"))  # it has begun anew
    assert len(heard(wechat, ALICE)) == 2
    monkeypatch.setattr(pager, "TOLD_SECONDS", 0.0)
    say(notification("a"))
    assert len(heard(wechat, ALICE)) == 3


def test_whom_the_gateway_missed_hears_of_it_when_it_comes_again(say: Say, wechat: Stage) -> None:
    wechat.chaos("/sms/send", "fail_before", status=503)
    assert say(notification("a")).status_code == 502
    assert (heard(wechat, ALICE), len(heard(wechat, BOB))) == ([], 1)
    assert say(notification("a")).status_code == 200
    assert (len(heard(wechat, ALICE)), len(heard(wechat, BOB))) == (1, 1)


def test_an_answer_that_was_lost_is_no_reason_to_keep_silent(say: Say, wechat: Stage) -> None:
    wechat.chaos("/sms/send", "drop_after")
    assert say(notification("a")).status_code == 502
    assert say(notification("a")).status_code == 200
    assert len(heard(wechat, ALICE)) == 2, "twice is better than not at all"


@pytest.mark.parametrize("token", [None, "", TOKEN[::-1]])
def test_a_stranger_sends_no_text(say: Say, wechat: Stage, token: str | None) -> None:
    assert say(notification("a"), token=token).status_code == 403
    assert heard(wechat, ALICE) == []


def test_a_severity_nobody_is_named_for_is_said(say: Say, wechat: Stage) -> None:
    for severity in ("ticket", "unknown"):
        answer = say(notification("a"), severity=severity)
        assert answer.status_code == 404
        assert "nobody is named" in answer.text
    assert wechat.control("GET", "/sms")["sms"] == []


BROKEN: Final[dict[str, object]] = {
    "no object": [],
    "nothing": {},
    "no status": {**notification("a"), "status": "sleeping"},
    "a status that is none": {**notification("a"), "status": []},
    "no group": {**notification("a"), "groupKey": 7},
    "no alert": notification(),
    "alerts that are none": {**notification("a"), "alerts": ["a"]},
    "no time": notification("a", began="yesterday"),
    "a time after all": notification("a", began="9999-12-31T23:59:59Z"),
    "no zone": notification("a", began="2026-03-02T08:17:05"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_notification_is_refused(say: Say, wechat: Stage, name: str) -> None:
    assert say(BROKEN[name]).status_code == 400
    assert heard(wechat, ALICE) == []


def test_a_body_without_end_is_refused(say: Say) -> None:
    assert say(None, raw=b"[" * (pager.BODY_MAX + 1)).status_code == 413
    assert say(None, raw=b"[" * 100_000).status_code == 400


def test_a_text_has_one_line_and_an_end() -> None:
    said = read(json.dumps(notification("a\n\u202eb" + "c" * 5_000)).encode())
    assert said.text.startswith("【系统告警】WxDown：a bc")
    assert len(said.text) < 300
    bare = {**notification("a"), "alerts": [{"startsAt": BEGAN, "labels": 1}]}
    assert read(json.dumps(bare).encode()).text == "【系统告警】?：，03-02 16:17起"
    with pytest.raises(Malformed):
        read(b"{")


def test_it_is_ready_without_any_database(client: FlaskClient) -> None:
    assert client.get("/readyz").status_code == 200
