"""How the attribution policy reads in the console's pages: sentences, and what a draft would change."""

from collections.abc import Iterator, Mapping
from typing import Final

from console.words import CHANNELS
from flows.policy_trial import Change
from referral.policy import Override, Policy, Terms
from referral.policy_models import DraftVerdict

VERDICTS: Final[Mapping[str | None, tuple[str, str]]] = {
    None: ("待审批", "wait"),
    DraftVerdict.APPROVED: ("已通过", "good"),
    DraftVerdict.REFUSED: ("已驳回", "bad"),
    DraftVerdict.WITHDRAWN: ("已撤回", "calm"),
}
"""What a verdict is called, and the tone of its badge."""
CHANGES: Final[Mapping[str, str]] = {
    Change.ANOTHER: "改归另一员工",
    Change.NOBODY: "不再归员工",
    Change.SOMEBODY: "由公共池改归员工",
    Change.PARTS: "发展人不变，分成不同",
}
_WHOLE: Final = 10_000


def sentences(terms: Terms) -> list[str]:
    """The numbers of a policy, one plain sentence each."""
    days, minutes = terms.protection_days, terms.flash_recent_minutes
    return [
        f"客户下单前 {terms.window_days} 天内的接触有效，最后一次有效接触的员工是发展人。",
        f"客户扫码关注、付款或到店受理之后 {days} 天内受保护，同事此间的接触不会抢走客户。"
        if days
        else "不设保护期：关注、付款或到店受理之后，同事的接触也可以马上转走客户。",
        f"受保护的客户由另一位员工现场受理时，发展人得 {percent(terms.split_developer_bp)}，"
        f"受理人得 {percent(terms.split_acceptor_bp)}；不在保护期内的全归受理人。",
        f"客户先锁定号码的，锁定前 {minutes} 分钟内才第一次接触的员工，不能取代此前已接触过客户的同事。"
        if minutes
        else "客户先锁定号码的，锁定之前的接触不论多晚都算数。",
    ]


def scope(override: Override, shelves: Mapping[str, str]) -> str:
    """`加盟店 · 手机`; a category nobody knows any more by its own name."""
    channel, category = override.channel_class, override.product_category
    named = (
        CHANNELS.get(channel, channel) if channel else "",
        shelves.get(category, category) if category else "",
    )
    return " · ".join(each for each in named if each)


def exception_line(override: Override) -> str:
    """`有效期 60 天，发展人 60%、受理人 40%`: what is otherwise for the lines of a scope."""
    return "，".join(_parts(override.numbers))


def changes(
    before: Policy, after: Policy, shelves: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    """What differs between two policies: for whom, as it was, as it would be."""
    old, new = _told(before, shelves), _told(after, shelves)
    return [
        (name, old.get(name, "无例外"), new.get(name, "取消例外"))
        for name in dict.fromkeys((*old, *new))
        if old.get(name) != new.get(name)
    ]


def developer_bp(numbers: Mapping[str, int]) -> int | None:
    """The developer's part in basis points, if an exception says something about it."""
    developer, acceptor = numbers.get("split_developer_bp"), numbers.get("split_acceptor_bp")
    return _WHOLE - acceptor if developer is None and acceptor is not None else developer


def percent(basis_points: int) -> str:
    """`70%`, `66.67%`."""
    whole, part = divmod(basis_points, 100)
    return f"{whole}.{part:02d}".rstrip("0").rstrip(".") + "%" if part else f"{whole}%"


def _told(policy: Policy, shelves: Mapping[str, str]) -> dict[str, str]:
    terms = policy.terms
    general = {
        "有效期": f"{terms.window_days} 天",
        "保护期": f"{terms.protection_days} 天",
        "现场受理的分成": _shares(terms.split_developer_bp, terms.split_acceptor_bp),
        "锁号前的首次接触": f"{terms.flash_recent_minutes} 分钟",
    }
    special = {f"例外：{scope(row, shelves)}": exception_line(row) for row in policy.overrides}
    return {**general, **special}


def _parts(numbers: Mapping[str, int]) -> Iterator[str]:
    if (days := numbers.get("window_days")) is not None:
        yield f"有效期 {days} 天"
    if (days := numbers.get("protection_days")) is not None:
        yield f"保护期 {days} 天"
    if (developer := developer_bp(numbers)) is not None:
        yield _shares(developer, _WHOLE - developer)
    if (minutes := numbers.get("flash_recent_minutes")) is not None:
        yield f"锁号前的首次接触 {minutes} 分钟"


def _shares(developer_bp: int, acceptor_bp: int) -> str:
    return f"发展人 {percent(developer_bp)}、受理人 {percent(acceptor_bp)}"
