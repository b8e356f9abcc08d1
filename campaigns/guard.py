"""What a campaign may not say: rules of the platform, each with what it is based on.

Template messages are for notices a person caused (operating rules of template messages; a ban
follows promotion). Links must not reward sharing or following (management rules of external
links, in force since 2019-10-28: cash, coupons, points, phone credit and data allowance are named;
help-me, bargain and collect games are).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from campaigns.models import CampaignClass


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its name for the log, what it says, and what breaks it."""

    name: str
    says: str
    pattern: re.Pattern[str]
    classes: frozenset[CampaignClass]


@dataclass(frozen=True, slots=True)
class Finding:
    """A text that breaks a rule: which words, in which field."""

    rule: Rule
    words: str
    where: str


_ALL: Final = frozenset(CampaignClass)
_SERVICE: Final = frozenset({CampaignClass.SERVICE})
_REWARD: Final = r"(?:领|送|得|返|赚|抽|奖|免费|红包|话费|流量|积分|优惠)"

RULES: Final = (
    Rule(
        "share_reward",
        "不得以奖励诱导分享（微信外部链接内容管理规范：诱导分享）",
        re.compile(
            rf"(?:分享|转发|朋友圈|发送给)[^，。；\n]{{0,12}}{_REWARD}|{_REWARD}[^，。；\n]{{0,6}}(?:分享|转发)"
        ),
        _ALL,
    ),
    Rule(
        "follow_reward",
        "不得以奖励诱导关注（微信公众平台运营规范：诱导关注）",
        re.compile(rf"关注[^，。；\n]{{0,8}}{_REWARD}"),
        _ALL,
    ),
    Rule(
        "help_games",
        "不得使用助力、砍价、集赞、拼团拉人等玩法（微信外部链接内容管理规范）",
        re.compile(r"助力|砍价|砍一刀|集赞|点赞满|拼手气|帮我(?:点|砍|助)|好友帮"),
        _ALL,
    ),
    Rule(
        "recruiting",
        "不得按发展人数计酬或邀请下线（微信多级分销整治；禁止传销条例第七条）",
        re.compile(
            rf"(?:邀请|拉|发展)[^，。；\n]{{0,6}}(?:好友|新人|下线|代理|人头)[^，。；\n]{{0,8}}{_REWARD}|下线|拉人头"
        ),
        _ALL,
    ),
    Rule(
        "marketing_words",
        "服务通知不得含营销内容（模板消息运营规范：不得用于广告营销）",
        re.compile(
            r"优惠|促销|特价|折扣|[一二三四五六七八九0-9.]折|满减|立减|秒杀|抢购|限时|限量|红包|抽奖|"
            r"大奖|免费领|福利|钜惠|爆款|热销|推荐|新品|上市|低至|仅需|活动|赠送|送.{0,4}(?:话费|流量|礼)"
        ),
        _SERVICE,
    ),
)


def findings(campaign_class: CampaignClass, texts: Mapping[str, str]) -> list[Finding]:
    """Every rule that one of the texts breaks; `texts` is by the name of its field."""
    found = []
    for where, text in texts.items():
        line = " ".join(text.split())
        for rule in RULES:
            match = rule.pattern.search(line) if campaign_class in rule.classes else None
            if match is not None:
                found.append(Finding(rule, match[0], where))
    return found


def standing(found: Iterable[Finding], overridden: Iterable[str]) -> list[Finding]:
    """What is left of the findings once somebody answered for some of the rules."""
    answered = set(overridden)
    return [finding for finding in found if finding.rule.name not in answered]
