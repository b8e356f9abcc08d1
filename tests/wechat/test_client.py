"""Calls say what the platform's pages ask for, and failures say what to do next."""

import logging
import traceback
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.wechat.doubles import APPID, NOW, SECRET, STABLE, ScriptedTransport, json_of, query_of
from wechat import error_codes
from wechat.answers import Followers, QrCode, Quota
from wechat.client import Client, jsapi_ticket_keeper
from wechat.jssdk import jsapi_signature
from wechat.tokens import MemoryTokenStore
from wechat.transport import Response
from wx_backend.errors import PlatformError


def test_tokens_come_from_stable_token_in_normal_mode(
    client: Client, transport: ScriptedTransport
) -> None:
    transport.on("/cgi-bin/menu/create", {"errcode": 0})
    client.create_menu(())
    client.create_menu(())
    [fetch] = transport.calls(STABLE)
    assert json_of(fetch) == {
        "grant_type": "client_credential",
        "appid": APPID,
        "secret": SECRET,
        "force_refresh": False,
    }
    assert query_of(transport.sent[-1]) == {"access_token": "token-canary-1"}


@pytest.mark.parametrize("code", [40001, 40014, 42001])
def test_a_refused_token_is_renewed_and_the_call_repeated_once(
    client: Client, transport: ScriptedTransport, code: int
) -> None:
    transport.on("/cgi-bin/menu/create", {"errcode": code, "errmsg": "expired"}, {"errcode": 0})
    client.create_menu(())
    used = [query_of(each)["access_token"] for each in transport.calls("/cgi-bin/menu/create")]
    assert used == ["token-canary-1", "token-canary-2"]


def test_a_platform_that_refuses_every_token_is_asked_twice_only(
    client: Client, transport: ScriptedTransport
) -> None:
    transport.on("/cgi-bin/menu/create", {"errcode": 40001, "errmsg": "invalid"})
    with pytest.raises(PlatformError) as caught:
        client.create_menu(())
    assert (caught.value.code, caught.value.permanent) == ("40001", False)
    assert len(transport.calls("/cgi-bin/menu/create")) == 2
    assert len(transport.calls(STABLE)) == 2


def test_a_code_is_created_temporary_or_permanent(
    client: Client, transport: ScriptedTransport
) -> None:
    answer: dict[str, Any] = {"ticket": "T", "url": "u1", "expire_seconds": 600}
    transport.on("/cgi-bin/qrcode/create", answer, {"ticket": "T", "url": "u"})
    assert client.create_qr("Srep", expire_seconds=600) == QrCode("T", "u1", 600)
    assert client.create_qr("rep-1", expire_seconds=None) == QrCode("T", "u", 0)
    first, second = transport.calls("/cgi-bin/qrcode/create")
    assert json_of(first) == {
        "action_name": "QR_STR_SCENE",
        "expire_seconds": 600,
        "action_info": {"scene": {"scene_str": "Srep"}},
    }
    assert json_of(second) == {
        "action_name": "QR_LIMIT_STR_SCENE",
        "action_info": {"scene": {"scene_str": "rep-1"}},
    }


@pytest.mark.parametrize(
    ("scene", "seconds"), [("", 60), ("x" * 65, 60), ("中", 60), ("a", 59), ("a", 2_592_001)]
)
def test_a_code_the_platform_would_refuse_is_not_asked_for(
    client: Client, transport: ScriptedTransport, scene: str, seconds: int
) -> None:
    with pytest.raises(ValueError, match=r"characters|days"):
        client.create_qr(scene, expire_seconds=seconds)
    assert transport.sent == []


def test_users_are_read_alone_in_batches_and_in_pages(
    client: Client, transport: ScriptedTransport
) -> None:
    follower = {
        "subscribe": 1,
        "openid": "oBob",
        "subscribe_time": 1714037059,
        "subscribe_scene": "ADD_SCENE_QR_CODE",
        "qr_scene": 0,
        "qr_scene_str": "rep-1",
        "tagid_list": [1],
    }
    transport.on("/cgi-bin/user/info", follower)
    transport.on(
        "/cgi-bin/user/info/batchget", {"user_info_list": [{"subscribe": 0, "openid": "oEve"}]}
    )
    page: dict[str, Any] = {
        "total": 2,
        "count": 2,
        "data": {"openid": ["oA", "oB"]},
        "next_openid": "oB",
    }
    transport.on("/cgi-bin/user/get", page, {"total": 2, "count": 0, "next_openid": ""})
    bob = client.user_info("oBob")
    assert (bob.is_subscribed, bob.qr_scene_str, bob.unionid) == (True, "rep-1", "")
    assert bob.subscribed_at == datetime(2024, 4, 25, 9, 24, 19, tzinfo=UTC)
    [eve] = client.user_infos(["oEve"])
    assert (eve.openid, eve.is_subscribed, eve.subscribed_at) == ("oEve", False, None)
    assert client.followers() == Followers(2, ("oA", "oB"), "oB")
    assert client.followers("oB") == Followers(2, (), "")
    assert query_of(transport.sent[-1])["next_openid"] == "oB"


