"""What may be said, which way a person is reached, when and how fast: rules as tables."""

import time
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


ORDINARY = (
    "押金100元已返还至您的账户",
    "话费返还已到账，请查收",
    "合约期内话费按月返还",
    "您的订单已配送，预计明日送达",
    "不限量套餐已生效",
    "本月流量已满100G，网速降低",
    "流量已超限，已为您减速",
    "套餐流量可分享给副卡使用",
    "您的分享链接可在“我的”里查看",
    "请持续关注您的话费余额",
    "感谢您的关注，发票已开具",
    "旧套餐下线通知：3月31日停用",
    "您办理的4G套餐已下线",
    "师傅将为您家拉新线路",
    "委内瑞拉新增国际漫游",
    "游戏加速包已开通",
    "宽带加速已生效",
    "如需帮忙，请点击联系客服",
    "感谢您帮助我们改进服务",
    "集团客户专线已开通",
    "项目集成团队将与您联系",
    "收集卡片信息用于补卡",
    "避免单向收费，请核对账单",
    "Mate X3 折叠屏手机已发货",
    "您的推荐人是王爱丽",
    "如有疑问请联系营业厅，我们将提供帮助。力争当日答复",
    "充值100元已到账",
    "充电器已送达营业厅",
    "请返回营业厅领取身份证复印件",
    "请为本次服务投票评分",
)
"""What operators tell their customers every day, with words of the rules inside other words."""


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
        (PROMOTION, "分享，领话费", "share_reward"),
        (PROMOTION, "分 享 领 红 包", "share_reward"),
        (PROMOTION, "分\u200b享\ufe0f领·红*包", "share_reward"),
        (PROMOTION, "分\u3164享领🎁红包", "share_reward"),
        (PROMOTION, "⼀键分享，⽴减20元", "share_reward"),
        (PROMOTION, "分享后免单", "share_reward"),
        (PROMOTION, "发到朋友圈，凭截图换礼品", "share_reward"),
        (PROMOTION, "分享到群后解锁隐藏价", "share_unlock"),
        (PROMOTION, "分享给3位好友即可解锁", "share_unlock"),
        (PROMOTION, "转发后即可查看", "share_unlock"),
        (PROMOTION, "转发朋友圈，才能参与", "share_unlock"),
        (PROMOTION, "长按关注有礼", "follow_reward"),
        (PROMOTION, "关注我们，即可领取红包", "follow_reward"),
        (PROMOTION, "助 力", "help_games"),
        (PROMOTION, "拼团立省50元", "help_games"),
        (PROMOTION, "三人成团", "help_games"),
        (PROMOTION, "3人团，每人立省50元", "help_games"),
        (PROMOTION, "集卡赢手机", "help_games"),
        (PROMOTION, "集齐五张福卡", "help_games"),
        (PROMOTION, "帮忙点一下", "help_games"),
        (PROMOTION, "请帮我加速", "help_games"),
        (PROMOTION, "好友助我", "help_games"),
        (PROMOTION, "点赞有礼", "help_games"),
        (PROMOTION, "为我投票，赢大奖", "help_games"),
        (PROMOTION, "邀请好友来店有礼", "recruiting"),
        (PROMOTION, "推荐好友办理各得50元", "recruiting"),
        (PROMOTION, "拉新奖励10元一个", "recruiting"),
        (PROMOTION, "老带新返话费", "recruiting"),
        (PROMOTION, "加入团队赚佣金", "recruiting"),
        (PROMOTION, "发展团队提成", "recruiting"),
        (PROMOTION, "三级分销", "recruiting"),
        (PROMOTION, "裂变赚佣金", "recruiting"),
        (PROMOTION, "您的下线已有三人", "recruiting"),
        (SERVICE, "月租半价", "marketing_words"),
        (SERVICE, "买一送一", "marketing_words"),
        (SERVICE, "买1赠1", "marketing_words"),
        (SERVICE, "会员特惠", "marketing_words"),
        (SERVICE, "清仓", "marketing_words"),
        (SERVICE, "返 现", "marketing_words"),
        (SERVICE, "今日免单", "marketing_words"),
        (SERVICE, "福袋待领", "marketing_words"),
        (SERVICE, "恭喜中奖", "marketing_words"),
        (SERVICE, "好礼相赠", "marketing_words"),
        (SERVICE, "充100得200", "marketing_words"),
        (SERVICE, "满100减20", "marketing_words"),
        (SERVICE, "立即购买", "marketing_words"),
        (SERVICE, "全场８．８折", "marketing_words"),
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
        *((klass, text) for klass in (SERVICE, PROMOTION) for text in ORDINARY),
        (PROMOTION, "欢迎分享您的使用心得"),
        (PROMOTION, "为您分享手机拼音输入法的小技巧"),
        (PROMOTION, "邀请好友一起来店体验新机"),
        (PROMOTION, "5G助力乡村振兴"),
        (PROMOTION, "存费送机，每月返还话费"),
        (PROMOTION, "企业团购请联系客户经理"),
    ],
)
def test_what_is_allowed_is_let_through(klass: CampaignClass, text: str) -> None:
    assert findings(klass, {"A": text}) == []


def test_the_words_of_a_finding_are_shown_as_they_were_written() -> None:
    (found,) = findings(PROMOTION, {"A": "本店新开，分 享 ，领话费！"})

    assert (found.rule.name, found.words) == ("share_reward", "分 享 ，领")


@pytest.mark.parametrize("text", ["分享给好友。请领取您的发票", "关注公众号；赠送的流量月底到期"])
def test_what_stands_in_two_sentences_is_not_read_as_one(text: str) -> None:
    assert findings(PROMOTION, {"A": text}) == []


@pytest.mark.parametrize("text", ["分享", "邀请好友", "帮助力", "下线通知", "关注，" * 4 + "。"])
def test_a_long_text_costs_its_length(text: str) -> None:
    started = time.process_time()

    assert findings(SERVICE, {"A": text * (200_000 // len(text))}) == []
    assert time.process_time() - started < 5


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
