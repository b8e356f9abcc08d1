"""The value rules of template keywords: a wrong type or length is refused with 47003."""

import re

from simulator.errors import ApiError
from simulator.records import JSON

_KEY = re.compile(r"\{\{\s*([A-Za-z_]+[0-9]*)\.DATA\s*\}\}")
_KIND = re.compile(r"[0-9]+$")
_RULES = {
    "thing": re.compile(r".{1,20}"),
    "character_string": re.compile(r"[\x21-\x7e]{1,32}"),
    "time": re.compile(r"[0-9年月日时分秒:/~\- ]{4,40}"),
    "date": re.compile(r"[0-9年月日时分秒:/~\- ]{4,40}"),
    "amount": re.compile(r"[¥￥$€£]?[0-9]{1,10}(\.[0-9]{1,2})?元?"),
    "phone_number": re.compile(r"[0-9+\-() ]{1,17}"),
    "car_number": re.compile(r".{1,8}"),
    "const": re.compile(r".{1,20}"),
    "phrase": re.compile(r"[\u4e00-\u9fff]{1,5}"),
    "number": re.compile(r"[0-9.]{1,32}"),
    "letter": re.compile(r"[A-Za-z]{1,32}"),
    "symbol": re.compile(r"[^\w\s]{1,5}"),
    "name": re.compile(r"[\u4e00-\u9fff·]{1,10}|[A-Za-z ]{1,20}"),
}


def keywords(content: str) -> list[str]:
    """The keyword names in a template's text: `{{thing1.DATA}}` gives `thing1`."""
    return _KEY.findall(content)


def checked_data(content: str, data: object) -> JSON:
    """The values of a template's keywords; raises ApiError(47003) naming the field."""
    if not isinstance(data, dict):
        raise ApiError(47003, "data is not an object")
    return {key: _checked(key, data.get(key)) for key in keywords(content)}


def _checked(key: str, entry: object) -> str:
    value = entry.get("value") if isinstance(entry, dict) else None
    if not isinstance(value, str | int | float) or isinstance(value, bool) or value == "":
        raise ApiError(47003, f"data.{key}.value is empty")
    rule = _RULES.get(_KIND.sub("", key))
    if rule and not rule.fullmatch(str(value)):
        raise ApiError(47003, f"data.{key}.value invalid")
    return str(value)
