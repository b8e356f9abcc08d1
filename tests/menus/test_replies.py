"""Which rule answers what, and rules an account sets for itself."""

from datetime import UTC, datetime
from time import thread_time
from typing import Any

import pytest
from flask import Flask

from menus.book import RuleBook
from menus.defaults import DEFAULT_RULES
from menus.operations import (
    BadRule,
    RuleTaken,
    add_rule,
    change_rule,
    move_rule,
    remove_rule,
    set_rule,
    switch_rule,
)
from menus.queries import own_rules, reply_rules, rules_revision
from menus.rules import ReplyKind, Rule, Trigger, filled, reply_of
from tests.limits import spends
from wechat import pushes, replies
from wx_backend.db import db, transaction
from wx_backend.errors import NotFound

CITY = "wx5ad0c1ee0a2b3f4d"
FROM_BOB: dict[str, Any] = {
    "to_user": "gh_c17yhall0001",
    "openid": "oBob",
    "created_at": datetime(2026, 3, 2, tzinfo=UTC),
}


def rule(trigger: Trigger, match: str, text: str, position: int = 0) -> Rule:
    return Rule(trigger, match, ReplyKind.TEXT, {"text": text}, position)


RULES = [
    rule(Trigger.DEFAULT, "", "default"),
    rule(Trigger.CONTAINS, "套餐", "second", 2),
    rule(Trigger.CONTAINS, "5G", "first", 1),
    rule(Trigger.EXACT, "5G套餐", "exact", 9),
    rule(Trigger.FOLLOW, "", "welcome"),
    rule(Trigger.FOLLOW, "desk7", "welcome at desk 7", 5),
    rule(Trigger.SCAN, "", "scanned"),
    rule(Trigger.CLICK, "HELP", "help"),
]


def text(content: str) -> pushes.Text:
    return pushes.Text(msg_type="text", msg_id="1", content=content, **FROM_BOB)


def follow(event_key: str = "") -> pushes.Subscribe:
    return pushes.Subscribe(msg_type="event", event="subscribe", event_key=event_key, **FROM_BOB)


def scan(event_key: str) -> pushes.Scan:
    return pushes.Scan(msg_type="event", event="SCAN", event_key=event_key, **FROM_BOB)


def click(event_key: str) -> pushes.Click:
    return pushes.Click(msg_type="event", event="CLICK", event_key=event_key, **FROM_BOB)


@pytest.mark.parametrize(
    ("push", "answer"),
    [
        (text("5G套餐"), "exact"),
        (text(" ５ｇ套餐 "), "exact"),
        (text("有5g套餐吗"), "first"),
        (text("有套餐吗"), "second"),
        (text("你好"), "default"),
        (text(""), "default"),
        (follow(), "welcome"),
        (follow("qrscene_desk7"), "welcome at desk 7"),
        (follow("qrscene_desk8"), "welcome"),
        (scan("desk7"), "scanned"),
        (click("HELP"), "help"),
        (pushes.Image(msg_type="image", msg_id="1", media_id="m", **FROM_BOB), "default"),
    ],
)
def test_closest_rule_answers(push: pushes.Push, answer: str) -> None:
    for rules in (RULES, RULES[::-1]):
        chosen = RuleBook(rules).answer(push)
        assert chosen is not None
        assert chosen.content["text"] == answer


@pytest.mark.parametrize(
    "push",
    [
        click("help"),
        pushes.View(msg_type="event", event="VIEW", event_key="https://x", **FROM_BOB),
        pushes.Unsubscribe(msg_type="event", event="unsubscribe", **FROM_BOB),
        pushes.Unknown(msg_type="hologram", **FROM_BOB),
    ],
)
def test_what_asks_nothing_is_not_answered(push: pushes.Push) -> None:
    assert RuleBook(RULES).answer(push) is None


