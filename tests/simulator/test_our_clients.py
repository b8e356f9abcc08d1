"""The service's own codec and clients against the simulator: each is the other's second opinion."""

import base64
from datetime import UTC, date, datetime
from io import BytesIO
from urllib.parse import parse_qs, urlsplit

import pytest

from simulator.clock import shanghai_day
from simulator.server import Running
from tests.simulator.conftest import Keys
from tests.simulator.receiver import Answer, Received, Receiver
from tests.simulator.stage import (
    AES_KEY,
    APIV3_KEY,
    MCHID,
    MERCHANT_SERIAL,
    SECRET,
    SHOP,
    TOKEN,
    Stage,
)
from wechat import events, pushes, replies
from wechat.client import Client, access_token_keeper
from wechat.codec import Codec
from wechat.pay.bill_rows import fund_rows, trade_rows
from wechat.pay.bills import BillKind, fetch_bill, opened
from wechat.pay.calls import Calls
from wechat.pay.client import Order, PayClient
from wechat.pay.merchant import Merchant, NotAuthentic
from wechat.pay.notices import AnyNotice, PaymentNotice, RefundNotice, notice
from wechat.tokens import MemoryTokenStore
from wechat.transport import Http
from wx_backend.errors import PlatformError

CODEC = Codec(SHOP, TOKEN, (AES_KEY,))
DAY = 86_400
EVERY_REPLY = [
    replies.Text("欢迎 ]]> <b>&"),
    replies.News((replies.Article("标题", "说明", "https://a.b/c.jpg", "https://a.b/"),)),
    replies.TransferToCustomerService(),
]


def read(push: Received) -> pushes.Push:
    query = push.query
    opened = CODEC.open(
        push.body,
        timestamp=query["timestamp"],
        nonce=query["nonce"],
        msg_signature=query["msg_signature"],
    )
    return events.parse(events.fields(opened.plain))


@pytest.fixture
def client(stage: Stage, platform: Running) -> Client:
    def now() -> datetime:
        return datetime.fromtimestamp(platform.world.now(), UTC)

    keeper = access_token_keeper(
        appid=SHOP,
        secret=SECRET,
        store=MemoryTokenStore(),
        transport=Http(),
        base_url=stage.base_url,
        now=now,
    )
    return Client(SHOP, SECRET, keeper, Http(), stage.base_url, stage.base_url)


@pytest.fixture
def calls(platform: Running, stage: Stage, keys: Keys, merchant: dict[str, str]) -> Calls:
    def now() -> datetime:
        return datetime.fromtimestamp(platform.world.now(), UTC)

    public_keys = {merchant["platform_public_key_id"]: merchant["platform_public_key"].encode()}
    ours = Merchant.load(
        mchid=MCHID,
        serial=MERCHANT_SERIAL,
        private_key_pem=keys.merchant.encode(),
        apiv3_key=APIV3_KEY.encode(),
        public_keys=public_keys,
    )
    return Calls(ours, Http(), stage.base_url, now)


@pytest.mark.parametrize("form", ["xml", "json"])
def test_every_push_is_understood(stage: Stage, receiver: Receiver, form: str) -> None:
    stage.control("PUT", f"/accounts/{SHOP}", format=form)
    stage.control("PUT", f"/accounts/{SHOP}/templates/T", content="{{thing1.DATA}}")
    buttons = [
        {"type": kind, "name": kind[:12], "key": kind}
        for kind in ("click", "scancode_waitmsg", "pic_weixin")
    ]
    stage.call("/cgi-bin/menu/create", button=buttons)
    picture = base64.b64encode(b"jpeg").decode()
    for act, arguments in (
        ("follow", {}),
        ("say", {"text": "你好"}),
        ("send_image", {"image": picture}),
        ("send_voice", {"voice": picture}),
        ("send_video", {"video": picture}),
        ("send_location", {"label": "营业厅"}),
        ("send_link", {"title": "手机", "url": "https://a.b/"}),
        ("enter", {}),
        ("tap", {"button": "click"}),
        ("tap", {"button": "scancode_waitmsg", "scanned": "x"}),
        ("tap", {"button": "pic_weixin", "count": 2}),
        ("consent", {"answers": {"T": "accept"}}),
        ("refuse", {"template_ids": ["T"]}),
        ("revoke", {}),
        ("be_cleaned", {}),
        ("unfollow", {}),
        ("close_account", {}),
    ):
        stage.act("Bob", act, appid=SHOP, **arguments)
    kinds = [type(read(push)) for push in receiver.received]
    assert kinds == [
        pushes.Subscribe,
        pushes.Text,
        pushes.Image,
        pushes.Voice,
        pushes.Video,
        pushes.Location,
        pushes.Link,
        pushes.ReportedLocation,
        pushes.Click,
        pushes.MenuScan,
        pushes.MenuPictures,
        pushes.SubscriptionChoices,
        pushes.SubscriptionChoices,
        pushes.DataWithdrawn,
        pushes.ProfileCleaned,
        pushes.Unsubscribe,
        pushes.DataWithdrawn,
    ]


