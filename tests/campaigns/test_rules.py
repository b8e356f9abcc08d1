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

DAILY = (
    "您本月账单已出，应缴58.60元，请于28日前缴费",
    "截至10月31日24时，套餐内流量已使用80%，剩余4.2GB，超出后按5元/GB计费",
    "您的余额不足10元，为避免停机，请及时充值",
    "因欠费您的号码已停机，缴费后半小时内自动复机",
    "您订购的号码已激活，首月资费按天折算",
    "手机卡已由顺丰寄出，签收时请出示身份证",
    "快递员将于今天14点前送货上门，请保持电话畅通",
    "请携带本人有效证件到营业厅办理实名登记",
    "实名信息审核未通过：照片模糊，请重新上传",
    "您申请的携号转网授权码60分钟内有效，请勿转发他人",
    "携转提醒：您尚有合约未到期，携出前请结清话费",
    "凡自称客服索要验证码、要求转账的均为诈骗，请勿点击陌生链接",
    "验证码836251，5分钟内有效。工作人员不会索取，切勿告知他人",
    "请警惕以积分兑换为名的诈骗短信，切勿将验证码分享给他人",
    "您报修的宽带故障已派单，维修师傅将于2小时内与您联系",
    "因光缆抢修，所在小区宽带预计18:00恢复，给您带来不便敬请谅解",
    "宽带故障已修复，如仍无法上网请重启光猫",
    "您预约的宽带新装将于明日上午上门，请确保家中有人",
    "商品已到店，请凭取货码8421于7日内到营业厅领取，逾期将退回",
    "取货码已发送给您，请凭码领取手机",
    "您已成功退订彩铃业务，次月起不再收费",
    "国际漫游已开通，按实际使用计费，请留意流量消耗",
    "SIM卡补换已完成，旧卡即时失效",
    "您的积分将于12月31日到期，当前积分1260分",
    "合约将于下月30日到期，到期后按标准资费收取",
    "退款59元已原路退回，预计3个工作日到账",
    "投诉工单已处理完毕，请回复1至5为本次服务评分",
    "副号已绑定，主副卡共用套餐内语音和流量",
    "预存款100元分10个月返还，本月10元已到账",
    "eSIM二维码仅可扫描一次，请勿分享或转发，以免话费被盗用",
    "您的号码被他人标记为骚扰电话，可关注公众号提交申诉",
    "所在区域夜间进行网络割接，0点至4点通话可能短时中断",
    "呼叫转移已开通，来电将转至您设置的号码",
    "家人可凭您的委托书和身份证代领",
    "升级后您可充分享受千兆宽带，积分享双倍有效期",
    "微信视频、刷朋友圈免流量，超出5元封顶",
    "电子发票可在手机充值中心下载，送至邮箱",
    "验证码请勿转发他人，谨防话费被盗",
    "家庭共享流量，最多分享给3位家人，每月送10GB",
    "请您持续关注，每月10日返还话费",
    "已领取，请分享您的评价",
    "该套餐已于6月30日下线",
    "2G业务将于12月31日起逐步下线",
    "因业务发展需要，3G网络本月下线，感谢理解",
    "请在套餐下线前办理变更，未用完的话费返还",
    "5G助力美好生活",
    "关注公众号查话费更方便",
    "验证码请勿转发给好友，谨防话费被盗",
    "取货码切勿转发至朋友圈，以免礼品被冒领",
    "您正在分享热点，套餐内流量已用90%",
    "师傅上门拉网线送光猫，请留人在家",
)
"""The same, most of them written without a look at the rules: bills, data, activation, delivery, faults."""


