"""The page that asks for consent to notices: what it offers, and that WeChat's word counts alone."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from templates_msg.library import Listed, TooManyAsked, ask_for, note_library
from templates_msg.models import MessageKind
from tests.simulator.stage import Stage
from tests.storefront.conftest import Phones
from tests.storefront.mall import Mall
from tests.storefront.phone import Phone
from wx_backend import clock
from wx_backend.config import Config
from wx_backend.db import transaction

CONTENT = "活动：{{thing1.DATA}}\n时间：{{time2.DATA}}"


@dataclass(frozen=True, slots=True)
class Offered:
    """The account, and somebody signed in on it."""

    appid: str
    bob: Phone


@pytest.fixture
def offered(mall: Mall, config: Config, wechat: Stage, phone_of: Phones, served: str) -> Offered:
    """An account with four notices, of which one is asked for."""
    assert mall
    assert served
    appid = config.accounts[0].appid
    with transaction():
        listed = [Listed(f"SUB{n}", f"提醒{n}", CONTENT) for n in range(4)]
        note_library(appid=appid, kind=MessageKind.SUBSCRIPTION, listed=listed, now=clock.now())
        ask_for(appid, "SUB1", is_asked=True)
    template = f"/accounts/{appid}/templates/SUB1"
    wechat.control("PUT", template, title="提醒1", content=CONTENT, is_subscription=True)
    bob = phone_of("Bob")
    bob.sign_in()
    return Offered(appid, bob)


def agreed(phone: Phone) -> list[tuple[str, int]]:
    answer = phone.get("/api/notices", Accept="application/json").get_json()
    return [(each["template_id"], each["agreed"]) for each in answer["notices"]]


def test_the_page_shows_what_is_asked_for_with_wechats_own_button(offered: Offered) -> None:
    page = offered.bob.get("/notices")

    assert '<wx-open-subscribe template="SUB1">' in page.text
    assert "活动、时间" in page.text
    assert "未订阅" in page.text
    assert "提醒2" not in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "frame-src https://*.qq.com webcompt:" in policy
    assert "frame-src" not in offered.bob.get("/").headers["Content-Security-Policy"]


def test_what_wechat_tells_of_the_pop_up_is_what_counts(
    offered: Offered, wechat: Stage, run_jobs: Callable[[], None]
) -> None:
    assert agreed(offered.bob) == [("SUB1", 0)]
    for _ in range(2):
        wechat.act("Bob", "consent", appid=offered.appid, answers={"SUB1": "accept"})
        wechat.advance(2)  # two pop-ups in one second look like one that is told twice
    run_jobs()
    assert agreed(offered.bob) == [("SUB1", 2)]
    assert "还可收到 2 条" in offered.bob.get("/notices").text
    wechat.act("Bob", "refuse", appid=offered.appid, template_ids=["SUB1"])
    run_jobs()

    assert agreed(offered.bob) == [("SUB1", 0)]


def test_no_more_is_asked_for_at_once_than_an_older_wechat_shows(offered: Offered) -> None:
    with transaction():
        ask_for(offered.appid, "SUB2", is_asked=True)
        ask_for(offered.appid, "SUB3", is_asked=True)
    with transaction(), pytest.raises(TooManyAsked):
        ask_for(offered.appid, "SUB0", is_asked=True)

    assert 'template="SUB1,SUB2,SUB3"' in offered.bob.get("/notices").text


def test_whoever_is_not_known_is_sent_to_the_sign_in(mall: Mall, phone_of: Phones) -> None:
    assert mall
    dave = phone_of("Dave")
    assert dave.get("/notices").headers["Location"].startswith("/login")
    assert dave.get("/api/notices", Accept="application/json").status_code == 401
    assert "现在没有可以订阅的通知" in dave.sign_in("/notices").text
