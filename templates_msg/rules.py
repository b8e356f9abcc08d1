"""What a template's fields may hold, and when a send without an answer may be repeated.

The limits are those the platform publishes for the fields of category templates; a value beyond
them makes it refuse the whole message (47003), so they are checked before anything is queued.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

from wx_backend.errors import BadInput

# The platform drops a repeat of a client_msg_id for ten minutes; two are kept for our own delays.
REPEAT_WITHIN: Final = timedelta(minutes=8)

PAGE_MAX: Final = 255
IN_PAGE: Final = "{订单编号}"
"""Stands for the order's number in the page that a mini-program's notice opens."""

# As WeChat takes it: no `/` in front, as in app.json, arguments after `?` at will.
_PAGE: Final = re.compile(r"[0-9A-Za-z_\-]+(/[0-9A-Za-z_\-]+)*(\?[0-9A-Za-z_\-.~%=&]+)?")
_KEY: Final = re.compile(r"([a-z_]+?)([0-9]{0,3})")
_PLACEHOLDER: Final = re.compile(r"\{\{\s*([A-Za-z_]+[0-9]*)\.DATA\s*\}\}")


def _matching(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda value: compiled.fullmatch(value) is not None


_LIMITS: Final[Mapping[str, Callable[[str], bool]]] = {
    "thing": _matching(r"[^\n\r]{1,20}"),
    "character_string": _matching(r"[\x21-\x7e]{1,32}"),
    "time": _matching(r"[0-9年月日:：/\-~ ]{1,40}"),
    "date": _matching(r"[0-9年月日:：/\-~ ]{1,40}"),
    "amount": _matching(r"[¥￥$]?-?[0-9]{1,10}(\.[0-9]{1,2})?元?"),
    "phone_number": _matching(r"[0-9+\-*]{1,17}"),
    "car_number": _matching(r"[^\n\r]{1,8}"),
    "const": _matching(r"[^\n\r]{1,20}"),
    "phrase": _matching(r"[\u4e00-\u9fff]{1,5}"),
    "number": _matching(r"-?[0-9.]{1,32}"),
    "letter": _matching(r"[A-Za-z]{1,32}"),
    "symbol": _matching(r"[^\w\s]{1,5}"),
    "name": _matching(r"[^\n\r]{1,20}"),
}


_HINTS: Final[Mapping[str, str]] = {
    "thing": "20 个字以内",
    "character_string": "32 位以内的数字、字母或符号",
    "time": "时间，如 2026年3月2日 12:00",
    "date": "日期，如 2026年3月2日",
    "amount": "金额，如 ¥12.30",
    "phone_number": "17 位以内的号码",
    "car_number": "8 位以内的车牌号",
    "const": "20 个字以内，须在审核通过的列表中",
    "phrase": "5 个汉字以内",
    "number": "32 位以内的数字",
    "letter": "32 个字母以内",
    "symbol": "5 个符号以内",
    "name": "20 个字以内的姓名",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a template: what stands before the field, the field, and what it takes."""

    label: str
    key: str
    hint: str
    value: str = ""


class BadField(BadInput):
    """A value the platform would refuse; `details` maps the template's field to the fault."""

    code, message = "bad_field", "消息字段不符合模板要求"


def lines_of(content: str, data: Mapping[str, str] | None = None) -> list[Line]:
    """A template's lines as the platform shows them, filled with `data` where it is given."""
    found = []
    for line in content.splitlines():
        match = _PLACEHOLDER.search(line)
        if match is not None:
            key = match[1]
            label = line[: match.start()].strip().rstrip(":：")
            found.append(Line(label or key, key, _hint(key), (data or {}).get(key, "")))
    return found


def check_filled(content: str, data: Mapping[str, str]) -> None:
    """Check that every field of a template is filled, each by its kind. Raises BadField."""
    keys = [line.key for line in lines_of(content)]
    check_fields({key: data.get(key, "") for key in keys})


def check_fields(data: Mapping[str, str]) -> None:
    """Check every value against its field's kind, told by its key: `thing1`, `amount4` ...

    Raises BadField naming all fields at fault, keys of no known kind among them.
    """
    faults = {key: fault for key, value in data.items() if (fault := _fault(key, value))}
    if faults or not data:
        raise BadField(**faults)


def check_page(page: str, *, has_number: bool) -> None:
    """Check a page of a mini-program as a notice opens it; `has_number`: with an order's number.

    The platform refuses the whole message for a page it does not have (41030). Raises BadInput.
    """
    if len(page) > PAGE_MAX or not _PAGE.fullmatch(page_for(page, "OD1")):
        raise BadInput(
            f"小程序页面的路径不能以 / 开头，只含字母、数字和 _-.~%/，参数写在 ? 之后，"
            f"订单编号写作 {IN_PAGE}",
            fields=["page"],
        )
    if IN_PAGE in page and not has_number:
        raise BadInput(f"这个事件没有订单编号，页面中不能使用 {IN_PAGE}", fields=["page"])


def page_for(page: str, number: str) -> str:
    """The page with an order's number in it, where it says so."""
    return page.replace(IN_PAGE, quote(number, safe=""))


def shortened(text: str, limit: int = 20) -> str:
    """A text for a `thing` field: one line, cut with an ellipsis where it is too long."""
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def may_repeat(*, first_sent_at: datetime, now: datetime) -> bool:
    """Whether a send whose answer never came may be repeated without arriving twice."""
    return now - first_sent_at < REPEAT_WITHIN


def client_msg_id(message_id: int) -> str:
    """What marks a repeat of one message as such, the same however often it is asked for."""
    return f"wx-message-{message_id}"


def _hint(key: str) -> str:
    match = _KEY.fullmatch(key)
    return _HINTS.get(match[1], "") if match else ""


def _fault(key: str, value: str) -> str | None:
    match = _KEY.fullmatch(key)
    is_fit = _LIMITS.get(match[1]) if match else None
    if is_fit is None:
        return "未知的字段类型"
    return None if is_fit(value) else "内容为空、过长或含有不允许的字符"
