"""Files of what an older system knew: whose customer somebody is, and its codes and links."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from flows.imports.lines import Known
from members.phones import BadPhone, normalised
from wx_backend.clock import SHANGHAI

BINDING_COLUMNS: Final = ("公众号", "OpenID", "员工编号", "绑定日期")
MEMBER_COLUMNS: Final = ("公众号", "OpenID", "姓名", "手机号")
CODE_COLUMNS: Final = ("旧码", "类型", "公众号", "员工编号", "网点编码", "名称", "截止日期")
LINK: Final = "链接"
SCENE: Final = "二维码"
_OPENID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SLUG: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SCENE: Final = re.compile(r"[!-~]{1,64}")
_MIDNIGHT: Final = " 00:00:00"
_ONLY: Final = ""
"""Under this name the account is known that needs none, being the only one."""


@dataclass(frozen=True, slots=True)
class AliasSaid:
    """What a line says of an old code: where it counts, what it is, until when."""

    appid: str
    code: str
    expires_at: datetime | None


def binding_faults(
    cells: Mapping[str, str], known: Known, seen: set[tuple[str, ...]]
) -> dict[str, str]:
    """What is wrong with a line about whose customer somebody is."""
    faults = {**_account(cells, known), **_day(cells, "绑定日期", latest=known.today)}
    if not _OPENID.fullmatch(cells["OpenID"]):
        faults["OpenID"] = "只能用字母、数字、下划线和连字符"
    if cells["员工编号"] not in known.reps:
        faults["员工编号"] = "您的范围内没有这名在职员工"
    pair = (appid_in(cells, known.accounts) or "", cells["OpenID"], cells["员工编号"])
    if pair in known.bindings or ("binding", *pair) in seen:
        faults["OpenID"] = "该客户与该员工的关系已导入过"
    seen.add(("binding", *pair))
    return faults


def member_faults(
    cells: Mapping[str, str], known: Known, seen: set[tuple[str, ...]]
) -> dict[str, str]:
    """What is wrong with a line about a member of an older system."""
    faults = _account(cells, known)
    who = (appid_in(cells, known.accounts) or "", cells["OpenID"])
    if not _OPENID.fullmatch(cells["OpenID"]):
        faults["OpenID"] = "只能用字母、数字、下划线和连字符"
    elif who in known.members or ("member", *who) in seen:
        faults["OpenID"] = "该客户已是会员，不重复导入"
    seen.add(("member", *who))
    if phone := cells.get("手机号", ""):
        try:
            normalised(phone)
        except BadPhone as refusal:
            faults["手机号"] = refusal.message
    return faults


def code_faults(
    cells: Mapping[str, str], known: Known, seen: set[tuple[str, ...]]
) -> dict[str, str]:
    """What is wrong with a line about an old code."""
    faults = _day(cells, "截止日期")
    is_scene = cells["类型"] == SCENE
    if is_scene:
        faults |= _account(cells, known)
    elif cells["类型"] != LINK:
        faults["类型"] = f"应为{LINK}或{SCENE}"
    if not (_SCENE if is_scene else _SLUG).fullmatch(cells["旧码"]):
        faults["旧码"] = "只能用字母、数字、下划线和连字符" if not is_scene else "只能用英文字符"
    faults |= _leads_to(cells, known)
    said = alias_in({**cells, "截止日期": ""}, known.accounts)
    if (said.appid, said.code) in known.aliases or ("alias", said.appid, said.code) in seen:
        faults["旧码"] = "已被使用"
    seen.add(("alias", said.appid, said.code))
    return faults


def appid_in(cells: Mapping[str, str], accounts: Mapping[str, str]) -> str | None:
    """The account a line is about; None for one that is not known by this name."""
    return accounts.get(cells.get("公众号", ""))


def alias_in(cells: Mapping[str, str], accounts: Mapping[str, str]) -> AliasSaid:
    """The old code of a line; of a link the AppID is empty."""
    appid = (appid_in(cells, accounts) or "") if cells["类型"] == SCENE else ""
    last = day_in(cells.get("截止日期", ""))
    ends = datetime.combine(last + timedelta(days=1), time(), SHANGHAI) if last else None
    return AliasSaid(appid, cells["旧码"], ends)


def bound_at(cells: Mapping[str, str], now: datetime) -> datetime:
    """When a relation began: at noon of the day that is named, now without one; never later."""
    said = day_in(cells.get("绑定日期", ""))
    moment = now if said is None else datetime.combine(said, time(12), SHANGHAI)
    return min(moment, now).astimezone(UTC).replace(microsecond=0)


def by_name(accounts: Mapping[str, str]) -> dict[str, str]:
    """AppIDs by name; a line may leave the name out where there is but one account."""
    only = set(accounts.values())
    return {**accounts, **({_ONLY: only.pop()} if len(only) == 1 else {})}


def day_in(cell: str) -> date | None:
    """A day as people and spreadsheets write it; None for an empty cell. Raises ValueError."""
    said = cell.removesuffix(_MIDNIGHT).replace("/", "-")
    if not said:
        return None
    found = datetime.strptime(said, "%Y-%m-%d").replace(tzinfo=UTC).date()
    if not 2000 <= found.year <= 2100:
        raise ValueError(said)
    return found


def _account(cells: Mapping[str, str], known: Known) -> dict[str, str]:
    if appid_in(cells, known.accounts) is None:
        return {"公众号": "您的范围内没有这个公众号；可填名称或 AppID"}
    return {}


def _leads_to(cells: Mapping[str, str], known: Known) -> dict[str, str]:
    """A code leads to one rep or to one outlet."""
    rep, outlet = cells.get("员工编号", ""), cells.get("网点编码", "")
    if bool(rep) == bool(outlet):
        return {"员工编号": "员工编号和网点编码须填且只填一个"}
    if rep and rep not in known.reps:
        return {"员工编号": "您的范围内没有这名在职员工"}
    if outlet and outlet not in known.outlets:
        return {"网点编码": "您的范围内没有这个网点，或已关闭"}
    return {}


def _day(cells: Mapping[str, str], name: str, *, latest: date = date.max) -> dict[str, str]:
    try:
        found = day_in(cells.get(name, ""))
    except ValueError:
        return {name: "日期格式应为 2026-03-08"}
    return {name: "不能晚于今天"} if found is not None and found > latest else {}
