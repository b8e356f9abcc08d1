"""Reading a TOML table key by key, collecting everything that is wrong with it."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeVar

from referral.poster.template import Box

Word = TypeVar("Word", bound=str)

_COLOUR = re.compile(r"#[0-9a-f]{6}")


class Table:
    """One table of a template file; `faults` maps the path of a key to what is wrong there.

    Every reader returns a usable value even when it notes a fault, so that one pass finds all.
    """

    def __init__(self, raw: Any, path: str, faults: dict[str, str]) -> None:
        self._raw: Mapping[str, Any] = raw if isinstance(raw, dict) else {}
        self._path = path
        self._faults = faults
        self._known: set[str] = set()
        if not isinstance(raw, dict):
            self.fault("", "应为一个表")

    def fault(self, key: str, reason: str) -> None:
        """Note that something is wrong with a key."""
        self._faults[f"{self._path}{key}".rstrip(".") or "template.toml"] = reason

    def has(self, key: str) -> bool:
        """True when the file sets this key."""
        return key in self._raw

    def text(self, key: str, *, longest: int, default: str | None = None) -> str:
        """A string of at most `longest` characters; required without a default."""
        value = self._value(key, default)
        if not isinstance(value, str) or len(value) > longest:
            self.fault(key, f"应为不超过 {longest} 个字的文本")
            return default or ""
        return value

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """A whole number from `low` to `high`."""
        value = self._value(key, default)
        if not _is_whole(value) or not low <= value <= high:
            self.fault(key, f"应为 {low} 到 {high} 的整数")
            return low
        return int(value)

    def number(self, key: str, low: float, high: float, default: float) -> float:
        """A number from `low` to `high`."""
        value = self._value(key, default)
        if not (_is_whole(value) or isinstance(value, float)) or not low <= value <= high:
            self.fault(key, f"应为 {low} 到 {high} 的数")
            return default
        return float(value)

    def choice(self, key: str, choices: Sequence[Word], default: Word | None = None) -> Word:
        """One of the given words."""
        value = self._value(key, default)
        if value not in choices:
            self.fault(key, f"应为 {'、'.join(map(str, choices))} 之一")
            return choices[0]
        return choices[choices.index(value)]

    def colour(self, key: str, default: str) -> str:
        """A colour as `#rrggbb`."""
        value = self._value(key, default)
        if not isinstance(value, str) or not _COLOUR.fullmatch(value.lower()):
            self.fault(key, "应为 #rrggbb 形式的颜色")
            return default
        return value.lower()

    def size(self, key: str, low: int, high: int) -> tuple[int, int]:
        """A width and a height in pixels."""
        value = self._value(key, None)
        if not _are_whole(value, 2) or not all(low <= side <= high for side in value):
            self.fault(key, f"应为 [宽，高],每边 {low} 到 {high} 像素")
            return high, high
        return value[0], value[1]

    def box(self, key: str, within: tuple[int, int]) -> Box:
        """A rectangle `[x, y, width, height]` that lies on the poster."""
        value = self._value(key, None)
        box = Box(*value) if _are_whole(value, 4) else Box(0, 0, 0, 0)
        _, _, right, bottom = box.corners
        inside = box.x >= 0 and box.y >= 0 and right <= within[0] and bottom <= within[1]
        if not inside or box.width <= 0 or box.height <= 0:
            self.fault(key, "应为画面之内的 [x, y, 宽，高]")
        return box

    def tables(self, key: str) -> list["Table"]:
        """The tables of an array such as `[[text]]`; none when it is absent."""
        value = self._value(key, [])
        if not isinstance(value, list):
            self.fault(key, "应为一组表")
            return []
        return [
            Table(raw, f"{self._path}{key}[{at}].", self._faults) for at, raw in enumerate(value)
        ]

    def close(self) -> None:
        """Note every key that nothing asked for: most often a misspelt one."""
        for key in self._raw.keys() - self._known:
            self.fault(key, "未知的项")

    def _value(self, key: str, default: Any) -> Any:
        self._known.add(key)
        return self._raw.get(key, default)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _are_whole(value: Any, count: Literal[2, 4]) -> bool:
    return isinstance(value, list) and len(value) == count and all(map(_is_whole, value))
