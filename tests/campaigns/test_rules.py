"""What may be said, which way a person is reached, when and how fast: rules as tables."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from campaigns.guard import findings, standing
from campaigns.models import CampaignClass, Reason, Way
from campaigns.rules import (
    Rate,
    Standing,
    Terms,
    budget,
    confidence,
    is_control,
    loud_at,
    minutes_for,
    shaped,
    tomorrow,
    variant_of,
    way_of,
    winner,
)
from campaigns.segments import Segment
from wx_backend.errors import BadInput

SERVICE, PROMOTION = CampaignClass.SERVICE, CampaignClass.PROMOTION
BOTH = (Way.SUBSCRIPTION, Way.CUSTOMER_SERVICE)
FINE = Standing(
    has_openid=True,
    is_followed=True,
    has_opted_out=False,
    has_event=True,
    consents=1,
    window=1,
    recent=0,
)


@pytest.mark.parametrize(
    ("klass", "text", "rule"),
    [
        (PROMOTION, "分享给好友即可领取话费", "share_reward"),
        (PROMOTION, "转发朋友圈送流量", "share_reward"),
        (PROMOTION, "赠送积分，记得分享", "share_reward"),
        (PROMOTION, "关注公众号得红包", "follow_reward"),
        (PROMOTION, "请好友帮我砍一刀", "help_games"),
        (PROMOTION, "集赞有礼", "help_games"),
        (PROMOTION, "邀请好友赚佣金", "recruiting"),
        (PROMOTION, "发展下线，按人头计酬", "recruiting"),
        (SERVICE, "春季促销", "marketing_words"),
        (SERVICE, "全场 8 折".replace(" ", ""), "marketing_words"),
        (SERVICE, "新品\n上市", "marketing_words"),
    ],
)
def test_what_the_platform_bans_is_found_with_its_rule(
    klass: CampaignClass, text: str, rule: str
) -> None:
    found = findings(klass, {"A 版 thing1": text})

    assert rule in {each.rule.name for each in found}
    assert all(each.where == "A 版 thing1" and each.words and each.rule.says for each in found)
    assert rule not in {each.rule.name for each in standing(found, {rule})}


@pytest.mark.parametrize(
    ("klass", "text"),
    [
        (PROMOTION, "春季满减，全场八折"),
        (PROMOTION, "新品上市，欢迎到店"),
        (SERVICE, "您的发票已开具"),
        (SERVICE, "您的套餐已开通，请查收"),
        (SERVICE, "包裹已到营业厅，请凭取货码领取"),
    ],
)
def test_what_is_allowed_is_let_through(klass: CampaignClass, text: str) -> None:
    assert findings(klass, {"A": text}) == []


@pytest.mark.parametrize(
    ("klass", "person", "way"),
    [
        (SERVICE, {}, Way.TEMPLATE),
        (SERVICE, {"has_event": False, "consents": 9}, Reason.NO_EVENT),
        (SERVICE, {"is_followed": False}, Reason.NOT_FOLLOWING),
        (PROMOTION, {}, Way.SUBSCRIPTION),
        (PROMOTION, {"is_followed": False}, Way.SUBSCRIPTION),
        (PROMOTION, {"consents": 0}, Way.CUSTOMER_SERVICE),
        (PROMOTION, {"consents": 0, "is_followed": False}, Reason.NO_CONSENT),
        (PROMOTION, {"consents": 0, "window": 0}, Reason.NO_CONSENT),
        (PROMOTION, {"has_opted_out": True}, Reason.OPTED_OUT),
        (SERVICE, {"has_opted_out": True}, Reason.OPTED_OUT),
        (PROMOTION, {"has_openid": False}, Reason.ERASED),
        (SERVICE, {"recent": 3}, Reason.FREQUENCY),
        (SERVICE, {"recent": 2}, Way.TEMPLATE),
    ],
)
def test_each_person_has_a_way_or_a_reason(
    klass: CampaignClass, person: dict[str, Any], way: Way | Reason
) -> None:
    assert way_of(replace(FINE, **person), Terms(klass, BOTH, cap_messages=3)) == way


def test_a_promotion_never_goes_by_template_message() -> None:
    terms = Terms(PROMOTION, (Way.CUSTOMER_SERVICE,), cap_messages=3)

    assert way_of(replace(FINE, window=0), terms) is Reason.NO_WAY


@pytest.mark.parametrize(
    ("now", "loud"),
    [
        ("2026-03-02T12:00+08:00", "2026-03-02T12:00+08:00"),
        ("2026-03-02T08:59+08:00", "2026-03-02T09:00+08:00"),
        ("2026-03-02T21:00+08:00", "2026-03-03T09:00+08:00"),
        ("2026-03-02T13:30+00:00", "2026-03-03T09:00+08:00"),
    ],
)
def test_nights_are_quiet(now: str, loud: str) -> None:
    assert loud_at(datetime.fromisoformat(now)) == datetime.fromisoformat(loud)


def test_days_begin_anew_in_shanghai() -> None:
    late = datetime.fromisoformat("2026-03-02T23:59+08:00")

    assert tomorrow(late) - late == timedelta(minutes=11)


def test_a_fifth_of_the_day_is_kept_and_a_backlog_slows_down() -> None:
    assert budget(daily_limit=100_000, remaining=100_000) == 80_000
    assert budget(daily_limit=100_000, remaining=19_999) == 0
    assert [shaped(100, waiting) for waiting in (0, 500, 501, 3_001)] == [100, 100, 50, 0]
    assert shaped(1, 6) == 1
    assert [minutes_for(count, 50) for count in (0, 1, 3_000, 3_001)] == [0, 1, 1, 2]


def test_lots_are_drawn_once_and_fairly() -> None:
    people = range(20_000)
    control = sum(is_control("CP1", each, 1_000) for each in people)
    variants = [variant_of("CP1", each, 3) for each in people]

    assert 1_850 < control < 2_150
    assert all(6_400 < variants.count(each) < 6_950 for each in range(3))
    assert [variant_of("CP1", each, 3) for each in people] == variants
    assert not any(is_control("CP1", each, 0) for each in people)
    assert [is_control("CP2", each, 5_000) for each in people[:64]] != [
        is_control("CP1", each, 5_000) for each in people[:64]
    ]


def test_a_winner_is_named_only_where_it_is_sure() -> None:
    assert winner([Rate(120, 1_000), Rate(60, 1_000)]) == 0
    assert winner([Rate(61, 1_000), Rate(60, 1_000)]) is None
    assert winner([Rate(0, 0), Rate(5, 10)]) is None
    assert winner([Rate(5, 10)]) is None
    # 120 and 60 of 1,000: pooled 0.09, z = 4.69, p = 0.0000028.
    assert confidence(Rate(120, 1_000), Rate(60, 1_000)) == pytest.approx(0.9999972, abs=1e-6)
    assert confidence(Rate(0, 10), Rate(0, 10)) == 0.0


def test_a_segment_says_only_what_it_asks_for_and_refuses_nonsense() -> None:
    segment = Segment(rep_number="RP1", seen_days=30, ordered="never")

    assert Segment.from_json(segment.as_json()) == segment
    assert segment.as_json() == {"rep_number": "RP1", "seen_days": 30, "ordered": "never"}
    for wrong in ({"sql": "1"}, {"seen_days": -1}, {"quiet_days": 9_999}, {"ordered": "maybe"}):
        with pytest.raises(BadInput):
            Segment.from_json(wrong)
