"""A pay-out is asked for under one number and believed when its state is final."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.wechat.doubles import ScriptedTransport, json_of
from tests.wechat.pay.platform import APPID, NOW, TRANSFER, answer, merchant
from wechat.pay.calls import Calls
from wechat.pay.transfers import (
    Accepted,
    Payout,
    cancel_transfer,
    create_transfer,
    query_transfer,
)
from wechat.transport import Response
from wx_backend.errors import PlatformError

BILLS = "/v3/fund-app/mch-transfer/transfer-bills"
GIVEN: dict[str, Any] = {
    "appid": APPID,
    "out_bill_no": "T1",
    "openid": "oAlice",
    "transfer_fen": 2000,
    "remark": "十一月佣金",
    "duty": "销售员",
    "reason": "十一月销售佣金",
    "notify_url": "https://m.example.com/pay/transfer",
}


@pytest.fixture
def transport() -> ScriptedTransport:
    return ScriptedTransport()


@pytest.fixture
def calls(transport: ScriptedTransport) -> Calls:
    return Calls(merchant(), transport, "http://127.0.0.1:9", lambda: NOW)


def test_a_payout_names_its_scene_and_its_two_reports(
    calls: Calls, transport: ScriptedTransport
) -> None:
    accepted = {
        "out_bill_no": "T1",
        "transfer_bill_no": "133",
        "create_time": "2026-11-21T20:00:00+08:00",
        "state": "WAIT_USER_CONFIRM",
        "package_info": "package-canary",
    }
    transport.on(BILLS, answer(accepted))
    told = create_transfer(calls, Payout(**GIVEN))
    at = datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert told == Accepted("T1", "133", "WAIT_USER_CONFIRM", "package-canary", at)
    assert "canary" not in repr(told)
    body = json_of(transport.sent[0])
    assert (body["transfer_scene_id"], body["transfer_amount"]) == ("1005", 2000)
    assert [info["info_type"] for info in body["transfer_scene_report_infos"]] == [
        "岗位类型",
        "报酬说明",
    ]


def test_a_transfer_is_queried_and_cancelled(calls: Calls, transport: ScriptedTransport) -> None:
    transport.on(
        f"{BILLS}/out-bill-no/T1", answer(TRANSFER), Response(404, {}, b'{"code":"NOT_FOUND"}')
    )
    transport.on(
        f"{BILLS}/out-bill-no/T1/cancel",
        answer({"out_bill_no": "T1", "state": "CANCELING"}),
        answer({}),
    )
    known = query_transfer(calls, "T1")
    assert known is not None
    assert (known.state, known.transfer_fen) == ("SUCCESS", 2000)
    assert query_transfer(calls, "T1") is None
    assert cancel_transfer(calls, "T1") == "CANCELING"
    with pytest.raises(PlatformError) as caught:
        cancel_transfer(calls, "T1")
    assert caught.value.unknown


def test_a_server_error_leaves_the_transfer_unknown(
    calls: Calls, transport: ScriptedTransport
) -> None:
    transport.on(BILLS, Response(500, {}, b'{"code":"SYSTEM_ERROR"}'))
    with pytest.raises(PlatformError) as caught:
        create_transfer(calls, Payout(**GIVEN))
    assert caught.value.unknown


@pytest.mark.parametrize(
    "changes", [{"out_bill_no": "T-1"}, {"out_bill_no": ""}, {"transfer_fen": 9}]
)
def test_a_payout_the_platform_would_refuse_is_not_sent(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"out_bill_no|fen"):
        Payout(**(GIVEN | changes))
