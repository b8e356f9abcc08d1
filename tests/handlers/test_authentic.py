"""Only the platform is heard: whatever it did not sign for this account is refused, in one way."""

import base64
import os
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select
from werkzeug.test import Client, TestResponse

from simulator import crypto
from tests.handlers.conftest import Count, Desk
from tests.handlers.platform import (
    ALICE,
    BOB,
    NONCE,
    NOON,
    Platform,
    Sent,
    follow,
    scan,
    text,
    written,
)
from wx_backend.db import db
from wx_backend.inbox import Push

Nothing = Callable[[], bool]
REFUSAL = (403, b"forbidden")


def told(response: TestResponse) -> tuple[int, bytes]:
    return response.status_code, response.data


def altered(sent: Sent, **query: str) -> Sent:
    return replace(sent, query={**sent.query, **query})


def test_the_console_gets_its_echo_raw(front: Client, city: Platform) -> None:
    signature = crypto.signature(city.account.token, str(NOON), NONCE)
    query = {"signature": signature, "timestamp": str(NOON), "nonce": NONCE, "echostr": "42 <&>"}

    answer = front.get("/wechat/city/callback", query_string=query)

    assert told(answer) == (200, b"42 <&>")
    assert answer.mimetype == "text/plain"


@pytest.mark.parametrize("fault", ["signature", "timestamp", "nonce"])
def test_a_forged_address_check_gets_no_echo(front: Client, city: Platform, fault: str) -> None:
    signature = crypto.signature(city.account.token, str(NOON), NONCE)
    query = {"signature": signature, "timestamp": str(NOON), "nonce": NONCE, "echostr": "42"}

    for wrong in ({**query, fault: "1"}, {k: v for k, v in query.items() if k != fault}):
        assert told(front.get("/wechat/city/callback", query_string=wrong)) == REFUSAL


def test_a_safe_push_is_stored_and_answered_encrypted(
    desk: Desk, city: Platform, count: Count
) -> None:
    answer = desk(city.safe(follow()))

    reply = city.opened(answer.data)
    assert (reply["ToUserName"], reply["FromUserName"]) == (BOB, "gh_c17yhall0001")
    assert "欢迎关注" in reply["Content"]
    assert answer.mimetype == "text/xml"
    assert count(Push) == 1


def test_a_json_push_is_answered_in_json(desk: Desk, city: Platform) -> None:
    answer = desk(city.safe(text(), form="json"))

    reply = city.opened(answer.data, form="json")
    assert reply["MsgType"] == "text"
    assert answer.mimetype == "application/json"


def test_what_stands_in_clear_beside_the_ciphertext_is_ignored(desk: Desk, city: Platform) -> None:
    answer = desk(city.compatible(follow(), shown=follow(openid=ALICE)))

    assert city.opened(answer.data)["ToUserName"] == BOB
    assert db.session.scalars(select(Push.raw)).one() == written(follow(), "xml")


@pytest.mark.parametrize("encrypt_type", [{}, {"encrypt_type": "raw"}, {"encrypt_type": ""}])
def test_a_safe_account_hears_nothing_in_clear(
    desk: Desk, city: Platform, encrypt_type: dict[str, str], nothing_is_stored: Nothing
) -> None:
    assert told(desk(city.plain(follow(), **encrypt_type))) == REFUSAL
    assert nothing_is_stored()


def test_an_account_may_be_set_to_take_plaintext(desk: Desk, plain: Platform) -> None:
    answer = desk(plain.plain(text()), account="plain")

    assert "您好" in answer.get_data(as_text=True)
    assert desk(plain.plain(text(), form="json"), account="plain").status_code == 200


def test_a_plaintext_push_needs_its_signature(
    desk: Desk, plain: Platform, nothing_is_stored: Nothing
) -> None:
    forged = altered(plain.plain(text()), signature="0" * 40)

    assert told(desk(forged, account="plain")) == REFUSAL
    assert nothing_is_stored()


def test_another_ciphertext_under_a_captured_signature_is_refused(
    desk: Desk, city: Platform, nothing_is_stored: Nothing
) -> None:
    captured, other = city.safe(scan()), city.safe(scan("mallory"))

    assert told(desk(replace(captured, body=other.body))) == REFUSAL
    assert told(desk(replace(other, query=captured.query))) == REFUSAL
    assert nothing_is_stored()


def test_every_altered_part_is_refused_in_the_same_way(
    desk: Desk, city: Platform, plain: Platform, nothing_is_stored: Nothing
) -> None:
    sent = city.safe(scan())
    forged = [
        *(altered(sent, **{name: "x"}) for name in ("msg_signature", "timestamp", "nonce")),
        replace(sent, query={k: v for k, v in sent.query.items() if k != "msg_signature"}),
        replace(sent, query={}),
        replace(sent, body=sent.body[:-20]),
        replace(sent, body=b"<xml><Encrypt></Encrypt></xml>"),
        replace(sent, body=b"{}"),
        replace(sent, body=b"nonsense"),
        plain.safe(scan()),
        city.safe(scan(), appid=plain.account.appid),
        city.safe(scan(), key=plain.account.aes_key),
        city.enclosing("!", {}),
        city.enclosing("", {}),
        city.enclosing(base64.b64encode(os.urandom(96)).decode(), {}),
    ]

    assert {told(desk(each)) for each in forged} == {REFUSAL}
    assert nothing_is_stored()


def test_every_flipped_byte_of_the_ciphertext_is_refused(
    desk: Desk, city: Platform, nothing_is_stored: Nothing
) -> None:
    sent = city.safe(scan())
    sealed = base64.b64decode(city.sealed(written(scan(), "xml")))
    for at in range(len(sealed)):
        flipped = bytearray(sealed)
        flipped[at] ^= 1
        other = city.enclosing(base64.b64encode(flipped).decode(), {})
        assert told(desk(replace(other, query=sent.query))) == REFUSAL
    assert nothing_is_stored()


def test_while_the_key_changes_both_are_heard_and_answered_under_their_own(
    desk: Desk, plain: Platform
) -> None:
    keys = [plain.account.aes_key, plain.account.previous_aes_key or ""]
    for number, key in enumerate((*keys, *keys)):
        answer = desk(plain.safe(text(number=number), key=key), account="plain")
        assert plain.opened(answer.data, key=key)["MsgType"] == "text"


def test_an_unknown_account_is_not_found(
    desk: Desk, city: Platform, nothing_is_stored: Nothing
) -> None:
    for name in ("nobody", "CITY", "city2", "%63ity/../plain"):
        assert desk(city.safe(scan()), account=name).status_code == 404
    assert nothing_is_stored()