def test_a_menu_is_replaced_and_read(client: Client, transport: ScriptedTransport) -> None:
    button = {"type": "click", "name": "我的积分", "key": "points"}
    transport.on("/cgi-bin/menu/create", {"errcode": 0})
    transport.on(
        "/cgi-bin/menu/get", {"menu": {"button": [button]}}, {"errcode": 46003}, {"errcode": 48001}
    )
    client.create_menu([button])
    sent = transport.calls("/cgi-bin/menu/create")[0].body
    assert sent is not None
    assert "我的积分".encode() in sent
    assert client.menu() == {"menu": {"button": [button]}}
    assert client.menu() is None
    with pytest.raises(PlatformError, match="48001"):
        client.menu()


def test_a_template_message_carries_its_idempotency_key(
    client: Client, transport: ScriptedTransport
) -> None:
    transport.on("/cgi-bin/message/template/send", {"errcode": 0, "msgid": 3487542469355618313})
    msgid = client.send_template(
        openid="oBob",
        template_id="t1",
        data={"thing1": "小米 15"},
        client_msg_id="J-1",
        url="https://s/1",
        mini_program=("wx2", "pages/order"),
    )
    assert msgid == "3487542469355618313"
    assert json_of(transport.sent[-1]) == {
        "touser": "oBob",
        "template_id": "t1",
        "client_msg_id": "J-1",
        "data": {"thing1": {"value": "小米 15"}},
        "url": "https://s/1",
        "miniprogram": {"appid": "wx2", "pagepath": "pages/order"},
    }


def test_notices_and_customer_service_messages_are_sent(
    client: Client, transport: ScriptedTransport
) -> None:
    transport.on("/cgi-bin/message/subscribe/bizsend", {"errcode": 0})
    transport.on("/cgi-bin/message/custom/send", {"errcode": 0})
    client.send_subscription_notice(openid="oBob", template_id="t", data={"a": "b"}, page="p")
    assert json_of(transport.sent[-1])["data"] == {"a": {"value": "b"}}
    client.send_text("oBob", "您好")
    assert json_of(transport.sent[-1]) == {
        "touser": "oBob",
        "msgtype": "text",
        "text": {"content": "您好"},
    }
    client.send_image("oBob", "m1")
    assert json_of(transport.sent[-1])["image"] == {"media_id": "m1"}


def test_media_is_uploaded_as_a_form(client: Client, transport: ScriptedTransport) -> None:
    transport.on(
        "/cgi-bin/media/upload", {"type": "image", "media_id": "m1", "created_at": 1714037059}
    )
    media = client.upload_media("image", "poster.jpg", b"\xff\xd8jpeg", "image/jpeg")
    assert media.media_id == "m1"
    request = transport.sent[-1]
    assert query_of(request)["type"] == "image"
    assert request.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert request.body is not None
    assert (
        b'name="media"; filename="poster.jpg"\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8jpeg'
        in request.body
    )


def test_quota_is_read(client: Client, transport: ScriptedTransport) -> None:
    transport.on(
        "/cgi-bin/openapi/quota/get",
        {"errcode": 0, "quota": {"daily_limit": 100000, "used": 12, "remain": 99988}},
    )
    assert client.quota("/cgi-bin/message/template/send") == Quota(100000, 12, 99988)


