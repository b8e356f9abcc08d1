"""Somebody else's client library, pointed at the simulator, works unchanged."""

import base64
import io
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image
from wechatpy import WeChatClient, WeChatOAuth
from wechatpy.exceptions import WeChatClientException

from simulator.acts.reading import read_picture
from tests.simulator.stage import MINI, SECRET, SHOP, Stage

TEMPLATE = "T-paid"


class Client(WeChatClient):  # type: ignore[misc]  # wechatpy has no types
    """wechatpy with nothing changed but the addresses it calls."""

    def __init__(self, appid: str, base_url: str) -> None:
        self.API_BASE_URL = f"{base_url}/cgi-bin/"
        self._base_url = base_url
        super().__init__(appid, SECRET)
        self._http.trust_env = False
        self.wxa.API_BASE_URL = f"{base_url}/"

    def fetch_access_token(self) -> Any:
        params = {"grant_type": "client_credential", "appid": self.appid, "secret": self.secret}
        return self._fetch_access_token(url=f"{self._base_url}/cgi-bin/token", params=params)


@pytest.fixture
def client(stage: Stage) -> Client:
    stage.control(
        "PUT",
        f"/accounts/{SHOP}/templates/{TEMPLATE}",
        title="订单支付成功",
        content="订单号:{{character_string1.DATA}}\n金额:{{amount2.DATA}}\n商品:{{thing3.DATA}}",
    )
    return Client(SHOP, stage.base_url)


@pytest.fixture
def bob(stage: Stage) -> str:
    """Bob's openid; he follows the shop."""
    return str(stage.act("Bob", "follow", appid=SHOP)["openid"])


def png() -> io.BytesIO:
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(picture, "PNG")
    picture.name = "red.png"
    picture.seek(0)
    return picture


def test_a_code_made_by_wechatpy_leads_bob_into_the_shop(client: Client, stage: Stage) -> None:
    made = client.qrcode.create(
        {"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": "alice"}}}
    )
    shown = stage.raw("GET", "/cgi-bin/showqrcode", fields={"ticket": made["ticket"]})
    assert read_picture(shown.data) == made["url"]

    picture = base64.b64encode(shown.data).decode()
    assert stage.act("Bob", "scan", image=picture)["opens"] == "chat"
    profile = client.user.get(stage.act("Bob", "scan", url=made["url"])["openid"])
    assert (profile["subscribe"], profile["qr_scene_str"]) == (1, "alice")
    assert profile["subscribe_scene"] == "ADD_SCENE_QR_CODE"


def test_followers_are_listed_with_their_profiles(client: Client, bob: str) -> None:
    assert client.user.get_followers()["data"]["openid"] == [bob]
    assert client.user.get_batch([bob])[0]["openid"] == bob


def test_a_menu_is_made_shown_and_removed(client: Client, bob: str, stage: Stage) -> None:
    buttons = [
        {"type": "click", "name": "积分", "key": "points"},
        {"name": "商城", "sub_button": [{"type": "view", "name": "手机", "url": "https://a.b/c"}]},
    ]
    client.menu.create({"button": buttons})
    tag = client.tag.create("老客户")["id"]
    client.tag.tag_user(tag, bob)
    personal = [{"type": "click", "name": "专享", "key": "vip"}]
    client.menu.add_conditional({"button": personal, "matchrule": {"tag_id": str(tag)}})

    shown = client.menu.get()
    assert shown["menu"]["button"][0]["key"] == "points"
    assert client.menu.try_match(bob)["button"][0]["key"] == "vip"
    assert client.menu.get_menu_info()["is_menu_open"] == 1
    client.menu.delete()
    assert client.menu.get() is None
    assert "no menu" in stage.refused("POST", "/people/Bob/acts/tap", appid=SHOP, button="积分")


def test_a_template_message_lands_on_the_phone(client: Client, bob: str, stage: Stage) -> None:
    data = {
        "character_string1": {"value": "A100"},
        "amount2": {"value": "¥99.00"},
        "thing3": {"value": "畅享套餐"},
    }
    sent = client.message.send_template(bob, TEMPLATE, data, url="https://shop.example/o/A100")
    assert sent["errcode"] == 0
    shown = [line for line in stage.chat("Bob") if line["kind"] == "template"]
    assert shown[0]["content"]["data"]["thing3"] == "畅享套餐"
    assert shown[0]["msg_id"] == str(sent["msgid"])
    listed = client.template.get_all_private_template()["template_list"]
    assert [one["template_id"] for one in listed] == [TEMPLATE]
    too_long = {**data, "thing3": {"value": "长" * 21}}
    with pytest.raises(WeChatClientException, match="47003"):
        client.message.send_template(bob, TEMPLATE, too_long)


