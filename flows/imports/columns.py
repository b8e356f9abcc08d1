"""What each column of a file is called, and what is wrong with a line: values in, values out."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from flows.imports import legacy
from flows.imports.lines import Known, Line
from flows.spreadsheets import UnreadableFile, plain_cell
from org.import_models import ImportKind
from org.models import ChannelClass

ROWS_MAX: Final = 5_000
CHANNELS: Final[Mapping[str, ChannelClass]] = {
    "自有营业厅": ChannelClass.OWN_HALL,
    "加盟店": ChannelClass.FRANCHISE,
    "合作渠道": ChannelClass.PARTNER,
    "线上团队": ChannelClass.ONLINE_TEAM,
}
COLUMNS: Final[Mapping[ImportKind, tuple[str, ...]]] = {
    ImportKind.REPS: (
        *("编号", "姓名", "网点编码", "渠道", "职务"),
        *("发展人编码", "渠道编码", "受理工号"),
    ),
    ImportKind.OUTLETS: ("编码", "名称", "上级编码", "地址", "电话"),
    ImportKind.BINDINGS: legacy.BINDING_COLUMNS,
    ImportKind.CODES: legacy.CODE_COLUMNS,
    ImportKind.MEMBERS: legacy.MEMBER_COLUMNS,
}
WANTED: Final[Mapping[ImportKind, tuple[str, ...]]] = {
    ImportKind.REPS: ("姓名", "网点编码", "渠道"),
    ImportKind.OUTLETS: ("编码", "名称", "上级编码"),
    ImportKind.BINDINGS: ("OpenID", "员工编号"),
    ImportKind.CODES: ("旧码", "类型"),
    ImportKind.MEMBERS: ("OpenID",),
}
LENGTHS: Final[Mapping[str, int]] = {
    "姓名": 40,
    "职务": 40,
    "发展人编码": 32,
    "渠道编码": 32,
    "受理工号": 32,
    "编码": 32,
    "名称": 60,
    "地址": 200,
    "电话": 30,
    "旧码": 64,
    "OpenID": 64,
}
CODES: Final = ("发展人编码", "渠道编码", "受理工号")
_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")


def lines_of(kind: ImportKind, table: Sequence[Sequence[str]]) -> list[Line]:
    """The filled lines below the heading. Raises UnreadableFile without heading, lines, or measure."""
    heading = [plain_cell(row, at) for row in table[:1] for at in range(len(row))]
    heading = [name.lstrip("\ufeff") for name in heading]
    if missing := [name for name in WANTED[kind] if name not in heading]:
        raise UnreadableFile(f"第 1 行缺少列：{'、'.join(missing)}")
    at = {name: heading.index(name) for name in COLUMNS[kind] if name in heading}
    found = [
        Line(number, {name: plain_cell(row, position) for name, position in at.items()})
        for number, row in enumerate(table[1:], 2)
        if any(cell.strip() for cell in row)
    ]
    if not found:
        raise UnreadableFile("文件中没有数据行")
    if len(found) > ROWS_MAX:
        raise UnreadableFile(f"文件超过 {ROWS_MAX} 行，请拆分后导入")
    return found


def checked(kind: ImportKind, lines: Sequence[Line], known: Known) -> list[Line]:
    """The same lines, each with what is wrong with it; what the lines above it say counts too."""
    seen: set[tuple[str, ...]] = set()
    check = _CHECKS[kind]
    return [
        Line(line.number, line.cells, {**check(line.cells, known, seen), **_form(kind, line.cells)})
        for line in lines
    ]


def _form(kind: ImportKind, cells: Mapping[str, str]) -> dict[str, str]:
    faults = {name: "必填" for name in WANTED[kind] if not cells.get(name)}
    for name, most in LENGTHS.items():
        if len(cells.get(name, "")) > most:
            faults[name] = f"最多 {most} 个字"
    return faults


def _rep(cells: Mapping[str, str], known: Known, seen: set[tuple[str, ...]]) -> dict[str, str]:
    faults = {}
    if cells.get("编号"):
        faults["编号"] = "该员工已存在；新员工的编号由系统生成，请留空"
    if cells["网点编码"] not in known.outlets:
        faults["网点编码"] = "您的范围内没有这个网点，或已关闭"
    if cells["渠道"] not in CHANNELS:
        faults["渠道"] = f"应为{'、'.join(CHANNELS)}之一"
    who = (cells["网点编码"], cells["姓名"])
    if who in known.names or ("rep", *who) in seen:
        faults["姓名"] = "该网点已有同名员工"
    seen.add(("rep", *who))
    return {**faults, **_codes(cells, known, seen)}


def _codes(cells: Mapping[str, str], known: Known, seen: set[tuple[str, ...]]) -> dict[str, str]:
    """Codes come together or not at all."""
    given = {name: cells.get(name, "") for name in CODES}
    if not any(given.values()):
        return {}
    faults = {name: "三个工号须同时填写" for name, code in given.items() if not code}
    for name, code in given.items():
        if code and not _CODE.fullmatch(code):
            faults[name] = "只能用字母、数字和连字符"
    mine = given["发展人编码"]
    if mine in known.developers or ("developer", mine) in seen:
        faults["发展人编码"] = "已被使用"
    seen.add(("developer", mine))
    return faults


def _outlet(cells: Mapping[str, str], known: Known, seen: set[tuple[str, ...]]) -> dict[str, str]:
    faults = {}
    code = cells["编码"]
    if not _CODE.fullmatch(code):
        faults["编码"] = "只能用字母、数字和连字符"
    elif code in known.places or ("place", code) in seen:
        faults["编码"] = "已被使用"
    seen.add(("place", code))
    if cells["上级编码"] not in known.parents:
        faults["上级编码"] = "您的范围内没有这个上级单位，或已关闭"
    return faults


_CHECKS: Final[Mapping[ImportKind, Callable[..., dict[str, str]]]] = {
    ImportKind.REPS: _rep,
    ImportKind.OUTLETS: _outlet,
    ImportKind.BINDINGS: legacy.binding_faults,
    ImportKind.CODES: legacy.code_faults,
    ImportKind.MEMBERS: legacy.member_faults,
}