@pytest.mark.parametrize(
    ("answer", "code", "permanent", "unknown"),
    [
        ({"errcode": -1, "errmsg": "system error"}, "-1", False, False),
        ({"errcode": 45009}, "45009", False, False),
        ({"errcode": 43101}, "43101", True, False),
        ({"errcode": 99999}, "99999", True, False),
        (Response(502, {}, b"<html>"), "http_502", False, True),
        (Response(429, {}, b""), "http_429", False, False),
        (Response(302, {"location": "http://elsewhere"}, b""), "http_302", True, False),
        (Response(404, {}, b""), "http_404", True, False),
        (Response(200, {}, b"<html>"), "unreadable_answer", False, True),
        (Response(200, {}, b"[]"), "unreadable_answer", False, True),
        (Response(200, {}, b'{"errcode": "0"}'), "unreadable_answer", False, True),
        (Response(200, {}, b'{"errcode": 0, "errcode": 1}'), "unreadable_answer", False, True),
        (Response(200, {}, b'{"errcode": true}'), "unreadable_answer", False, True),
    ],
)
def test_a_failure_says_whether_to_repeat_and_whether_it_may_have_worked(
    client: Client,
    transport: ScriptedTransport,
    answer: Any,
    code: str,
    permanent: bool,
    unknown: bool,
) -> None:
    transport.on("/cgi-bin/message/custom/send", answer)
    with pytest.raises(PlatformError) as caught:
        client.send_text("oBob", "hi")
    error = caught.value
    assert (error.code, error.permanent, error.unknown) == (code, permanent, unknown)
    assert error.api == "/cgi-bin/message/custom/send"


def test_an_answer_without_its_fields_is_unreadable(
    client: Client, transport: ScriptedTransport
) -> None:
    transport.on("/cgi-bin/user/info", {"openid": "oBob", "subscribe": "maybe"})
    with pytest.raises(PlatformError, match="unreadable_answer"):
        client.user_info("oBob")
    transport.on(STABLE, {"access_token": "", "expires_in": 7200})
    with pytest.raises(PlatformError, match="unreadable_answer"):
        client.keeper.replacement("token-canary-1")


def test_tickets_are_kept_like_tokens(client: Client, transport: ScriptedTransport) -> None:
    transport.on(
        "/cgi-bin/ticket/getticket", {"errcode": 0, "ticket": "ticket-1", "expires_in": 7200}
    )
    keeper = jsapi_ticket_keeper(caller=client.caller, store=MemoryTokenStore(), now=lambda: NOW)
    assert [keeper.token(), keeper.token()] == ["ticket-1"] * 2
    assert len(transport.calls("/cgi-bin/ticket/getticket")) == 1


def test_the_published_page_signature_comes_out() -> None:
    ticket = (
        "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"
    )
    url = "http://mp.weixin.qq.com?params=value"
    expected = "0f9de62fce790f9a083d5c99e95740ceb90c27ed"
    for address in (url, f"{url}#part"):
        signed = jsapi_signature(
            ticket=ticket, nonce="Wm3WZYTPz0wzccnW", timestamp=1414587457, url=address
        )
        assert signed == expected


def test_wechatpys_groups_use_our_way_out_only(
    client: Client, transport: ScriptedTransport
) -> None:
    transport.on("/wxa/msg_sec_check", {"errcode": 0})
    client.groups.wxa.check_text_security("hello")
    assert query_of(transport.sent[-1])["access_token"] == "token-canary-1"
    with pytest.raises(ValueError, match="another host"):
        client.groups.get("https://evil.example.com/cgi-bin/x")
    with pytest.raises(NotImplementedError):
        client.groups.fetch_access_token()
    assert not hasattr(client.groups, "_http")


def test_no_secret_reaches_an_error_a_log_or_a_repr(
    client: Client, transport: ScriptedTransport, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    transport.on("/cgi-bin/user/info", {"errcode": 40003, "errmsg": "invalid openid rid: 1-2"})
    with pytest.raises(PlatformError) as caught:
        client.user_info("openid-canary")
    told = "".join(traceback.format_exception(caught.value))
    assert "rid: 1-2" in told
    for shown in (
        str(caught.value),
        repr(client),
        repr(client.caller),
        repr(transport.sent),
        caplog.text,
    ):
        assert "canary" not in shown


def test_every_errcode_of_the_tables_has_its_treatment() -> None:
    kinds = {code: error_codes.kind_of(code) for code in (-1, 40001, 45009, 43004, 40241, 40037)}
    assert list(kinds.values()) == [
        error_codes.Kind.transient,
        error_codes.Kind.token,
        error_codes.Kind.quota,
        error_codes.Kind.receiver,
        error_codes.Kind.duplicate,
        error_codes.Kind.permanent,
    ]
