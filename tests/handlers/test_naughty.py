"""Texts that break careless programs in what accounts answer: rules and reps' names, read by the platform."""

import pytest
from flask import Flask

from menus.operations import BadRule, set_rule
from menus.rules import ReplyKind, Rule, Trigger
from tests.handlers.conftest import Desk, share_of_rep
from tests.handlers.platform import Platform, scan, text
from tests.naughty import NAUGHTY
from wechat.replies import clean
from wx_backend.db import transaction

NAME_MAX = 40
SEEN = [each for each in NAUGHTY if each.strip()]


@pytest.fixture
def ruled(app: Flask, city: Platform) -> Platform:
    """A rule for each of them: `第7句` is answered by the seventh."""
    assert app.testing
    appid = city.account.appid
    with transaction():
        for number, each in enumerate(SEEN):
            set_rule(
                appid=appid,
                rule=Rule(Trigger.EXACT, f"第{number}句", ReplyKind.TEXT, {"text": each}),
            )
            article = {"title": each, "url": "https://wx.test/p", "description": each}
            set_rule(
                appid=appid,
                rule=Rule(Trigger.EXACT, f"第{number}图", ReplyKind.NEWS, {"articles": [article]}),
            )
        by_rep = {"text": "您好", "text_by_rep": "您好，{rep}为您服务"}
        set_rule(appid=appid, rule=Rule(Trigger.SCAN, "", ReplyKind.TEXT, by_rep))
    return city


@pytest.mark.parametrize("text", [each for each in NAUGHTY if not each.strip()])
def test_a_text_of_nothing_to_see_is_refused(app: Flask, city: Platform, text: str) -> None:
    assert app.testing
    rule = Rule(Trigger.EXACT, "空", ReplyKind.TEXT, {"text": text})
    with pytest.raises(BadRule) as refusal, transaction():
        set_rule(appid=city.account.appid, rule=rule)
    assert refusal.value.message == "自动回复的设置有误"
    assert refusal.value.details


def test_every_text_of_a_rule_arrives(desk: Desk, ruled: Platform) -> None:
    for number, each in enumerate(SEEN):
        answer = desk(ruled.safe(text(f"第{number}句", number=number)))
        assert answer.status_code == 200
        said = ruled.opened(answer.data)
        assert (said["MsgType"], said["Content"]) == ("text", clean(each)), each


def test_every_title_of_an_article_arrives(desk: Desk, ruled: Platform) -> None:
    for number, each in enumerate(SEEN):
        said = ruled.opened(desk(ruled.safe(text(f"第{number}图", number=number))).data)
        article = said["Articles"]["item"]
        told = article[0] if isinstance(article, list) else article
        assert (told["Title"], told["Description"]) == (clean(each), clean(each)), each
        assert told["Url"] == "https://wx.test/p"


def test_a_rep_may_be_called_anything(desk: Desk, ruled: Platform) -> None:
    for number, each in enumerate(SEEN):
        share_of_rep(each[:NAME_MAX], scene=f"rep{number}", appid=ruled.account.appid)
    for number, each in enumerate(SEEN):
        said = ruled.opened(desk(ruled.safe(scan(f"rep{number}", at=1_795_233_600 + number))).data)
        assert said["Content"] == f"您好，{clean(each[:NAME_MAX])}为您服务"
