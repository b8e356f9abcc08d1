"""A list of phone numbers or openids: who is known at the account, and why the others are not.

Lines are kept sealed until the audience is frozen and deleted then.
"""

from collections.abc import Sequence
from typing import Any, Final

from campaigns.models import Campaign
from campaigns.recipients import replace_list
from flows.sealed import vault
from members.audience import known_openids
from members.phones import BadPhone, normalised
from members.queries import identity_at, members_by_phone
from wx_backend.errors import BadInput

LINES_MAX: Final = 20_000
LINE_MAX: Final = 64
MISSES: Final = {
    "duplicate": "重复",
    "unreadable": "不是手机号或 openid",
    "unknown_phone": "没有这个手机号的会员",
    "unknown_openid": "公众号没有这个 openid",
    "not_here": "会员不在该公众号",
}


def lines_in(text: str) -> list[str]:
    """The lines of a pasted or uploaded list: the first column, without a byte order mark.

    Raises BadInput for more than 20,000.
    """
    columns = (line.replace("，", ",").split(",")[0] for line in text.lstrip("﻿").splitlines())
    lines = [column.strip().strip('"') for column in columns]
    found = [line[:LINE_MAX] for line in lines if line]
    if len(found) > LINES_MAX:
        raise BadInput(f"名单最多 {LINES_MAX} 行", fields=["list"])
    return found


def import_list(campaign: Campaign, lines: Sequence[str]) -> None:
    """Keep a list instead of the one before, each line with its person or why there is none."""
    openids = known_openids(campaign.appid, [line for line in lines if _is_openid(line)])
    seen: set[str] = set()
    entries: list[dict[str, Any]] = []
    for position, line in enumerate(lines):
        identity_id, miss = _match(campaign.appid, line, openids, seen)
        place = list_place(campaign.id, position)
        entries.append(
            {
                "campaign_id": campaign.id,
                "position": position,
                "sealed": vault().seal(line, place=place),
                "identity_id": identity_id,
                "miss": miss,
            }
        )
    replace_list(campaign.id, entries)


def list_place(campaign_id: int, position: int) -> str:
    """The place a line of a campaign's list is sealed for."""
    return f"campaign_list.line:{campaign_id}:{position}"


def _match(
    appid: str, line: str, openids: dict[str, int], seen: set[str]
) -> tuple[int | None, str | None]:
    if _is_openid(line):
        key = line
    else:
        try:
            key = normalised(line)
        except BadPhone:
            return None, "unreadable"
    if key in seen:
        return None, "duplicate"
    seen.add(key)
    if _is_openid(line):
        found = openids.get(line)
        return found, None if found is not None else "unknown_openid"
    return _by_phone(appid, key)


def _by_phone(appid: str, phone: str) -> tuple[int | None, str | None]:
    members = members_by_phone(vault().index(phone))
    if not members:
        return None, "unknown_phone"
    found = identity_at(members, appid)
    return found, None if found is not None else "not_here"


def _is_openid(line: str) -> bool:
    """Openids begin with an o and hold letters, digits, - and _; phone numbers only digits."""
    return (
        line.startswith("o") and len(line) >= 8 and line.replace("-", "").replace("_", "").isalnum()
    )
