"""Nothing a client sends makes the platform fall over: junk is refused in the platform's words."""

import itertools
import json
from typing import Any

import pytest

from simulator import paykeys
from simulator.api.calls import ENDPOINTS
from simulator.server import Running, create_app
from tests.simulator.conftest import Keys
from tests.simulator.stage import MCHID, MERCHANT_SERIAL, SHOP, Stage

JUNK: list[Any] = [None, True, 2**70, "长" * 3000, [1], [{}], {"x": 1}]
FIELDS = [
    "action_name",
    "action_info",
    "expire_seconds",
    "touser",
    "template_id",
    "data",
    "client_msg_id",
    "url",
    "button",
    "matchrule",
    "menuid",
    "user_id",
    "tag",
    "tagid",
    "openid_list",
    "openid",
    "user_list",
    "remark",
    "msgtype",
    "text",
    "image",
    "news",
    "filter",
    "clientmsgid",
    "msg_id",
    "cgi_path",
    "appid",
    "appsecret",
    "code",
    "scene",
    "page",
    "order_key",
    "logistics_type",
    "delivery_mode",
    "shipping_list",
    "payer",
    "upload_time",
    "template_id_short",
    "keyword_name_list",
    "grant_type",
]
PAY_FIELDS = [
    "appid",
    "mchid",
    "description",
    "out_trade_no",
    "notify_url",
    "amount",
    "payer",
    "time_expire",
    "attach",
    "scene_info",
    "transaction_id",
    "out_refund_no",
    "reason",
    "out_bill_no",
    "transfer_scene_id",
    "openid",
    "transfer_amount",
    "transfer_remark",
    "transfer_scene_report_infos",
    "user_name",
]
PAY_PATHS = (
    "/v3/pay/transactions/jsapi",
    "/v3/pay/transactions/h5",
    "/v3/pay/transactions/out-trade-no/A100001/close",
    "/v3/refund/domestic/refunds",
    "/v3/fund-app/mch-transfer/transfer-bills",
)


def bodies(fields: list[str], good: dict[str, Any]) -> list[dict[str, Any]]:
    """Good bodies with one nested field spoilt, and bodies of one kind of junk alone."""
    nested = [name for name, value in good.items() if not isinstance(value, str)]
    spoilt = [{**good, name: junk} for name, junk in itertools.product(nested, JUNK)]
    return [{}, *(dict.fromkeys(fields, junk) for junk in JUNK), *spoilt]


def test_every_call_survives_junk(stage: Stage, platform: Running) -> None:
    client = create_app(platform.world).test_client()
    stage.control("PUT", f"/accounts/{SHOP}/templates/T", content="{{thing1.DATA}}")
    bob = stage.act("Bob", "follow", appid=SHOP)["openid"]
    good = {
        "touser": bob,
        "template_id": "T",
        "data": {"thing1": {"value": "好"}},
        "button": [{"type": "click", "name": "积分", "key": "k"}],
        "msgtype": "text",
        "text": {"content": "好"},
        "filter": {"is_to_all": True},
        "tag": {"name": "t", "id": 101},
        "openid_list": [bob],
        "user_list": [{"openid": bob}],
        "action_name": "QR_STR_SCENE",
        "action_info": {"scene": {"scene_str": "a"}},
    }
    query = f"access_token={stage.token()}&openid={bob}"
    for path, body in itertools.product(ENDPOINTS, bodies(FIELDS, good)):
        answer = client.post(f"{path}?{query}", data=json.dumps(body))
        assert answer.status_code == 200, (path, body)


@pytest.mark.usefixtures("merchant")
def test_every_pay_call_survives_junk(stage: Stage, keys: Keys, platform: Running) -> None:
    bob = stage.act("Bob", "follow", appid=SHOP)["openid"]
    client = create_app(platform.world).test_client()
    good = {
        "appid": SHOP,
        "mchid": MCHID,
        "description": "手机",
        "out_trade_no": "A100001",
        "notify_url": "https://shop.example/n",
        "amount": {"total": 1, "refund": 1},
        "payer": {"openid": bob},
        "scene_info": {"payer_client_ip": "::1", "h5_info": {"type": "Wap"}},
        "out_refund_no": "R1",
        "out_bill_no": "T1",
        "openid": bob,
        "transfer_scene_id": "1000",
        "transfer_amount": 100,
        "transfer_remark": "x",
        "transfer_scene_report_infos": [{"info_type": "x", "info_content": "x"}],
    }
    for path, body in itertools.product(PAY_PATHS, bodies(PAY_FIELDS, good)):
        raw = json.dumps(body).encode()
        headers = signed(keys, int(platform.world.now()), path, raw)
        environ = {"REQUEST_URI": path}
        answer = client.post(path, data=raw, headers=headers, environ_overrides=environ)
        assert answer.status_code < 500, (path, body)


def signed(keys: Keys, timestamp: int, path: str, raw: bytes) -> dict[str, str]:
    message = f"POST\n{path}\n{timestamp}\nn\n".encode() + raw + b"\n"
    pairs = (
        f'mchid="{MCHID}",nonce_str="n",timestamp="{timestamp}",'
        f'serial_no="{MERCHANT_SERIAL}",signature="{paykeys.sign(keys.merchant, message)}"'
    )
    return {
        "Accept": "application/json",
        "User-Agent": "test",
        "Content-Type": "application/json",
        "Authorization": f"WECHATPAY2-SHA256-RSA2048 {pairs}",
    }