@pytest.mark.parametrize("form", ["xml", "json"])
@pytest.mark.parametrize("reply", EVERY_REPLY, ids=lambda reply: reply.msg_type)
def test_every_reply_is_shown(
    stage: Stage, receiver: Receiver, form: str, reply: replies.Reply
) -> None:
    stage.control("PUT", f"/accounts/{SHOP}", format=form)
    stage.act("Bob", "follow", appid=SHOP)

    def answer(push: Received) -> Answer:
        addressed = reply.to(read(push))
        plain = addressed.xml() if form == "xml" else addressed.json()
        is_json = form == "json"
        return 200, CODEC.seal(plain, timestamp=1, nonce="n", is_json=is_json)

    receiver.answer = answer
    stage.act("Bob", "say", appid=SHOP, text="你好")
    shown = stage.chat("Bob")[-1]
    assert (shown["kind"], shown["msg_type"]) == ("passive", reply.msg_type)
    if isinstance(reply, replies.Text):
        assert shown["content"] == {"content": "欢迎 ]]> <b>&"}


def test_our_client_makes_codes_menus_and_messages(client: Client, stage: Stage) -> None:
    code = client.create_qr("Sabc", expire_seconds=None)
    bob = stage.act("Bob", "scan", url=code.url)["openid"]
    assert client.user_info(bob).openid == bob
    client.create_menu([{"type": "click", "name": "积分", "key": "points"}])
    assert client.menu()
    client.send_text(bob, "您好")
    uploaded = client.upload_media("image", "a.jpg", b"jpeg", "image/jpeg")
    client.send_image(bob, uploaded.media_id)
    stage.control("PUT", f"/accounts/{SHOP}/templates/T", content="{{thing1.DATA}}")
    client.send_template(openid=bob, template_id="T", data={"thing1": "畅享"}, client_msg_id="c1")
    kinds = [line["kind"] for line in stage.chat("Bob")]
    assert kinds == ["customer_service", "customer_service", "template"]
    stage.control("POST", f"/accounts/{SHOP}/invalidate_tokens")
    assert client.user_info(bob).openid == bob
    assert client.quota("/cgi-bin/user/info").used >= 2
    with pytest.raises(PlatformError, match="40003"):
        client.user_info("oNobody")


def test_our_client_learns_who_opened_the_page(client: Client, stage: Stage) -> None:
    url = client.authorize_url("https://shop.example/in", "s1", "snsapi_userinfo")
    path = url.removeprefix(stage.base_url).partition("#")[0]
    back = stage.raw("GET", path, headers={"Cookie": "sim_person=Bob"})
    code = parse_qs(urlsplit(back.headers["Location"]).query)["code"][0]
    known = client.exchange_code(code)
    assert client.web_user(known).openid == known.openid


def test_our_client_takes_money_and_gives_it_back(
    calls: Calls, stage: Stage, receiver: Receiver, platform: Running
) -> None:
    bob = stage.act("Bob", "follow", appid=SHOP)["openid"]
    pay, url = PayClient(calls), f"{receiver.url}/notice"
    order = Order(
        appid=SHOP,
        out_trade_no="A100001",
        description="畅享套餐",
        total_fen=9900,
        notify_url=url,
    )
    assert pay.query("A100001") is None
    prepay_id = pay.jsapi_prepay(order, openid=bob)
    seconds = int(platform.world.now())
    sheet = pay.pay_sign(appid=SHOP, prepay_id=prepay_id, timestamp=seconds)
    assert stage.act("Bob", "pay", **sheet)["err_msg"].endswith(":ok")
    found = pay.query("A100001")
    assert found
    assert found.paid

    pay.refund(
        out_trade_no="A100001",
        out_refund_no="R1",
        refund_fen=900,
        total_fen=9900,
        notify_url=url,
    )
    stage.settle()
    paid, refunded = (told(calls, one) for one in receiver.at("/notice"))
    assert isinstance(paid, PaymentNotice)
    assert isinstance(refunded, RefundNotice)

    day = date.fromisoformat(shanghai_day(platform.world.now()))
    stage.advance(2 * DAY)
    trade, flow = (fetch_bill(calls, kind, day) for kind in BillKind)
    assert trade
    with opened(BytesIO(trade.packed)) as lines:
        assert [row.order_fen - row.refund_fen for row in trade_rows(lines)] == [9900, -900]
    assert flow
    with opened(BytesIO(flow.packed)) as lines:
        assert [row.balance_fen for row in fund_rows(lines)] == [9900, 9841, 8946]


def told(calls: Calls, got: Received) -> AnyNotice:
    return notice(calls.merchant, got.headers, got.body, now=calls.now())


@pytest.mark.parametrize("knob", ["bad_signature", "signtest"])
def test_a_spoiled_notice_is_refused_and_comes_again(
    calls: Calls, stage: Stage, receiver: Receiver, platform: Running, knob: str
) -> None:
    def answer(got: Received) -> Answer:
        try:
            told(calls, got)
        except NotAuthentic:
            return 401, b'{"code": "FAIL"}'
        return 204, b""

    receiver.answer = answer
    stage.chaos("notice:*", knob)
    stage.control("PUT", "/settings", time_scale=0.001)
    bob = stage.act("Bob", "follow", appid=SHOP)["openid"]
    pay = PayClient(calls)
    order = Order(
        appid=SHOP,
        out_trade_no="A100001",
        description="手机",
        total_fen=1,
        notify_url=f"{receiver.url}/notice",
    )
    prepay_id = pay.jsapi_prepay(order, openid=bob)
    seconds = int(platform.world.now())
    stage.act("Bob", "pay", **pay.pay_sign(appid=SHOP, prepay_id=prepay_id, timestamp=seconds))
    stage.settle()
    outcomes = [fact["outcome"] for fact in stage.facts("notice.sent")]
    assert outcomes == ["HTTP 401", "accepted"]
