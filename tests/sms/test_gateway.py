"""Texts through a gateway."""

import pytest

from sms.gateway import HttpGateway
from sms.port import SmsPort
from tests.wechat.doubles import ScriptedTransport, json_of
from wechat.transport import Response
from wx_backend.errors import PlatformError


@pytest.fixture
def network() -> ScriptedTransport:
    return ScriptedTransport()


@pytest.fixture
def gateway(network: ScriptedTransport) -> SmsPort:
    return HttpGateway("http://sms.test/sms", network)


def test_text_is_sent(gateway: SmsPort, network: ScriptedTransport) -> None:
    network.on("/sms/send", {"id": 7, "status": "sent"})

    assert gateway.send(phone="13800138000", text="验证码 123456") == "7"
    assert json_of(network.sent[0]) == {"phone": "13800138000", "text": "验证码 123456"}


@pytest.mark.parametrize(
    ("answer", "permanent", "unknown"),
    [
        (Response(400, {}, b"{}"), True, False),
        (Response(429, {}, b"{}"), False, False),
        (Response(503, {}, b"{}"), False, True),
        (Response(200, {}, b"ok"), False, True),
        (Response(200, {}, b'{"id": true}'), False, True),
    ],
)
def test_refusal_says_whether_it_may_have_been_sent(
    gateway: SmsPort,
    network: ScriptedTransport,
    answer: Response,
    permanent: bool,
    unknown: bool,
) -> None:
    network.on("/sms/send", answer)

    with pytest.raises(PlatformError) as error:
        gateway.send(phone="13800138000", text="x")
    assert (error.value.permanent, error.value.unknown) == (permanent, unknown)
    assert "13800138000" not in str(error.value)