WORDED = {
    "share_reward": (
        *("转发送会员", "转发送手机一台", "转发送好友", "转发送爱奇艺月卡", "转发返现10元"),
        *("分享拿10元现金", "转发给10元", "转发给您100元", "分享赢手机", "分享即赠视频会员"),
        *("分享有惊喜", "现金10元，转发即到账", "分享兑换手机", "分享减10元"),
        *("转发到朋友圈。领红包", "转发到朋友圈。领取10元话费", "分享给好友；送流量"),
        *("轉發領紅包", "分享給好友即可領取話費", "轉發送會員", "發到朋友圈，憑截圖換禮品"),
        *("不要忘记分享，领红包", "要不要转发领个红包", "请勿错过，转发领红包"),
        *("请勿转发给一人，转发给三人领红包", "家庭共享，分享给3位好友领流量"),
        *("为您推荐新机，分享领话费", "分享评价到朋友圈得话费"),
        *("发圈有奖", "发给10个朋友领券"),
    ),
    "follow_reward": (
        *("关注公众号拿10元现金", "关注赢手机", "关注享优惠", "关注有惊喜", "關注公眾號領紅包"),
        *("持续关注本公众号，每月送流量", "关注公众号，优惠券等你来", "关注立享8折", "关注减10元"),
    ),
    "help_games": (
        *("砍一砍，0元拿手机", "收集卡片兑换流量", "收集福卡赢手机", "点赞赢手机"),
        *("5G助力，领红包", "点赞拿手机", "好友助力美好生活", "砍價0元得", "集讚有禮", "拼團立減"),
        *("集30个赞换礼品", "集满三十赞送流量", "求帮砍"),
    ),
    "recruiting": (
        *("邀请1人得10元", "拉1人得5元", "邀请十人返话费", "邀请同事办卡得10元"),
        *("邀请家人办卡返50元", "推荐邻居办宽带拿现金", "推荐新用户办理，奖励50元"),
        *("为您推荐：邀请好友得红包", "邀请您的好友办理，得50元", "邀請好友賺佣金"),
        *("我的下线", "下线返佣", "每个下线提成10元", "招3个下线", "发展自己的下线"),
        *("您的下线有三人，业绩已结算", "邀请有奖", "推荐有礼", "招代理，赚佣金"),
    ),
}
"""Worded as people word it who mean no evasion, by the rule that is broken."""


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
        *((PROMOTION, text, rule) for rule, texts in WORDED.items() for text in texts),
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
        (SERVICE, "充值得双倍", "marketing_words"),
        (SERVICE, "滿100減20", "marketing_words"),
        (SERVICE, "限時搶購", "marketing_words"),
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
        *((klass, text) for klass in (SERVICE, PROMOTION) for text in (*ORDINARY, *DAILY)),
        (PROMOTION, "欢迎分享您的使用心得"),
        (PROMOTION, "为您分享手机拼音输入法的小技巧"),
        (PROMOTION, "邀请好友一起来店体验新机"),
        (PROMOTION, "5G助力乡村振兴"),
        (PROMOTION, "存费送机，每月返还话费"),
        (PROMOTION, "企业团购请联系客户经理"),
        (PROMOTION, "为您推荐新用户专享套餐，首月送流量"),
        (PROMOTION, "向您推荐：新客办理宽带立减100元"),
        (PROMOTION, "推荐朋友圈同款手机，购机送礼"),
        (PROMOTION, "加入团队套餐，每月返话费"),
        (PROMOTION, "拉网线送光猫，朋友价优惠"),
        (PROMOTION, "推荐您办理家人共享套餐，每月送流量"),
        (PROMOTION, "诚邀您和家人到店，领取新年礼品"),
        (PROMOTION, "办理2人套餐，每月送10GB"),
        (PROMOTION, "分享套餐月费39元，副卡10元"),
        (PROMOTION, "预存100元得手机一台，存费赠话费"),
    ],
)
def test_what_is_allowed_is_let_through(klass: CampaignClass, text: str) -> None:
    assert findings(klass, {"A": text}) == []


def test_the_words_of_a_finding_are_shown_as_they_were_written() -> None:
    (found,) = findings(PROMOTION, {"A": "本店新开，分 享 ，领话费！"})

    assert (found.rule.name, found.words) == ("share_reward", "分 享 ，领")


@pytest.mark.parametrize(
    "text",
    [
        *("分享给好友。请领取您的发票", "关注公众号；赠送的流量月底到期"),
        *("欢迎分享定位。返还的话费已到账", "请勿转发。领取码1234", "感谢关注。得知您已搬家"),
    ],
)
def test_what_stands_in_two_sentences_is_not_read_as_one(text: str) -> None:
    assert findings(PROMOTION, {"A": text}) == []


@pytest.mark.parametrize(
    "text",
    [
        *("分享", "邀请好友", "帮助力", "下线通知", "关注，" * 4 + "。", "请勿转发", "转发。"),
        *("最多分享给3位家人", "轉發"),
    ],
)
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
