"""What each kind of line makes, whose it is then, and how it goes away again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Select

from flows.accounts import official_accounts, owner_of
from flows.imports import legacy, personal
from flows.imports.columns import CHANNELS, CODES
from flows.imports.known import accounts_by_name
from flows.sealed import vault
from insights.operations import forget_place
from members.importing import account_of_member, import_member, remove_import
from members.operations import seen
from org import importing, operations, reps
from org.import_models import ImportKind
from org.models import Rep, RepStatus, Tier
from org.queries import node_by_code, rep_by_number, under
from org.reps import OperatorCodes
from org.roster import is_rep_within
from referral import importing as older
from referral.operations import Sharer
from wx_backend.clock import business_on
from wx_backend.errors import NotFound

Cells = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Maker:
    """One kind: make a line's thing (its id), whether that lies in a scope now, take it away.

    Taking away what is used raises IntegrityError.
    """

    make: Callable[[Cells, int, datetime], int]
    is_within: Callable[[int, Select[int]], bool]
    remove: Callable[[int, datetime], None]


def _make_rep(cells: Cells, node_id: int, now: datetime) -> int:
    outlet = node_by_code(cells["网点编码"], under(node_id))
    if outlet is None:
        raise NotFound("网点已不在您的范围内")
    rep_id = reps.hire_rep(
        name=cells["姓名"],
        outlet_id=outlet.id,
        channel_class=CHANNELS[cells["渠道"]],
        title=cells.get("职务", ""),
        now=now,
    )
    if cells.get(CODES[0]):
        codes = OperatorCodes(*(cells[name] for name in CODES))
        reps.assign_codes(rep_id=rep_id, codes=codes, valid_from=business_on(now))
    return rep_id


def _make_outlet(cells: Cells, node_id: int, _now: datetime) -> int:
    parent = node_by_code(cells["上级编码"], under(node_id))
    if parent is None:
        raise NotFound("上级单位已不在您的范围内")
    made = operations.create_node(
        tier=Tier.OUTLET, code=cells["编码"], name=cells["名称"], parent_id=parent.id
    )
    operations.describe_node(
        node_id=made,
        name=cells["名称"],
        address=cells.get("地址") or None,
        phone=cells.get("电话") or None,
    )
    return made


def _remove_outlet(node_id: int, _now: datetime) -> None:
    forget_place(node_id=node_id)
    operations.remove_node(node_id)


def _make_binding(cells: Cells, node_id: int, now: datetime) -> int:
    appid = legacy.appid_in(cells, accounts_by_name(node_id))
    if appid is None:
        raise NotFound("公众号已不在您的范围内")
    rep = _rep(cells["员工编号"], node_id)
    began = legacy.bound_at(cells, now)
    identity_id = seen(appid=appid, openid=cells["OpenID"], event_at=began, known_at=now)
    return older.import_binding(identity_id=identity_id, rep_id=rep.id, bound_at=began, now=now)


def _is_binding_within(touch_id: int, scope: Select[int]) -> bool:
    rep_id = older.rep_of_touch(touch_id)
    return rep_id is not None and is_rep_within(rep_id, scope)


def _make_member(cells: Cells, node_id: int, now: datetime) -> int:
    appid = legacy.appid_in(cells, accounts_by_name(node_id))
    if appid is None:
        raise NotFound("公众号已不在您的范围内")
    said = personal.opened(ImportKind.MEMBERS, cells)
    identity_id = seen(appid=appid, openid=said["OpenID"], event_at=now, known_at=now)
    return import_member(
        identity_id=identity_id,
        name=said.get("姓名", ""),
        phone=said.get("手机号", ""),
        vault=vault(),
        now=now,
    )


def _is_member_within(member_id: int, scope: Select[int]) -> bool:
    """A member belongs to where the account belongs by which he was met."""
    appid = account_of_member(member_id)
    owners = [owner_of(each) for each in official_accounts() if each.appid == appid]
    return any(
        owner is not None and importing.made_within(ImportKind.OUTLETS, owner, scope)
        for owner in owners
    )


def _make_code(cells: Cells, node_id: int, now: datetime) -> int:
    said = legacy.alias_in(cells, accounts_by_name(node_id))
    is_scene = cells["类型"] == legacy.SCENE
    if is_scene and not said.appid:
        raise NotFound("公众号已不在您的范围内")
    alias = older.Alias(
        slug=None if is_scene else said.code,
        appid=said.appid if is_scene else None,
        scene=said.code if is_scene else None,
        label=cells.get("名称", ""),
        expires_at=said.expires_at,
    )
    return older.add_alias(alias=alias, sharer=_sharer(cells, node_id), now=now)


def _is_code_within(code_id: int, scope: Select[int]) -> bool:
    share = older.share_of_alias(code_id)
    if share is None:
        return False
    if share.rep_id is not None:
        return is_rep_within(share.rep_id, scope)
    return share.outlet_id is not None and importing.made_within(
        ImportKind.OUTLETS, share.outlet_id, scope
    )


def _sharer(cells: Cells, node_id: int) -> Sharer:
    if number := cells.get("员工编号"):
        return Sharer(rep_id=_rep(number, node_id).id)
    outlet = node_by_code(cells["网点编码"], under(node_id))
    if outlet is None:
        raise NotFound("网点已不在您的范围内")
    return Sharer(outlet_id=outlet.id)


def _rep(number: str, node_id: int) -> Rep:
    rep = rep_by_number(number)
    is_mine = rep is not None and is_rep_within(rep.id, under(node_id))
    if rep is None or not is_mine or rep.status != RepStatus.ACTIVE:
        raise NotFound("员工已不在您的范围内")
    return rep


MAKERS: Final[Mapping[ImportKind, Maker]] = {
    ImportKind.REPS: Maker(
        _make_rep,
        lambda made_id, scope: importing.made_within(ImportKind.REPS, made_id, scope),
        lambda made_id, _now: reps.remove_rep(made_id),
    ),
    ImportKind.OUTLETS: Maker(
        _make_outlet,
        lambda made_id, scope: importing.made_within(ImportKind.OUTLETS, made_id, scope),
        _remove_outlet,
    ),
    ImportKind.BINDINGS: Maker(
        _make_binding,
        _is_binding_within,
        lambda made_id, now: older.withdraw_binding(touch_id=made_id, now=now),
    ),
    ImportKind.MEMBERS: Maker(
        _make_member, _is_member_within, lambda made_id, _now: remove_import(made_id)
    ),
    ImportKind.CODES: Maker(
        _make_code, _is_code_within, lambda made_id, _now: older.remove_alias(made_id)
    ),
}