def test_customer_service_sends_text_and_pictures(client: Client, bob: str, stage: Stage) -> None:
    uploaded = client.media.upload("image", png())
    client.message.send_text(bob, "您好")
    client.message.send_image(bob, uploaded["media_id"])
    lines = [line for line in stage.chat("Bob") if line["kind"] == "customer_service"]
    assert [line["msg_type"] for line in lines] == ["text", "image"]
    assert client.media.download(uploaded["media_id"]).content == png().getvalue()


def test_the_js_ticket_signs_a_page(client: Client, stage: Stage) -> None:
    ticket = client.jsapi.get_jsapi_ticket()
    url = "https://shop.example/p?id=1"
    signature = client.jsapi.get_jsapi_signature("abc", ticket, 1_700_000_000, url)
    asked = {"appid": SHOP, "nonceStr": "abc", "timestamp": 1_700_000_000, "signature": signature}
    checked = stage.control("POST", "/jssdk/check", url=f"{url}#part", **asked)
    assert checked["errMsg"] == "config:ok"
    wrong = stage.control("POST", "/jssdk/check", url=f"{url}&x=1", **asked)
    assert wrong["errMsg"] == "config:invalid signature"


def test_tags_and_callback_addresses(client: Client, bob: str) -> None:
    tag = client.tag.create("新客户")["id"]
    client.tag.tag_user(tag, bob)
    assert client.user.get(bob)["tagid_list"] == [tag]
    assert client.tag.get_tag_users(tag)["data"]["openid"] == [bob]
    assert client.misc.get_wechat_ips() == ["127.0.0.1"]


def test_the_web_page_learns_who_bob_is(stage: Stage) -> None:
    oauth = WeChatOAuth(SHOP, SECRET, "https://shop.example/in", "snsapi_userinfo", "s1")
    oauth.API_BASE_URL = f"{stage.base_url}/"
    oauth.OAUTH_BASE_URL = "/connect/"
    path = oauth.authorize_url.partition("#")[0]
    back = stage.raw("GET", path, headers={"Cookie": "sim_person=Bob"})
    target = urlsplit(back.headers["Location"])
    query = parse_qs(target.query)
    assert (target.hostname, query["state"]) == ("shop.example", ["s1"])

    tokens = oauth.fetch_access_token(query["code"][0])
    assert oauth.get_user_info()["nickname"] == "Bob"
    assert oauth.check_access_token()
    assert oauth.refresh_access_token(tokens["refresh_token"])["openid"] == tokens["openid"]


def test_a_mini_program_logs_in_sends_and_makes_codes(stage: Stage) -> None:
    stage.control("PUT", f"/accounts/{MINI}/templates/M1", title="发货", content="{{thing1.DATA}}")
    client = Client(MINI, stage.base_url)
    code = stage.act("Bob", "login", appid=MINI)["code"]
    session = stage.api(
        "GET",
        f"/sns/jscode2session?appid={MINI}&secret={SECRET}&js_code={code}"
        "&grant_type=authorization_code",
    )
    stage.act("Bob", "consent", appid=MINI, answers={"M1": "accept"})
    client.wxa.send_subscribe_message(session["openid"], "M1", {"thing1": {"value": "已发货"}})
    with pytest.raises(WeChatClientException, match="43101"):
        client.wxa.send_subscribe_message(session["openid"], "M1", {"thing1": {"value": "再"}})

    picture = client.wxa.get_wxa_code_unlimited("s=abc", page="pages/a").content
    launched = stage.act("Bob", "scan", image=base64.b64encode(picture).decode())
    assert (launched["opens"], launched["scene"]) == ("mini_program", "s=abc")


def test_a_stale_token_is_fetched_again(client: Client, bob: str, stage: Stage) -> None:
    assert client.user.get(bob)["subscribe"] == 1
    stage.control("POST", f"/accounts/{SHOP}/invalidate_tokens")
    assert client.user.get(bob)["subscribe"] == 1
