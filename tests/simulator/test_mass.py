"""Mass sends: repeats, the administrator's half hour, and the drafts they are made from."""

from typing import Any

import pytest

from tests.simulator.stage import SHOP, Stage

SEND = "/cgi-bin/message/mass/send"
ARTICLE = {"title": "春季好机", "content": "<p>到店看看</p>", "thumb_media_id": "cover"}


@pytest.fixture
def bob(stage: Stage) -> str:
    return str(stage.act("Bob", "follow", appid=SHOP)["openid"])


@pytest.fixture
def alice(stage: Stage) -> str:
    return str(stage.act("Alice", "follow", appid=SHOP)["openid"])


def send(stage: Stage, openids: list[str], /, **more: Any) -> dict[str, Any]:
    text = {"msgtype": "text", "text": {"content": "到店看看"}}
    return stage.call(SEND, touser=openids, **{**text, **more})


def finished(stage: Stage) -> list[dict[str, Any]]:
    """The events told at the end of mass sends."""
    facts = stage.facts("push.sent")
    return [each["fields"] for each in facts if each["name"] == "MASSSENDJOBFINISH"]


def test_a_repeat_is_one_job_for_a_day_and_tells_the_first_ones_number(
    stage: Stage, bob: str, alice: str
) -> None:
    first = send(stage, [bob, alice], clientmsgid="m1")
    assert send(stage, [bob, alice], clientmsgid="m1")["errcode"] == 45066
    stage.advance(61)
    repeated = send(stage, [bob, alice], clientmsgid="m1")
    assert (repeated["errcode"], repeated["msg_id"]) == (45065, first["msg_id"])
    assert send(stage, [bob, alice], clientmsgid="好" * 22)["errcode"] == 45067
    stage.advance(86_400)
    assert send(stage, [bob, alice], clientmsgid="m1")["errcode"] == 0


def test_without_an_id_the_same_words_to_the_same_people_are_a_repeat(
    stage: Stage, bob: str, alice: str
) -> None:
    assert send(stage, [bob, alice])["errcode"] == 0
    stage.advance(61)
    assert send(stage, [bob, alice])["errcode"] == 45065
    assert send(stage, [bob, alice], text={"content": "明天见"})["errcode"] == 0


def test_a_protected_account_waits_half_an_hour_for_its_administrator(
    stage: Stage, bob: str, alice: str
) -> None:
    stage.control("PUT", f"/accounts/{SHOP}", is_mass_protected=True)
    agreed, refused, ignored = (
        str(send(stage, [bob, alice], clientmsgid=f"m{number}")["msg_id"]) for number in range(3)
    )
    assert stage.chat("Bob") == []
    assert stage.call("/cgi-bin/message/mass/get", msg_id=agreed)["msg_status"] == "SENDING"
    stage.control("POST", f"/accounts/{SHOP}/mass/{agreed}", agrees=True)
    stage.control("POST", f"/accounts/{SHOP}/mass/{refused}", agrees=False)
    stage.advance(1_801)
    stage.settle()

    ends = {str(each["MsgID"]): (each["Status"], each["SentCount"]) for each in finished(stage)}
    assert ends == {
        agreed: ("send success", 2),
        refused: ("err(40001)", 0),
        ignored: ("err(40002)", 0),
    }
    assert [line["kind"] for line in stage.chat("Bob")] == ["mass"]
    stage.refused("POST", f"/accounts/{SHOP}/mass/{ignored}", agrees=True)


def test_an_article_is_sent_from_the_drafts_and_is_none_afterwards(
    stage: Stage, bob: str, alice: str
) -> None:
    stage.control("PUT", f"/accounts/{SHOP}/drafts/D1", **ARTICLE)
    listed = stage.call("/cgi-bin/draft/batchget", offset=0, count=10)
    assert [each["media_id"] for each in listed["item"]] == ["D1"]
    article = stage.call("/cgi-bin/draft/get", media_id="D1")["news_item"][0]
    made = stage.call("/cgi-bin/draft/add", articles=[article])["media_id"]
    news = {"msgtype": "mpnews", "mpnews": {"media_id": made}}
    assert send(stage, [bob, alice], **news)["errcode"] == 0
    assert send(stage, [bob, alice], clientmsgid="m2", **news)["errcode"] == 40007
    assert stage.call("/cgi-bin/draft/get", media_id="D1")["news_item"] == [ARTICLE]
    assert stage.chat("Bob")[0]["content"]["articles"][0]["title"] == "春季好机"


def test_a_draft_without_a_cover_or_words_is_refused(stage: Stage) -> None:
    add = "/cgi-bin/draft/add"
    assert stage.call(add, articles=[])["errcode"] == 45008
    assert stage.call(add, articles=[{**ARTICLE, "thumb_media_id": ""}])["errcode"] == 40007
    assert stage.call(add, articles=[{**ARTICLE, "content": ""}])["errcode"] == 44004
    assert stage.call(add, articles=[{**ARTICLE, "title": "长" * 65}])["errcode"] == 45003
    assert stage.call("/cgi-bin/draft/batchget", offset=0, count=21)["errcode"] == 40035
