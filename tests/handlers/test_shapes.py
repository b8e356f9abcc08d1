"""Whatever shape a request has: it means one thing, costs little, or is not taken."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import Client

from members.models import Identity
from tests.handlers.conftest import Count, Desk
from tests.handlers.platform import (
    BOB,
    NOON,
    Platform,
    Sent,
    event,
    follow,
    query_string,
    scan,
    text,
)
from tests.limits import spends
from tests.site import Site
from wx_backend.db import db
from wx_backend.inbox import Push

PATH = "/wechat/city/callback"
MALLORY = "oMallory00000000000000000000"
Nothing = Callable[[], bool]

TWICE = (
    f"<xml><ToUserName>gh_1</ToUserName><FromUserName>{BOB}</FromUserName>"
    "<FromUserName>oMallory</FromUserName><CreateTime>1</CreateTime><MsgType>event</MsgType>"
    "<Event>subscribe</Event></xml>"
)
EXTERNAL = (
    '<!DOCTYPE x [<!ENTITY e SYSTEM "http://127.0.0.1:9/stolen">]>'
    f"<xml><FromUserName>{BOB}</FromUserName><MsgType>&e;</MsgType></xml>"
)
INTERNAL = (
    f'<!DOCTYPE x [<!ENTITY e "text">]><xml><FromUserName>{BOB}</FromUserName>'
    "<MsgType>&e;</MsgType></xml>"
)
BOMB = (
    '<!DOCTYPE x [<!ENTITY a "'
    + "a" * 1_000
    + '">'
    + "".join(
        f'<!ENTITY {name} "{f"&{before};" * 20}">'
        for before, name in zip("abcd", "bcde", strict=True)
    )
    + "]><xml><MsgType>&e;</MsgType></xml>"
)
PARAMETER = '<!DOCTYPE x [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]><xml><a>1</a></xml>'


@pytest.mark.parametrize(
    "told",
    [
        event("event_of_next_year", Novelty="1"),
        {**text(), "MsgType": "hologram"},
        event("LOCATION", Latitude="31.2", Longitude="121.5", Precision="65"),
    ],
)
def test_a_type_nobody_told_us_about_is_kept_and_needs_no_work(
    desk: Desk, city: Platform, told: dict[str, Any]
) -> None:
    answer = desk(city.safe(told))

    assert (answer.status_code, answer.data) == (200, b"")
    push = db.session.scalars(select(Push)).one()
    assert (push.status, push.raw is not None) == ("done", True)


@pytest.mark.parametrize(
    "body",
    [
        *(TWICE, EXTERNAL, INTERNAL, BOMB, PARAMETER, "", "<xml/>", "no xml at all", "[1]"),
        '{"FromUserName":"o1","FromUserName":"o2"}',
        '{"FromUserName":"o1","CreateTime":NaN}',
        '{"MsgType":"text","FromUserName":"o1","CreateTime":"tomorrow"}',
        f"<xml><FromUserName>{'o' * 65}</FromUserName><CreateTime>1</CreateTime></xml>",
        "<xml>" * 2_000,
    ],
)
def test_an_authentic_push_without_one_meaning_is_kept_once_and_answered_with_nothing(
    desk: Desk, city: Platform, body: str
) -> None:
    for _ in range(2):
        with spends(0.5):
            answer = desk(city.safe(body.encode()))
        assert (answer.status_code, answer.data) == (200, b"")

    push = db.session.scalars(select(Push)).one()
    assert (push.kind, push.raw, push.status) == ("unreadable", body.encode(), "done")


@pytest.mark.parametrize("form", ["xml", "json"])
@pytest.mark.parametrize("is_first", [True, False])
def test_fields_of_another_case_say_nothing(
    desk: Desk, city: Platform, form: str, is_first: bool
) -> None:
    """Whoever reads names without their case would take Mallory for Bob, and this for another event."""
    shadows = {"fromusername": MALLORY, "FROMUSERNAME": MALLORY, "event": "unsubscribe"}
    said = follow("alice")
    sent = city.safe({**shadows, **said} if is_first else {**said, **shadows}, form=form)
    assert desk(sent).status_code == 200

    known = db.session.scalars(select(Identity)).one()
    assert (known.openid, known.is_followed) == (BOB, True)


def test_a_sender_of_another_case_is_no_sender(desk: Desk, city: Platform) -> None:
    said = follow("alice")
    said["fromusername"] = said.pop("FromUserName")
    answer = desk(city.safe(said))

    assert (answer.status_code, answer.data) == (200, b"")
    assert db.session.scalars(select(Push)).one().kind == "unreadable"
    assert db.session.scalars(select(Identity)).all() == []


@pytest.mark.parametrize("body", [EXTERNAL, INTERNAL, BOMB, PARAMETER])
def test_no_entity_is_looked_at_before_the_signature_holds(
    desk: Desk, city: Platform, body: str, nothing_is_stored: Nothing
) -> None:
    sent = city.safe(scan())
    with_entity = body.replace("<xml>", "<xml><Encrypt>&e;</Encrypt>").encode()

    assert desk(Sent(sent.query, with_entity)).status_code == 403
    assert nothing_is_stored()


def test_a_large_body_is_refused_and_not_read_to_its_end(
    front: Client, nothing_is_stored: Nothing
) -> None:
    body = io.BytesIO(b"x" * 10_000_000)

    answer = front.post(PATH, input_stream=body, content_length=10_000_000)

    assert answer.status_code == 413
    assert body.tell() <= 64 * 1024 + 1
    assert nothing_is_stored()


def test_a_push_of_exactly_the_limit_is_taken(front: Client, city: Platform, count: Count) -> None:
    sent = city.safe(text("长" * 15_700))
    padded = sent.body + b" " * (64 * 1024 - len(sent.body))
    assert front.post(PATH, query_string=query_string(sent), data=padded).status_code == 200
    assert count(Push) == 1

    too_long = padded + b" "
    assert front.post(PATH, query_string=query_string(sent), data=too_long).status_code == 413


def test_a_body_without_a_length_is_read_up_to_the_limit(
    front: Client, city: Platform, count: Count
) -> None:
    sent = city.safe(scan())
    chunked = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}

    answer = front.post(
        PATH,
        query_string=query_string(sent),
        input_stream=io.BytesIO(sent.body),
        environ_overrides=chunked,
    )
    assert answer.status_code == 200
    assert count(Push) == 1

    endless = io.BytesIO(b"x" * 1_000_000)
    answer = front.post(PATH, input_stream=endless, environ_overrides=chunked)
    assert answer.status_code == 413
    assert endless.tell() <= 128 * 1024


@pytest.mark.parametrize("length", ["-1", "1e3", "٣", "", "9" * 30, "0"])
def test_a_length_that_is_none_is_no_way_in(
    app: Flask, city: Platform, length: str, nothing_is_stored: Nothing
) -> None:
    sent = city.safe(scan())
    environ = {"CONTENT_LENGTH": length, "wsgi.input": io.BytesIO(sent.body)}
    answer = Client(Site(app)).post(
        PATH, query_string=query_string(sent), environ_overrides=environ
    )

    assert answer.status_code in (400, 403, 413)
    assert nothing_is_stored()


@pytest.mark.parametrize("name", ["msg_signature", "timestamp", "nonce", "encrypt_type", "extra"])
def test_a_field_given_twice_is_refused(
    front: Client, city: Platform, name: str, nothing_is_stored: Nothing
) -> None:
    sent = city.safe(scan())
    value = sent.query.get(name, "1")
    query = f"{name}={value}&{query_string(sent)}&{name}={value}"

    assert front.post(PATH, query_string=query, data=sent.body).status_code == 403
    assert nothing_is_stored()


def test_more_fields_than_the_platform_ever_sends_are_refused(
    front: Client, city: Platform, nothing_is_stored: Nothing
) -> None:
    sent = city.safe(scan())
    query = query_string(sent) + "".join(f"&f{n}=1" for n in range(50))

    assert front.post(PATH, query_string=query, data=sent.body).status_code == 403
    assert nothing_is_stored()


@pytest.mark.parametrize(
    "header",
    [
        *({"Host": "localhost"}, {"X-Forwarded-For": "127.0.0.1"}, {"X-Forwarded-Host": "wx.test"}),
        *({"X-Original-URL": "/healthz"}, {"X-Real-IP": "127.0.0.1"}),
        *({"X-HTTP-Method-Override": "GET"}, {"Content-Encoding": "gzip"}),
    ],
)
def test_no_header_opens_the_door_or_shuts_it(
    desk: Desk, city: Platform, header: dict[str, str], count: Count
) -> None:
    sent = city.safe(scan())

    assert desk(Sent({}, sent.body, header)).status_code == 403
    assert (
        desk(Sent({**sent.query, "msg_signature": "0" * 40}, sent.body, header)).status_code == 403
    )
    assert count(Push) == 0
    assert desk(Sent(sent.query, sent.body, header)).status_code == 200
    assert count(Push) == 1


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_not_allowed(front: Client, method: str) -> None:
    answer = front.open(PATH, method=method)

    assert answer.status_code == 405
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))


def test_paths_beside_the_callback_are_not_pushes(
    front: Client, city: Platform, nothing_is_stored: Nothing
) -> None:
    sent = city.safe(scan())
    for path in (f"{PATH}/", f"/{PATH}", "/wechat/city/callback/x", "/wechat//callback"):
        answer = front.post(path, query_string=query_string(sent), data=sent.body)
        assert answer.status_code in (404, 405, 308)
    assert nothing_is_stored()


def test_a_follow_from_the_far_future_or_past_is_kept(
    desk: Desk, city: Platform, count: Count
) -> None:
    for at in (0, NOON + 10**9, 253_402_300_799):
        assert desk(city.safe(scan(at=at))).status_code == 200
    assert desk(city.safe(scan(at=10**18))).status_code == 200
    assert count(Push) == 4
