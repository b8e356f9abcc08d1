"""What a campaign may not say: rules of the platform, each with what it is based on.

Template messages are for notices a person caused (operating rules of template messages; a ban
follows promotion). Links must not reward sharing or following (management rules of external
links, in force since 2019-10-28: cash, coupons, points, phone credit and data allowance are named;
help-me, bargain and collect games are).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from campaigns.models import CampaignClass
from campaigns.phrases import Phrase, Text, Words
from campaigns.wordings import (
    ACT,
    ACT_AFTER_FOLLOWING,
    AND_GET,
    BRING,
    BRING_NEW,
    COLLECTED,
    DIGITS,
    DOWNLINE,
    ENJOY,
    ENJOYED,
    EXCHANGED,
    FOLLOW,
    FRIENDS,
    GIVEN,
    HELP,
    MONEY,
    NEWCOMERS,
    ONES,
    OTHERWISE,
    PAY,
    PRIZE,
    RECRUIT,
    REWARD,
    SAVED,
    SENT_TO,
    SHARE,
    SHARE_AFTER,
    SHARE_LINK,
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its name for the log, what it says, and what breaks it."""

    name: str
    says: str
    phrases: tuple[Phrase, ...]
    classes: frozenset[CampaignClass]

    def found_in(self, text: Text) -> str:
        """The words that break it, as written; empty where none do."""
        return next((words for each in self.phrases if (words := each.first_in(text))), "")


@dataclass(frozen=True, slots=True)
class Finding:
    """A text that breaks a rule: which words, in which field."""

    rule: Rule
    words: str
    where: str


_ALL: Final = frozenset(CampaignClass)
_SERVICE: Final = frozenset({CampaignClass.SERVICE})