def test_hostile_text_costs_no_more_than_its_length() -> None:
    rules = [rule(Trigger.CONTAINS, "a" * 60 + "b", str(number)) for number in range(50)]
    with spends(2, clock=thread_time):
        assert RuleBook(rules).answer(text("a" * 20_000)) is None


@pytest.mark.parametrize(
    ("template", "written"),
    [
        ("我是{rep}", "我是{outlet}"),
        ("{rep}{rep}", "{outlet}{outlet}"),
        ("{nobody} {", "{nobody} {"),
        ("{{rep}}", "{{outlet}}"),
        ("{rep", "{rep"),
        ("", ""),
    ],
)
def test_values_are_put_in_once(template: str, written: str) -> None:
    assert filled(template, {"rep": "{outlet}", "outlet": "x"}) == written


def test_every_kind_of_rule_makes_its_reply() -> None:
    values = {"showroom": "https://x/s/1", "rep": "爱丽丝"}
    article = {"title": "{rep}的展厅", "url": "{showroom}"}
    made = [
        reply_of(Rule(Trigger.FOLLOW, "", kind, content), values)
        for kind, content in (
            (ReplyKind.TEXT, {"text": "我是{rep}"}),
            (ReplyKind.IMAGE, {"media_id": "m"}),
            (ReplyKind.NEWS, {"articles": [article]}),
            (ReplyKind.TRANSFER, {}),
            (ReplyKind.SILENCE, {}),
        )
    ]

    assert made == [
        replies.Text("我是爱丽丝"),
        replies.Image("m"),
        replies.News((replies.Article(title="爱丽丝的展厅", url="https://x/s/1"),)),
        replies.TransferToCustomerService(),
        None,
    ]


def test_welcome_names_the_rep_where_there_is_one() -> None:
    welcome = RuleBook(DEFAULT_RULES).answer(follow())
    assert welcome is not None
    named = reply_of(
        welcome, {"rep": "爱丽丝", "outlet": "天河营业厅", "showroom": "https://x/s/1"}
    )
    plain = reply_of(welcome, {})

    assert isinstance(named, replies.Text)
    assert isinstance(plain, replies.Text)
    assert "天河营业厅的爱丽丝" in named.text
    assert 'href="https://x/s/1"' in named.text
    assert "{" not in named.text + plain.text


@pytest.mark.parametrize("word", ["人工", "我要投诉你们", "我的订单呢", "退款", "什么都不是"])
def test_defaults_answer_everybody(word: str) -> None:
    chosen = RuleBook(DEFAULT_RULES).answer(text(word))
    assert chosen is not None
    assert reply_of(chosen, {}) is not None


def test_own_rule_goes_before_the_default_and_back(app: Flask) -> None:
    assert app.testing
    assert reply_rules(CITY) == list(DEFAULT_RULES)
    with transaction():
        for words in ("旧", "新"):
            set_rule(appid=CITY, rule=rule(Trigger.FOLLOW, "", words))

    chosen = RuleBook(reply_rules(CITY)).answer(follow())
    assert chosen is not None
    assert chosen.content == {"text": "新"}
    assert reply_rules("wxOther") == list(DEFAULT_RULES)
    with transaction():
        remove_rule(appid=CITY, rule_id=own_rules(CITY)[0].id)
    assert reply_rules(CITY) == list(DEFAULT_RULES)


