"""Who is there, asked once per code; and what was shipped to them."""

import pytest

from tests.wechat.doubles import APPID, NOW, SECRET, STABLE, ScriptedTransport, json_of, query_of
from wechat import error_codes, shipping
from wechat.answers import WebUser
from wechat.client import Client
from wx_backend.errors import PlatformError


def test_the_oauth_address_keeps_the_order_that_is_checked(client: Client) -> None:
    assert client.authorize_url(
        "https://m.example.com/back?to=/s/1", "abc123", "snsapi_userinfo"
    ) == (
        "http://127.0.0.1:9/open/connect/oauth2/authorize?appid=wx1234567890abcdef"
        "&redirect_uri=https%3A%2F%2Fm.example.com%2Fback%3Fto%3D%2Fs%2F1"
        "&response_type=code&scope=snsapi_userinfo&state=abc123#wechat_redirect"
    )
    for state in ("", "a" * 129, "a&b", "中"):
        with pytest.raises(ValueError, match="state"):
            client.authorize_url("https://m.example.com", state)


def test_an_oauth_code_is_exchanged_without_the_accounts_token(
    client: Client, transport: ScriptedTransport
) -> None:
    answer = {
        "access_token": "web-canary",
        "openid": "oBob",
        "scope": "snsapi_userinfo",
        "is_snapshotuser": 1,
    }
    transport.on("/sns/oauth2/access_token", answer, {"errcode": 40163, "errmsg": "code been used"})
    transport.on("/sns/userinfo", {"openid": "oBob", "nickname": "Bob", "unionid": "u1"})
    login = client.exchange_code("CODE")
    assert login.is_snapshotuser is True
    assert "canary" not in repr(login)
    assert query_of(transport.sent[-1]) == {
        "appid": APPID,
        "secret": SECRET,
        "code": "CODE",
        "grant_type": "authorization_code",
    }
    assert client.web_user(login) == WebUser("oBob", "Bob", "", "u1")
    with pytest.raises(PlatformError) as caught:
        client.exchange_code("CODE")
    assert int(caught.value.code) in error_codes.CODE_USED
    assert transport.calls(STABLE) == []


def test_mini_program_login_and_phone(client: Client, transport: ScriptedTransport) -> None:
    transport.on("/sns/jscode2session", {"openid": "oBob", "session_key": "key-canary"})
    transport.on(
        "/wxa/business/getuserphonenumber",
        {
            "errcode": 0,
            "phone_info": {
                "phoneNumber": "+8613800000000",
                "purePhoneNumber": "13800000000",
                "countryCode": 86,
                "watermark": {"timestamp": 1714037059, "appid": APPID},
            },
        },
    )
    login = client.code_to_session("CODE")
    assert (login.openid, login.session_key) == ("oBob", "key-canary")
    phone = client.phone_number("CODE2")
    assert (phone.number, phone.country_code, phone.appid) == ("13800000000", "86", APPID)
    assert "canary" not in repr(login)
    assert "13800000000" not in repr(phone)


def test_a_shipment_is_reported_in_beijing_time(
    client: Client, transport: ScriptedTransport
) -> None:
    path = "/wxa/sec/order/upload_shipping_info"
    transport.on(path, {"errcode": 0}, {"errcode": 10060001}, {"errcode": 10060002})
    transport.on("/wxa/sec/order/is_trade_managed", {"errcode": 0, "is_trade_managed": True})
    parcel = shipping.Parcel("充值 " + "x" * 200, "SF1", "SF", "138****0000")

    def report() -> None:
        shipping.upload_shipping_info(
            client.caller,
            transaction_id="42",
            payer_openid="oBob",
            logistics=shipping.Logistics.express,
            parcels=[parcel, shipping.Parcel("话费")],
            uploaded_at=NOW,
        )

    report()
    body = json_of(transport.sent[-1])
    assert body["upload_time"] == "2026-11-21T20:00:00.000+08:00"
    assert body["order_key"] == {"order_number_type": 2, "transaction_id": "42"}
    first, second = body["shipping_list"]
    assert len(first["item_desc"]) == 120
    assert first["contact"] == {"receiver_contact": "138****0000"}
    assert second == {"item_desc": "话费"}
    assert (body["delivery_mode"], body["is_all_delivered"]) == (2, True)
    with pytest.raises(PlatformError) as early:
        report()
    with pytest.raises(PlatformError) as again:
        report()
    assert not early.value.permanent
    assert error_codes.kind_of(int(again.value.code)) is error_codes.Kind.duplicate
    assert shipping.is_trade_managed(client.caller, APPID) is True
