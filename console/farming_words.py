"""What flags of farming, their evidence and what is decided are called."""

from collections.abc import Mapping
from typing import Final

from referral.farming.models import FarmingKind, FarmingVerdict, Source

KINDS: Final[Mapping[str, str]] = {
    FarmingKind.NEWCOMERS: "短时间内大量新微信",
    FarmingKind.REFOLLOWS: "同一批人反复关注",
    FarmingKind.REFUNDS: "佣金到账后随即退款",
}
MEANINGS: Final[Mapping[str, str]] = {
    FarmingKind.NEWCOMERS: "这些微信此前从未出现过，在短时间内集中扫了该员工的码。可能是刷量，也可能是一场成功的地推活动。",
    FarmingKind.REFOLLOWS: "同一批人通过该员工的码关注、取消、再关注，反复多次。",
    FarmingKind.REFUNDS: "这些订单在该员工的佣金到账后很快退款。退款已按规则扣回佣金，这里只提示规律。",
}
VERDICTS: Final[Mapping[str, str]] = {
    FarmingVerdict.HARMLESS: "无异常",
    FarmingVerdict.LOOKED_INTO: "核查中",
    FarmingVerdict.HELD: "核查中，暂缓发放",
}
SOURCES: Final[Mapping[str, str]] = {
    Source.SCAN: "扫码",
    Source.FOLLOW: "扫码关注",
    Source.UNFOLLOW: "取消关注",
    Source.REFUND: "退款",
}
SETS: Final = {
    "farming_kind": KINDS,
    "farming_meaning": MEANINGS,
    "farming_verdict": VERDICTS,
    "farming_source": SOURCES,
}
