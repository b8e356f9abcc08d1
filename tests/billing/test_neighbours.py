"""Billing and SMS over the real transport, against their pretend neighbours."""

import pytest

from billing.client import Billing
from billing.values import Accepted, HandOver, Line, Refused, Unknown
from sms.gateway import HttpGateway
from tests.simulator.stage import Stage
from wechat.transport import Http
from wx_backend.errors import PlatformError

KEY = "1f8cfaad0c31339f0bbd230ec3e1a6b8"


def order(number: str = "OD260302A", paid_fen: int = 9_900) -> HandOver:
    line = Line(position=1, sku="SK1", quantity=1, paid_fen=paid_fen, prepaid_fen=0)
    return HandOver(order_number=number, outlet_code="SC1", lines=(line,))


@pytest.fixture
def transport() -> Http:
    return Http(read_seconds=1.0, total_seconds=2.0)


@pytest.fixture
def stage(wechat: Stage) -> Stage:
    """The pretend neighbours, sharing our key."""
    wechat.control("PUT", "/settings", billing_key=KEY)
    return wechat


@pytest.fixture
def billing(stage: Stage, transport: Http) -> Billing:
    return Billing(f"{stage.base_url}/billing", KEY, transport)


def test_repeat_has_the_same_receipt_and_activates_once(stage: Stage, billing: Billing) -> None:
    first, again = billing.hand_over(order()), billing.hand_over(order())

    assert isinstance(first, Accepted)
    assert first == again
    assert len(stage.facts("billing.order")) == 1


def test_number_used_for_another_order_is_refused(billing: Billing) -> None:
    billing.hand_over(order())

    assert isinstance(billing.hand_over(order(paid_fen=1)), Refused)


def test_lost_answer_is_unknown_until_asked_again(stage: Stage, billing: Billing) -> None:
    stage.control("PUT", "/settings", billing_mode="never")
    assert isinstance(billing.hand_over(order()), Unknown)

    stage.control("PUT", "/settings", billing_mode="ok")
    assert isinstance(billing.hand_over(order()), Accepted)
    assert len(stage.facts("billing.order")) == 1


def test_receipt_of_another_order_is_not_believed(stage: Stage, billing: Billing) -> None:
    stage.control("PUT", "/settings", billing_mode="wrong")

    assert billing.hand_over(order()) == Unknown("receipt_of_another_order")


def test_wrong_key_is_a_fault_of_ours(stage: Stage, transport: Http) -> None:
    with pytest.raises(PlatformError) as error:
        Billing(f"{stage.base_url}/billing", "another", transport).hand_over(order())

    assert error.value.permanent


def test_text_reaches_its_phone(stage: Stage, transport: Http) -> None:
    gateway = HttpGateway(f"{stage.base_url}/sms", transport)
    gateway.send(phone="13800138000", text="验证码 123456")

    (kept,) = stage.control("GET", "/sms?phone=13800138000")["sms"]
    assert kept["text"] == "验证码 123456"
