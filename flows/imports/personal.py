"""What a file says of people: sealed while it waits, shown by its ends, forgotten once it is over."""

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from typing import Final

from flows.sealed import vault
from members.phones import masked
from members.vault import CannotOpen
from org.import_models import ImportKind
from wx_backend.errors import Conflict

HIDDEN: Final = "***"


class FileTooOld(Conflict):
    code, message = "file_too_old", "文件中的资料已无法解密，请重新上传"


def kept(kind: ImportKind, cells: Mapping[str, str], *, is_bad: bool) -> dict[str, str]:
    """The cells as they are kept: of a line that will never be made, nothing of people."""
    said = _said(kind, cells)
    hide = {name: HIDDEN if is_bad else _seal(cells[name], _place(cells, name)) for name in said}
    return {**cells, **hide}


def opened(kind: ImportKind, cells: Mapping[str, str]) -> dict[str, str]:
    """The cells as they were typed. Raises FileTooOld."""
    said = _said(kind, cells)
    return {**cells, **{name: _open(cells[name], _place(cells, name)) for name in said}}


def shown(kind: ImportKind, cells: Mapping[str, str], *, is_bad: bool) -> dict[str, str]:
    """The cells as a page shows them."""
    said = _said(kind, cells)
    try:
        plain = {} if is_bad else opened(kind, cells)
    except FileTooOld:
        plain = {}
    return {**cells, **{name: mask(plain.get(name, "")) for name, mask in said.items()}}


def forgotten(kind: ImportKind, cells: Mapping[str, str]) -> dict[str, str]:
    """The cells without what they said of people."""
    return {**cells, **dict.fromkeys(_said(kind, cells), "")}


def _place(cells: Mapping[str, str], name: str) -> str:
    return f"people_import.{name}:{cells.get('公众号', '')}:{cells.get('OpenID', '')}"


def _seal(text: str, place: str) -> str:
    return b64encode(vault().seal(text, place=place)).decode()


def _open(text: str, place: str) -> str:
    try:
        return vault().open(b64decode(text), place=place)
    except (CannotOpen, ValueError) as error:
        raise FileTooOld from error


def _name(text: str) -> str:
    """`张三丰` -> `张**`, of whatever length."""
    return f"{text[0]}**" if text else HIDDEN


def _phone(text: str) -> str:
    """`+86 138-0013-8000` -> `138****8000`; what has fewer digits is hidden whole."""
    digits = "".join(each for each in text if each.isdigit())
    return masked(digits[-11:]) if len(digits) >= 11 else HIDDEN


_MASKS: Final[Mapping[ImportKind, Mapping[str, Callable[[str], str]]]] = {
    ImportKind.MEMBERS: {"姓名": _name, "手机号": _phone}
}
KINDS: Final = frozenset(_MASKS)
"""The kinds of files that say something of people."""


def _said(kind: ImportKind, cells: Mapping[str, str]) -> dict[str, Callable[[str], str]]:
    """The filled columns that say something of people, and how each is shown."""
    return {name: mask for name, mask in _MASKS.get(kind, {}).items() if cells.get(name)}
