"""Pay notices: believed only under WeChat Pay's signature, kept once, worked off by themselves."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client import REGISTRY
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from flows.payment.address import NOTICE_PATH
from payments.models import ExceptionItem, NoticeKind, Payment, PayNotice
from tests.catalog.shelf import put_on_shelf
from tests.handlers.conftest import Count
from tests.handlers.notices import Till, with_merchant
from tests.handlers.outages import HANGS_UP, Outage, table_locked
from tests.limits import within
from tests.orders.buyers import APPID as SHOP
from tests.orders.buyers import add_buyer
from tests.payments.till import Attempt, attempt_for, order_of
from tests.wechat.pay.platform import (
    KEY_ID,
    PAYMENT,
    certificate,
    sealed,
    signed,
)
from wx_backend import clock
from wx_backend.app import create_app
from wx_backend.config import BadConfig, Config, Mode, PlatformKey
from wx_backend.db import db

RunJobs = Callable[[], None]
Post = Callable[..., TestResponse]
FAIL = {"code": "FAIL", "message": "refused"}
PAID = sealed(PAYMENT, "TRANSACTION.SUCCESS")


@pytest.fixture
def config(config: Config, tmp_path: Path) -> Config:
    """With a merchant in public-key mode."""
    return with_merchant(config, tmp_path)


@pytest.fixture
def post(client: FlaskClient) -> Post:
    """Sends a notice, signed a moment ago unless told otherwise."""

    def send(raw: bytes = PAID, headers: dict[str, str] | None = None, **how: Any) -> TestResponse:
        if headers is None:
            headers = signed(raw, **{"at": clock.now(), **how})
        return client.post(NOTICE_PATH, data=raw, headers=headers)

    return send


def refusals(reason: str) -> float:
    return REGISTRY.get_sample_value("wx_pay_notices_total", {"outcome": reason}) or 0.0


@pytest.fixture
def attempt() -> Attempt:
    """Bob ordered a phone and is about to pay."""
    wares = put_on_shelf(units=50, phone_fen=9_900)
    return attempt_for(order_of(add_buyer("Bob"), wares))


@pytest.mark.usefixtures("app")
def test_a_notice_is_kept_answered_with_nothing_and_settled_later(
    post: Post, attempt: Attempt, run_jobs: RunJobs
) -> None:
    content = {**PAYMENT, "appid": SHOP, "out_trade_no": attempt.out_trade_no}
    raw = sealed(content, "TRANSACTION.SUCCESS")

    answers = [post(raw, nonce=f"n{number}") for number in range(3)]

    assert {(each.status_code, each.data) for each in answers} == {(204, b"")}
    kept = db.session.scalars(select(PayNotice)).one()
    assert (kept.kind, kept.status) == (NoticeKind.PAYMENT, "pending")
    run_jobs()
    db.session.rollback()
    payment = db.session.scalars(select(Payment)).one()
    assert (payment.status, payment.is_winner) == ("succeeded", True)


def test_a_notice_about_no_order_of_ours_is_kept_for_a_person(
    post: Post, run_jobs: RunJobs, count: Count
) -> None:
    assert post().status_code == 204
    run_jobs()

    assert db.session.scalars(select(PayNotice.status)).one() == "done"
    assert count(ExceptionItem) == 1


@pytest.mark.parametrize(
    ("forgery", "reason"),
    [
        ({"signer": "mallory"}, "signature"),
        ({"signer": "merchant"}, "signature"),
        ({"serial": "PUB_KEY_ID_0119999999992026112100000001"}, "serial"),
        ({"serial": certificate("retired")[0]}, "serial"),
        ({"minutes": -6}, "stale"),
        ({"minutes": 6}, "stale"),
    ],
)
def test_a_notice_nobody_vouches_for_is_refused_counted_and_not_kept(
    post: Post, count: Count, forgery: dict[str, Any], reason: str
) -> None:
    before = refusals(reason)
    minutes = forgery.get("minutes", 0)
    how = {k: v for k, v in forgery.items() if k != "minutes"}

    answer = post(at=clock.now() + timedelta(minutes=minutes), **how)

    assert (answer.status_code, answer.get_json()) == (401, FAIL)
    assert count(PayNotice) == 0
    assert refusals(reason) == before + 1
    assert post().status_code == 204


@pytest.mark.parametrize(
    "name", ["Wechatpay-Signature", "Wechatpay-Serial", "Wechatpay-Timestamp", "Wechatpay-Nonce"]
)
def test_a_notice_without_one_of_its_headers_is_refused(
    post: Post, count: Count, name: str
) -> None:
    headers = signed(PAID, at=clock.now())
    del headers[name]

    assert post(headers=headers).status_code == 401
    assert post(headers={"Host": "localhost", "X-Forwarded-For": "127.0.0.1"}).status_code == 401
    assert count(PayNotice) == 0


def test_one_changed_byte_is_refused(post: Post, count: Count) -> None:
    headers = signed(PAID, at=clock.now())
    for changed in (PAID + b" ", PAID.replace(b"EV-", b"EW-"), b"", PAID[:-1]):
        assert post(changed, headers).status_code == 401
    assert count(PayNotice) == 0


def test_a_probe_is_refused_like_any_bad_signature_and_counted_apart(
    post: Post, count: Count
) -> None:
    before = refusals("probe")
    headers = signed(PAID, at=clock.now())
    headers["Wechatpay-Signature"] = "WECHATPAY/SIGNTEST/" + headers["Wechatpay-Signature"][19:]

    answer = post(headers=headers)

    assert (answer.status_code, answer.get_json()) == (401, FAIL)
    assert refusals("probe") == before + 1
    assert count(PayNotice) == 0
    assert post().status_code == 204


def test_under_a_wrong_apiv3_key_the_notice_is_asked_for_again(post: Post, count: Count) -> None:
    raw = sealed(PAYMENT, "TRANSACTION.SUCCESS", apiv3_key=b"0" * 32)

    assert post(raw).status_code == 500
    assert count(PayNotice) == 0


@pytest.mark.parametrize("raw", [b"[]", b"not json", b"{}", sealed(b"[]", "TRANSACTION.SUCCESS")])
def test_an_authentic_notice_that_makes_no_sense_is_kept_once_for_a_person(
    post: Post, run_jobs: RunJobs, count: Count, raw: bytes
) -> None:
    for number in range(2):
        assert post(raw, nonce=f"n{number}").status_code == 204
    run_jobs()

    assert count(PayNotice) == 1


def test_a_large_notice_is_refused_unread(post: Post) -> None:
    assert post(b"x" * 70_000).status_code == 413


def test_without_the_table_the_notice_is_asked_for_again(
    post: Post,
) -> None:
    with db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE pay_notice RENAME TO away"))

    answer = post()

    assert (answer.status_code, answer.get_json()) == (503, {**FAIL, "message": "try again"})


def test_without_a_merchant_nothing_is_believed(config: Config) -> None:
    app = create_app(replace(config, pay=None))
    headers = signed(PAID, at=clock.now())

    answer = app.test_client().post(NOTICE_PATH, data=PAID, headers=headers)

    assert answer.status_code == 503
    with app.app_context():
        db.engine.dispose()


@pytest.mark.parametrize("fault", ["no key file", "no public key", "text", "another serial"])
def test_production_does_not_start_without_usable_keys(
    config: Config, tmp_path: Path, fault: str
) -> None:
    pay = config.pay
    assert pay is not None
    retired = tmp_path / "certificate.pem"
    retired.write_bytes(certificate("platform")[1])
    broken = {
        "no key file": {"private_key_file": tmp_path / "gone.pem"},
        "no public key": {"platform_keys": (PlatformKey(KEY_ID, tmp_path / "gone.pem"),)},
        "text": {"platform_keys": (PlatformKey(KEY_ID, pay.private_key_file),)},
        "another serial": {"platform_keys": (PlatformKey("A" * 40, retired),)},
    }[fault]
    service = replace(config.service, mode=Mode.PRODUCTION)

    with pytest.raises(BadConfig, match="pay") as caught:
        create_app(replace(config, service=service, pay=replace(pay, **broken)))  # type: ignore[arg-type]  # one field each

    assert "BEGIN" not in json.dumps(str(caught.value))


@pytest.mark.limits
@pytest.mark.parametrize("trouble", ["away", "locked"])
def test_a_notice_that_cannot_be_stored_in_time_is_to_come_again(
    app: Flask, config: Config, outage: Outage, count: Count, trouble: str
) -> None:
    till = Till(app)
    assert till.takes(number=1)
    with outage() if trouble == "away" else table_locked(config, "pay_notice"):
        answer = within(HANGS_UP - 1, lambda: till.post(number=2))
    assert (answer.status_code, answer.json) == (503, {"code": "FAIL", "message": "try again"})

    assert till.takes(number=2)
    assert count(PayNotice) == 2
