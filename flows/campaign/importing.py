"""A list of phone numbers or openids: who is known at the account, and why the others are not.

Lines are kept sealed until the audience is frozen and deleted then, but for the numbers of those
that named nobody.
"""

from collections.abc import Mapping, Sequence, Set
from typing import Any, Final

from campaigns.models import Campaign
from flows.sealed import vault
from members.audience import known_openids, known_phones
from members.phones import BadPhone, normalised
from wx_backend.errors import BadInput

LINES_MAX: Final = 20_000
LINE_MAX: Final = 64
AT_ONCE: Final = 500
MISSES: Final = {
    "duplicate": "重复",
    "unreadable": "不是手机号或 openid",
    "unknown_phone": "没有这个手机号的会员",
    "unknown_openid": "公众号没有这个 openid",
    "not_here": "会员不在该公众号",
}


def lines_in(text: str) -> dict[int, str]:
    """The lines of a pasted or uploaded list by number: the first column, without a byte order mark.

    Empty ones are left out and counted. Raises BadInput for more than 20,000.
    """
    columns = (line.replace("，", ",").split(",")[0] for line in text.lstrip("﻿").splitlines())
    lines = [column.strip().strip('"') for column in columns]
    found = {number: line[:LINE_MAX] for number, line in enumerate(lines, 1) if line}
    if len(found) > LINES_MAX:
        raise BadInput(f"名单最多 {LINES_MAX} 行", fields=["list"])
    return found


def looked_up(campaign: Campaign, lines: Mapping[int, str]) -> list[dict[str, Any]]:
    """A list's rows, each line with its person or why there is none; read only, some hundreds at once."""
    return [
        {
            "campaign_id": campaign.id,
            "position": position,
            "sealed": vault().seal(line, place=list_place(campaign.id, position)),
            "identity_id": identity_id,
            "miss": miss,
        }
        for (position, line), (identity_id, miss) in zip(
            lines.items(), matched(campaign.appid, [*lines.values()]), strict=True
        )
    ]


def matched(appid: str, lines: Sequence[str]) -> list[tuple[int | None, str | None]]:
    """Of each line the person it means at an account, or why there is none."""
    keys = [_key(line) for line in lines]
    known = _known(appid, {key for key in keys if key is not None})
    seen: set[str] = set()
    return [_match(key, known, seen) for key in keys]


def list_place(campaign_id: int, position: int) -> str:
    """The place a line of a campaign's list is sealed for."""
    return f"campaign_list.line:{campaign_id}:{position}"


def _key(line: str) -> str | None:
    """What a line names: the openid, or the phone in its one spelling; None for neither."""
    if _is_openid(line):
        return line
    try:
        return normalised(line)
    except BadPhone:
        return None


def _known(appid: str, keys: Set[str]) -> dict[str, int | None]:
    """The identities at the account by openid or phone; None for members who are not known there."""
    known: dict[str, int | None] = {}
    openids = sorted(filter(_is_openid, keys))
    for at in range(0, len(openids), AT_ONCE):
        known |= known_openids(appid, openids[at : at + AT_ONCE])
    phones = {vault().index(key): key for key in keys if not _is_openid(key)}
    indexes = sorted(phones)
    for at in range(0, len(indexes), AT_ONCE):
        here = known_phones(appid, indexes[at : at + AT_ONCE])
        known |= {phones[index]: identity_id for index, identity_id in here.items()}
    return known


def _match(
    key: str | None, known: Mapping[str, int | None], seen: set[str]
) -> tuple[int | None, str | None]:
    if key is None:
        return None, "unreadable"
    if key in seen:
        return None, "duplicate"
    seen.add(key)
    if key not in known:
        return None, "unknown_openid" if _is_openid(key) else "unknown_phone"
    return known[key], None if known[key] is not None else "not_here"


def _is_openid(line: str) -> bool:
    """Openids begin with an o and hold letters, digits, - and _; phone numbers only digits."""
    return (
        line.startswith("o") and len(line) >= 8 and line.replace("-", "").replace("_", "").isalnum()
    )