RULES: Final = (
    Rule(
        "share_reward",
        "不得以奖励诱导分享（微信外部链接内容管理规范：诱导分享）",
        (
            Phrase(SHARE, 12, REWARD),
            Phrase(SHARE, 12, GIVEN, 2, MONEY),
            Phrase(SHARE, 12, AND_GET, 4, PRIZE),
            Phrase(SENT_TO, 4, Words("好友", "朋友", "人", "群"), 8, ACT),
            Phrase(REWARD, 6, SHARE_AFTER, in_clause=True),
            Phrase(ACT, 6, SHARE_AFTER),
        ),
        _ALL,
    ),
    Rule(
        "share_unlock",
        "不得以分享后才能查看、参与等诱导分享（微信外部链接内容管理规范：诱导分享）",
        (
            Phrase(
                SHARE_LINK,
                12,
                Words(
                    "解锁",
                    *(
                        f"{until}{act}"
                        for until in "后可能"
                        for act in ("查看", "观看", "看", "见", "参与", "参加", "进入")
                    ),
                ),
            ),
        ),
        _ALL,
    ),
    Rule(
        "follow_reward",
        "不得以奖励诱导关注（微信公众平台运营规范：诱导关注）",
        (
            Phrase(FOLLOW, 8, ACT_AFTER_FOLLOWING),
            Phrase(FOLLOW, 8, ENJOY, 3, ENJOYED),
            Phrase(FOLLOW, 8, GIVEN, 2, MONEY),
        ),
        _ALL,
    ),
    Rule(
        "help_games",
        "不得使用助力、砍价、集赞、集卡、拼团拉人等玩法（微信外部链接内容管理规范）",
        (
            Phrase(HELP),
            Phrase(Words("助力"), 4, Words("领", "赢", "拿", "红包", "免单", "现金", "砍")),
            Phrase(
                Words(
                    "砍价", "砍一刀", "砍一砍", "帮砍", "集赞", "拼手气", "好友帮", "好友助", "帮拆"
                )
            ),
            Phrase(
                Words(*(f"帮我{act}" for act in ("点", "砍", "助", "加速", "提速", "拆", "投")))
            ),
            Phrase(Words(*(f"帮我{act}" for act in ("集", "抢", "赞")))),
            Phrase(
                Words("帮忙点一", "帮忙点个", "帮忙点赞", "帮忙砍", "帮忙助", "帮忙加速", "帮忙投")
            ),
            Phrase(Words("助我", but=("帮助我", "协助我", "有助我", "自助我"))),
            Phrase(Words("点赞满")),
            Phrase(Words(*(f"集{full}{n}" for full in ("", "满") for n in DIGITS)), 3, Words("赞")),
            Phrase(Words("点赞", "投票"), 6, ACT),
            Phrase(Words("集卡", but=("收集卡", "采集卡", "密集卡", "聚集卡"))),
            Phrase(Words("集齐"), 4, COLLECTED),
            Phrase(Words("收集"), 3, COLLECTED, 6, EXCHANGED),
            Phrase(Words("拼团", but=("拼团订单", "拼团退款"))),
            Phrase(
                Words("人"), 1, Words("成团", "团", but=("团队", "团体", "团结", "团圆")), 4, SAVED
            ),
            Phrase(Words("成团", but=("成团队", "集成团", "成团结", "成团体", "成团圆"))),
        ),
        _ALL,
    ),
    Rule(
        "recruiting",
        "不得按发展人数计酬或邀请下线（微信多级分销整治；禁止传销条例第七条）",
        (
            Phrase(BRING, 6, FRIENDS, 8, REWARD),
            Phrase(BRING_NEW, 6, NEWCOMERS, 8, REWARD),
            Phrase(Words("拉新", "老带新", "裂变"), 8, REWARD),
            Phrase(
                Words("发展", "加入", "组建", "招募", "招", "扩大"),
                4,
                Words("团队", "代理", "合伙人", "下级", but=("团队套餐", "团队版")),
                6,
                Words("提成", "佣金", "分成", "奖", "赚", "返"),
            ),
            Phrase(
                Words(*(f"{level}级分销" for level in "二两三多23"), "无限级", "拉人头", "人头费")
            ),
            Phrase(Words(*(f"{bring}有{gift}" for bring in ("邀请", "推荐") for gift in "奖礼"))),
            Phrase(RECRUIT, 3, DOWNLINE),
            Phrase(ONES, 0, DOWNLINE),
            Phrase(DOWNLINE, 8, PAY),
        ),
        _ALL,
    ),
    Rule(
        "marketing_words",
        "服务通知不得含营销内容（模板消息运营规范：不得用于广告营销）",
        (
            Phrase(
                Words(
                    *(
                        "优惠",
                        "促销",
                        "特价",
                        "折扣",
                        "满减",
                        "立减",
                        "秒杀",
                        "抢购",
                        "红包",
                        "抽奖",
                    ),
                    *("大奖", "免费领", "福利", "钜惠", "爆款", "热销", "新品", "上市", "低至"),
                    *("仅需", "活动", "赠送", "半价", "特惠", "大促", "返现", "返利", "甩卖"),
                    *("福袋", "好礼", "立即购买", "直降", "推荐", "中奖", "免单", "清仓"),
                    but=("推荐人", "其中奖", "避免单", "免单独", "清仓库"),
                )
            ),
            Phrase(Words("限时", "限量", but=("不限时", "不限量", "超限时", "超限量", "上限量"))),
            Phrase(
                Words(
                    *(f"{number}折" for number in (*DIGITS, "打", "对")),
                    but=[f"{number}折{fold}" for number in DIGITS for fold in ("叠", "页")],
                )
            ),
            Phrase(Words("送", but=OTHERWISE), 4, Words("话费", "流量", "礼")),
            Phrase(Words(*(f"买{n}" for n in "一二两三123")), 0, Words("送", "赠")),
            Phrase(Words("满", but=("满意", "满足")), 5, Words("减", but=("减速", "减少", "减半"))),
            Phrase(
                Words(
                    *("充值", "充", "存"),
                    but=("充电", "充分", "补充", "充值中心", "存储", "保存", "库存", "内存"),
                ),
                5,
                Words("送", "得", but=(*OTHERWISE, "获得", "所得")),
            ),
        ),
        _SERVICE,
    ),
)


def findings(campaign_class: CampaignClass, texts: Mapping[str, str]) -> list[Finding]:
    """Every rule that one of the texts breaks; `texts` is by the name of its field."""
    found = []
    for where, text in texts.items():
        read = Text.of(text)
        for rule in RULES:
            words = rule.found_in(read) if campaign_class in rule.classes else ""
            if words:
                found.append(Finding(rule, words, where))
    return found


def standing(found: Iterable[Finding], overridden: Iterable[str]) -> list[Finding]:
    """What is left of the findings once somebody answered for some of the rules."""
    answered = set(overridden)
    return [finding for finding in found if finding.rule.name not in answered]
