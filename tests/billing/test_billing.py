"""Handing orders over to billing, by a double and against the pretend neighbour."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from billing.client import API, SIGNATURE_HEADER, Billing, NotAuthentic, signature
from billing.values import Accepted, HandOver, Line, Received, Refused, Unknown
from tests.wechat.doubles import ScriptedTransport
from wechat.transport import Response
from wx_backend.errors import PlatformError
from wx_backend.strict import Malformed

KEY = "1f8cfaad0c31339f0bbd230ec3e1a6b8"
ORDER = HandOver(
    order_number="OD260302A",
    outlet_code="SC1",
    lines=(
        Line(
            position=1,
            sku="SK1",
            quantity=1,
            paid_fen=9_900,
            prepaid_fen=5_000,
            developer_code="D1",
            user_phone="13800138000",
        ),
    ),
)
RECEIPT = {
    "order_number": "OD260302A",
    "receipt_no": "BR1",
    "status": "accepted",
    "accepted_at": "2026-03-02T12:00:00+08:00",
}
ACCEPTED = Accepted(
    order_number="OD260302A",
    receipt_no="BR1",
    accepted_at=datetime(2026, 3, 2, 4, tzinfo=UTC),
)


@pytest.fixture
def network() -> ScriptedTransport:
    return ScriptedTransport()


@pytest.fixture
def billing(network: ScriptedTransport) -> Billing:
    return Billing("http://billing.test/billing", KEY, network)


def answered(network: ScriptedTransport, status: int, body: Any) -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    network.on("/billing/orders", Response(status, {}, raw))


def test_order_is_signed_and_its_receipt_read(billing: Billing, network: ScriptedTransport) -> None:
    answered(network, 200, RECEIPT)

    assert billing.hand_over(ORDER) == ACCEPTED
    (request,) = network.sent
    assert request.body is not None
    assert request.headers[SIGNATURE_HEADER] == signature(KEY, request.body)
    assert json.loads(request.body)["lines"][0]["paid_fen"] == 9_900


def test_repeat_sends_the_same_bytes(billing: Billing, network: ScriptedTransport) -> None:
    answered(network, 200, RECEIPT)
    for _ in range(2):
        billing.hand_over(ORDER)

    assert network.sent[0] == network.sent[1]


@pytest.mark.parametrize(
    ("status", "body", "answer"),
    [
        (202, {}, Received()),
        (409, {"error": "used"}, Refused("used")),
        (400, b"<html>", Refused("http_400")),
        (422, {}, Refused("http_422")),
        (500, {}, Unknown("http_500")),
        (302, {}, Unknown("http_302")),
        (200, b"", Unknown("unreadable_answer")),
        (200, RECEIPT | {"status": "received"}, Unknown("unreadable_answer")),
        (200, RECEIPT | {"accepted_at": "soon"}, Unknown("unreadable_answer")),
        (200, RECEIPT | {"receipt_no": 1}, Unknown("unreadable_answer")),
        (200, RECEIPT | {"order_number": "OD-X"}, Unknown("receipt_of_another_order")),
    ],
)
def test_every_answer_has_its_meaning(
    billing: Billing, network: ScriptedTransport, status: int, body: Any, answer: object
) -> None:
    answered(network, status, body)

    assert billing.hand_over(ORDER) == answer


def test_silence_is_not_taken_for_a_no(billing: Billing, network: ScriptedTransport) -> None:
    silence = PlatformError(API, "timeout", permanent=False, unknown=True)
    network.on("/billing/orders", silence)

    assert billing.hand_over(ORDER) == Unknown("timeout")


@pytest.mark.parametrize(
    "answer",
    [
        PlatformError(API, "cannot_connect", permanent=False),
        Response(401, {}, b"{}"),
    ],
)
def test_what_surely_was_not_taken_is_an_error(
    billing: Billing, network: ScriptedTransport, answer: Response | Exception
) -> None:
    network.on("/billing/orders", answer)

    with pytest.raises(PlatformError) as error:
        billing.hand_over(ORDER)
    assert not error.value.unknown


def test_receipt_sent_later_is_believed_only_when_signed(billing: Billing) -> None:
    raw = json.dumps(RECEIPT).encode()
    signed = signature(KEY, raw)

    assert billing.receipt(raw, signed) == ACCEPTED
    for forged in ("", signed.upper(), signature("mallory", raw), "签" * 64):
        with pytest.raises(NotAuthentic):
            billing.receipt(raw, forged)
    with pytest.raises(NotAuthentic):
        billing.receipt(raw + b" ", signed)
    with pytest.raises(Malformed):
        billing.receipt(b"{}", signature(KEY, b"{}"))


def test_nothing_shows_key_or_phone(billing: Billing) -> None:
    assert KEY not in repr(billing)
    assert "13800138000" not in repr(ORDER)
