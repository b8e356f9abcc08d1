"""The pretend real-name service: a person presses, a test decides, the word is signed."""

import json
import re
from urllib.parse import urlencode

import pytest

from billing.real_name import SIGNATURE_HEADER, TIME_HEADER, NotAuthentic, RealNameService
from tests.simulator.receiver import Receiver
from tests.simulator.stage import Stage
from wx_backend import clock

KEY = "shared-with-real-name"


@pytest.fixture(autouse=True)
def _known(stage: Stage, receiver: Receiver) -> None:
    stage.control(
        "PUT", "/settings", realname_key=KEY, realname_callback=f"{receiver.url}/decision"
    )


def service(stage: Stage) -> RealNameService:
    return RealNameService(f"{stage.base_url}/realname", KEY)


def opened(stage: Stage, link: str) -> tuple[int, str]:
    answer = stage.raw("GET", link.removeprefix(stage.base_url))
    return answer.status, answer.data.decode()


def words(receiver: Receiver) -> list[tuple[bytes, dict[str, str]]]:
    return [
        (each.body, dict(each.headers)) for each in receiver.received if each.path == "/decision"
    ]


def test_a_person_presses_and_the_shop_hears_it_signed(stage: Stage, receiver: Receiver) -> None:
    link = service(stage).link("RN1", back="https://wx.test/orders/OD1")
    status, page = opened(stage, link)
    assert (status, "运营商实名认证" in page) == (200, True)
    form = urlencode({"reference": "RN1", "decision": "refused"})
    pressed = stage.raw(
        "POST",
        "/realname/check",
        body=form,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert re.search("认证未通过", pressed.data.decode())
    stage.settle()
    [(raw, headers)] = words(receiver)
    said = service(stage).decision(raw, headers, now=clock.now())
    assert (said.reference, said.is_passed) == ("RN1", False)


def test_an_altered_link_opens_nothing(stage: Stage) -> None:
    link = service(stage).link("RN1", back="https://wx.test/orders/OD1")
    assert opened(stage, link.replace("RN1", "RN2"))[0] == 403
    assert stage.control("GET", "/real-names") == {"checks": []}
    missing = stage.raw(
        "POST", "/realname/check", fields={"reference": "RN9", "decision": "passed"}
    )
    assert missing.status == 404


def test_a_word_comes_twice_late_old_or_forged(stage: Stage, receiver: Receiver) -> None:
    decide = "/real-names/RN1/decide"
    stage.control("POST", decide, decision="passed", copies=2)
    stage.settle()
    first, second = words(receiver)
    assert first[0] == second[0]
    stage.control("POST", decide, decision="passed", forged=True)
    stage.control("POST", decide, decision="passed", age=600)
    stage.settle()
    for raw, headers in words(receiver)[2:]:
        assert {SIGNATURE_HEADER, TIME_HEADER} <= set(headers)
        with pytest.raises(NotAuthentic):
            service(stage).decision(raw, headers, now=clock.now())
    assert len(words(receiver)) == 4
    assert len({json.loads(raw)["decision_id"] for raw, _ in words(receiver)}) == 3


def test_what_is_no_decision_is_refused(stage: Stage) -> None:
    assert "passed" in stage.refused("POST", "/real-names/RN1/decide", decision="maybe")