def test_rules_are_ordered_switched_and_changed(app: Flask) -> None:
    assert app.testing
    with transaction():
        for word in ("套餐", "5G", "宽带"):
            add_rule(appid=CITY, rule=rule(Trigger.CONTAINS, word, word))
    seen = [rules_revision(CITY)]

    def answer() -> str:
        db.session.rollback()
        seen.append(rules_revision(CITY))
        chosen = RuleBook(reply_rules(CITY)).answer(text("宽带和5G套餐"))
        assert chosen
        return str(chosen.content["text"])

    assert answer() == "套餐"
    first, second, third = (row.id for row in own_rules(CITY))
    with transaction():
        move_rule(appid=CITY, rule_id=third, by=-1)
        move_rule(appid=CITY, rule_id=third, by=-1)
        move_rule(appid=CITY, rule_id=third, by=-1)
    assert answer() == "宽带"
    with transaction():
        switch_rule(appid=CITY, rule_id=third, is_active=False)
    assert answer() == "套餐"
    with transaction():
        change_rule(appid=CITY, rule_id=first, rule=rule(Trigger.CONTAINS, "流量", "流量"))
    assert answer() == "5G"
    assert seen[1:] == sorted(set(seen[1:]))
    with pytest.raises(RuleTaken), transaction():
        change_rule(appid=CITY, rule_id=second, rule=rule(Trigger.CONTAINS, "流量", "x"))
    with pytest.raises(RuleTaken), transaction():
        add_rule(appid=CITY, rule=rule(Trigger.CONTAINS, "5G", "x"))
    for foreign in (first, 404):
        with pytest.raises(NotFound), transaction():
            switch_rule(appid="wxOther", rule_id=foreign, is_active=True)


ARTICLE = {"title": "新品", "url": "https://x"}


@pytest.mark.parametrize(
    ("trigger", "match", "kind", "content", "fault"),
    [
        (Trigger.CONTAINS, "", ReplyKind.SILENCE, {}, "match"),
        (Trigger.EXACT, " ", ReplyKind.SILENCE, {}, "match"),
        (Trigger.CLICK, "x" * 129, ReplyKind.SILENCE, {}, "match"),
        (Trigger.DEFAULT, "x", ReplyKind.SILENCE, {}, "match"),
        (Trigger.FOLLOW, "", ReplyKind.TEXT, {}, "content"),
        (Trigger.FOLLOW, "", ReplyKind.TEXT, {"text": " "}, "content"),
        (Trigger.FOLLOW, "", ReplyKind.TEXT, {"text": "字" * 683}, "content"),
        (Trigger.FOLLOW, "", ReplyKind.IMAGE, {"media_id": ""}, "content"),
        (Trigger.FOLLOW, "", ReplyKind.NEWS, {"articles": [ARTICLE] * 9}, "content"),
        (Trigger.DEFAULT, "", ReplyKind.NEWS, {"articles": [ARTICLE] * 2}, "content"),
        (Trigger.FOLLOW, "", ReplyKind.NEWS, {"articles": []}, "content"),
        (Trigger.FOLLOW, "", ReplyKind.NEWS, {"articles": ["x"]}, "content"),
        (
            Trigger.FOLLOW,
            "",
            ReplyKind.NEWS,
            {"articles": [{"title": "x", "url": "javascript:1"}]},
            "content",
        ),
        (Trigger.FOLLOW, "", ReplyKind.TRANSFER, {"account": 1}, "content"),
    ],
)
def test_rule_that_could_not_work_is_refused(
    trigger: Trigger, match: str, kind: ReplyKind, content: dict[str, Any], fault: str
) -> None:
    with pytest.raises(BadRule) as refusal:
        set_rule(appid=CITY, rule=Rule(trigger, match, kind, content))

    assert list(refusal.value.details) == [fault]


def test_every_kind_of_rule_can_be_set(app: Flask) -> None:
    assert app.testing
    with transaction():
        for kind, content in (
            (ReplyKind.IMAGE, {"media_id": "m"}),
            (ReplyKind.NEWS, {"articles": [ARTICLE]}),
            (ReplyKind.TRANSFER, {"account": "kf@city"}),
            (ReplyKind.SILENCE, {}),
        ):
            set_rule(appid=CITY, rule=Rule(Trigger.EXACT, kind, kind, content))

    own = [each for each in reply_rules(CITY) if each not in DEFAULT_RULES]
    assert {each.kind for each in own} == set(ReplyKind) - {ReplyKind.TEXT}
