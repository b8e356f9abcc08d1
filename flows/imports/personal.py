"""What a file says of people: sealed while it waits, shown by its ends, forgotten once it is done."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Final

from flows.sealed import vault
from members.vault import CannotOpen
from org.import_models import ImportKind
from wx_backend.errors import Conflict

_SEALED: Final[Mapping[ImportKind, tuple[str, ...]]] = {ImportKind.MEMBERS: ("姓名", "手机号")}


class FileTooOld(Conflict):
    code, message = "file_too_old", "文件中的资料已无法解密，请重新上传"


def kept(kind: ImportKind, cells: Mapping[str, str], *, is_bad: bool) -> dict[str, str]:
    """The cells as they are kept: of a line that will never be made, only the ends."""
    seal = _ends if is_bad else _seal
    return {
        name: seal(cell, _place(cells, name)) if cell and name in _SEALED.get(kind, ()) else cell
        for name, cell in cells.items()
    }


def opened(kind: ImportKind, cells: Mapping[str, str]) -> dict[str, str]:
    """The cells as they were typed. Raises FileTooOld."""
    names = _SEALED.get(kind, ())
    return {
        name: _open(cell, _place(cells, name)) if cell and name in names else cell
        for name, cell in cells.items()
    }


def shown(kind: ImportKind, cells: Mapping[str, str], *, is_bad: bool) -> dict[str, str]:
    """The cells as a page shows them."""
    names = _SEALED.get(kind, ())
    if is_bad or not names:
        return dict(cells)
    try:
        plain = opened(kind, cells)
    except FileTooOld:
        plain = {**cells, **dict.fromkeys(names, "•••")}
    return {name: _ends(cell, "") if name in names else cell for name, cell in plain.items()}


def forgotten(kind: ImportKind, cells: Mapping[str, str]) -> dict[str, str]:
    """The cells without what they said of people."""
    return {name: "" if name in _SEALED.get(kind, ()) else cell for name, cell in cells.items()}


def _place(cells: Mapping[str, str], name: str) -> str:
    return f"people_import.{name}:{cells.get('公众号', '')}:{cells.get('OpenID', '')}"


def _seal(text: str, place: str) -> str:
    return b64encode(vault().seal(text, place=place)).decode()


def _open(text: str, place: str) -> str:
    try:
        return vault().open(b64decode(text), place=place)
    except (CannotOpen, ValueError) as error:
        raise FileTooOld from error


def _ends(text: str, _place: str) -> str:
    """`138****8000`, `张*`: enough to recognise, not to call."""
    if len(text) < 2 or text == "•••":
        return text
    if len(text) < 7:
        return f"{text[0]}{'*' * (len(text) - 1)}"
    return f"{text[:3]}****{text[-4:]}"
