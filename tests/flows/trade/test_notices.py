"""Notices that are authentic and make no sense: kept for a person, never refused for ever."""

import json
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from flows.payment.notices import Arrived, read_notice, store_notice, work_off
from payments import notices
from payments.models import NoticeKind
from simulator import paykeys
from tests.flows.trade.market import Market, open_kinds, order_status, payments
from tests.simulator.conftest import Keys
from tests.simulator.stage import APIV3_KEY, MCHID, SHOP
from wechat.pay.merchant import NotAuthentic, Undecryptable
from wx_backend import clock, platform
from wx_backend.db import retried

Send = Callable[..., Arrived]


@pytest.fixture
def send(market: Market, keys: Keys) -> Send:
    """Deliver anything as WeChat Pay would sign and encrypt it."""

    def deliver(
        plain: dict[str, Any] | None, *, event: str = "TRANSACTION.SUCCESS", key: str = APIV3_KEY
    ) -> Arrived:
        nonce = secrets.token_hex(6)
        ciphertext = paykeys.encrypt_resource(
            key, nonce=nonce, associated="transaction", plain=json.dumps(plain).encode()
        )
        body = json.dumps(
            {
                "id": secrets.token_hex(16),
                "create_time": clock.now().isoformat(),
                "event_type": event,
                "resource_type": "encrypt-resource",
                "resource": {
                    "algorithm": "AEAD_AES_256_GCM",
                    "ciphertext": ciphertext,
                    "nonce": nonce,
                    "associated_data": "transaction",
                }
                if plain is not None
                else "none",
            }
        ).encode()
        return read_notice(signed(keys, body), body, now=clock.now())

    assert market.app.testing
    return deliver


def signed(keys: Keys, body: bytes) -> dict[str, str]:
    timestamp, nonce = str(int(clock.now().timestamp())), secrets.token_hex(16)
    message = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
    return {
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": next(iter(platform.merchant().platform_keys)),
        "Wechatpay-Signature": paykeys.sign(keys.platform, message),
    }


def keep(arrived: Arrived) -> bool:
    return retried(lambda: store_notice(arrived, now=clock.now()))


def work() -> None:
    for held in notices.claim(limit=10):
        assert notices.run(held, work_off)


def payment_of(number: str, **changed: Any) -> dict[str, Any]:
    return {
        "appid": SHOP,
        "mchid": MCHID,
        "out_trade_no": number,
        "transaction_id": "4200000001",
        "trade_state": "SUCCESS",
        "success_time": clock.now().isoformat(),
        "payer": {"openid": "oBob"},
        "amount": {"total": 199_900, "payer_total": 199_900, "currency": "CNY"},
        **changed,
    }


def test_an_authentic_notice_settles(market: Market, send: Send) -> None:
    order_id = market.order()
    market.sheet(order_id)
    arrived = send(payment_of(payments(order_id)[0].out_trade_no))
    assert arrived.kind is NoticeKind.PAYMENT
    assert keep(arrived)
    assert not keep(arrived)
    market.work_here()
    assert order_status(order_id) == "paid"


@pytest.mark.parametrize(
    "changed",
    [
        {"amount": {"total": 1, "payer_total": 1, "currency": "CNY"}},
        {"amount": {"total": 199_900, "payer_total": 199_900, "currency": "USD"}},
        {"mchid": "1900000110"},
        {"appid": "wx0000000000000000"},
    ],
)
def test_an_authentic_notice_that_does_not_fit_is_shown(
    market: Market, send: Send, changed: dict[str, Any]
) -> None:
    order_id = market.order()
    market.sheet(order_id)
    keep(send(payment_of(payments(order_id)[0].out_trade_no, **changed)))
    market.work_here()
    assert order_status(order_id) == "placed"
    assert open_kinds() == ["mismatch"]


def test_money_for_an_unknown_number_is_shown(send: Send) -> None:
    keep(send(payment_of("PY000000NOBODY")))
    work()
    assert open_kinds() == ["unknown_order"]


@pytest.mark.parametrize(
    ("plain", "event"),
    [
        ({"trade_state": "SUCCESS"}, "TRANSACTION.SUCCESS"),
        ({"anything": 1}, "COUPON.USE"),
        (None, "TRANSACTION.SUCCESS"),
    ],
)
def test_an_authentic_notice_nobody_can_read_is_kept_and_shown_once(
    send: Send, plain: dict[str, Any] | None, event: str
) -> None:
    arrived = send(plain, event=event)
    assert arrived.kind is NoticeKind.OTHER
    assert keep(arrived)
    assert not keep(arrived)
    work()
    assert open_kinds() == ["unreadable_notice"]


def test_a_notice_under_another_key_of_ours_comes_again(send: Send) -> None:
    with pytest.raises(Undecryptable):
        send(payment_of("PY000000NOBODY"), key="f" * 32)


def test_a_notice_mallory_signed_is_not_read(market: Market, keys: Keys) -> None:
    body = b'{"id":"EV-1"}'
    headers = signed(replace(keys, platform=keys.certificate), body)
    with pytest.raises(NotAuthentic):
        read_notice(headers, body, now=clock.now())
    assert market.app.testing
