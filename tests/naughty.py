"""Texts that break careless programs, and the forms of a page that take texts.

The Big List of Naughty Strings (Max Woolf and others, MIT licence), whole, as `naughty_strings/README.md`
says; and those chosen of it by what each can break here, with some of our own: Chinese, WeChat's, and what
spreadsheets run.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from zlib import crc32

_LIST: Final = Path(__file__).parent / "naughty_strings" / "blns.json"
BIG_LIST: Final[tuple[str, ...]] = tuple(json.loads(_LIST.read_text("utf-8")))

NAUGHTY: Final = (
    *(
        "undefined",
        "null",
        "None",
        "NaN",
        "true",
        "1E+02",
        "0x0",
        "-1",
        "１２３",
        "١٢٣",
        "1/0",
        "00",
    ),
    *("=1+1", "+86", "-2+3", "@SUM(A1)", "=cmd|'/C calc'!A0", "'quoted", '"quoted"', "a,b;c\td"),
    *(
        "<b>粗</b>",
        "<script>alert(1)</script>",
        "&amp;lt;",
        "&#60;",
        "]]>",
        "<![CDATA[x]]>",
        "<!--",
    ),
    *("' OR 1=1 --", "1;DROP TABLE users", "%s%n%x", "%00", "%", "_", "\\", "\\n", "\\u0000"),
    *(
        "{{ 7*7 }}",
        "{% raw %}",
        "${7*7}",
        "#{7*7}",
        "$(touch x)",
        "`id`",
        "../../etc/passwd",
        "C:\\x",
    ),
    *(
        "😍👨‍👩‍👧‍👦🏳️‍🌈🇨🇳",
        "👍🏿",
        "𠮷野家",
        "張　三",
        "ㄅㄆㄇ",
        "한글",
        "عربى",
        "ไทย",
        "Ω≈ç√",
        "ﬁ",
        "İıſ",
        "ß",
    ),
    *("Ṱ̺̺̕o͞ ̷i̲̬͇̪͙n̝̗͕v̟̜̘̦͟", "\u202eabc\u202c", "\u200b\ufeff", "a\u00a0b", "\u2028\u2029", "．", "…—“”"),
    *(
        "http://a/%%30%30",
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "CON",
        "nul",
    ),
    *("Scunthorpe", "\x01\x1b[31m", "\x7f", "\x85", "a\r\nSet-Cookie: x=1", " 前后 ", "\U000e0067"),
)
EVERY: Final = tuple(dict.fromkeys((*NAUGHTY, *BIG_LIST)))
PACK: Final = 36


def packs(texts: Iterable[str] = NAUGHTY, *, size: int = PACK) -> Iterator[str]:
    """All of them, some at a time as one text that is no longer than this unless one alone is."""
    pack = ""
    for each in texts:
        if pack and len(pack) + len(each) >= size:
            yield pack
            pack = ""
        pack = f"{pack} {each}" if pack else each
    yield pack


WHOLE: Final = tuple(packs(BIG_LIST, size=400))
"""The whole list, so much of it at a time that all forms meet it before anybody tires of waiting."""


ALL: Final = (*packs(), *WHOLE)
"""What a form meets at the full size: the chosen texts, then the whole list."""
SLICES: Final = 12


@dataclass(frozen=True, slots=True)
class Slice:
    """Which of all texts the forms of a run meet: every twelfth, or without a number each of them.

    Where a form begins follows from its name: the same commit plays the same texts. Another number plays
    others, a dozen of them all in every form.
    """

    number: int | None = 0

    @classmethod
    def of_day(cls, day: date) -> "Slice":
        """Another one every day, for who asks for it."""
        return cls(day.toordinal() % SLICES)

    def of(self, form: str) -> Sequence[str]:
        """What a form of this name meets; what is cut off in one comes first in another."""
        if self.number is None:
            at = crc32(form.encode()) % len(ALL)
            return [*ALL[at:], *ALL[:at]]
        return self.share(ALL, form)

    def share(self, texts: Sequence[str], field: str) -> Sequence[str]:
        """Of texts that a field meets each by itself, those it meets in this run: one at least."""
        if self.number is None or not texts:
            return texts
        begin = (self.number + crc32(field.encode())) % min(SLICES, len(texts))
        return texts[begin::SLICES]

    def __str__(self) -> str:
        """How the same is played again."""
        return f"--slice={'all' if self.number is None else self.number}"


@dataclass
class Form:
    """A form as a browser would send it: where to, what is in it, and which fields take a text.

    `stood` is what stands in those, `most` how much they take where the page says so, and `exact` of
    which kind those for a number, a day or a secret are. A button may send the form elsewhere; of several
    the first one is pressed.
    """

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    stood: dict[str, str] = field(default_factory=dict)
    most: dict[str, int] = field(default_factory=dict)
    exact: dict[str, str] = field(default_factory=dict)

    def filled(self, text: str) -> Mapping[str, str]:
        """The form with this text wherever somebody can type one."""
        return {**self.values, **dict.fromkeys(self.texts, text)}


_TYPED: Final = frozenset({"text", "search", "tel", "url", "email", "password", "date", "number"})
_EXACT: Final = frozenset({"password", "date", "number", "numeric", "decimal"})


def is_typed(tag: str, told: Mapping[str, str]) -> bool:
    """Whether somebody types into such a field."""
    return tag == "textarea" or (tag == "input" and told.get("type", "text") in _TYPED)


class _Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._page, self._open, self._area = page, False, ""
        self._select, self._is_wanted = "", False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            action, method = told.get("action") or self._page, told.get("method", "get").lower()
            if method == "get":
                action = action.partition("?")[0]  # its fields take the query's place
            self.forms.append(Form(action, method))
            self._open = True
        elif self._open:
            if "formaction" in told:
                self.forms[-1].elsewhere.append(told["formaction"])
            self._field(tag, told)

    def handle_endtag(self, tag: str) -> None:
        self._open = self._open and tag != "form"
        if tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area and self._open:
            self.forms[-1].stood[self._area] += data

    def _field(self, tag: str, told: Mapping[str, str]) -> None:
        form, name = self.forms[-1], told.get("name", "")
        if tag == "option" and self._select:
            is_wanting = self._is_wanted and not form.values.get(self._select)
            if "selected" in told or is_wanting or self._select not in form.values:
                form.values[self._select] = told.get("value", "")
            return
        if tag == "select":
            self._select, self._is_wanted = name, "required" in told
        if is_typed(tag, told):
            self._text(name, told)
            self._area = name if tag == "textarea" else ""
        elif tag == "button" and name:
            form.values.setdefault(name, told.get("value", ""))
        elif tag == "input" and name and told.get("type") != "file":
            is_off = told.get("type") in {"checkbox", "radio"} and "checked" not in told
            if not is_off or name not in form.values:
                form.values[name] = told.get("value", "on")

    def _text(self, name: str, told: Mapping[str, str]) -> None:
        form = self.forms[-1]
        form.texts.append(name)
        form.stood[name] = told.get("value", "")
        if told.get("maxlength", "").isdigit():
            form.most[name] = int(told["maxlength"])
        kind = next(
            (told[said] for said in ("type", "inputmode") if told.get(said) in _EXACT), None
        )
        if kind is not None:
            form.exact[name] = kind


def every_form(html: str, page: str) -> Iterator[Form]:
    """The forms of a page, once for each address their buttons send them to."""
    reader = _Reader(page)
    reader.feed(html)
    for form in reader.forms:
        for action in form.elsewhere or [form.action]:
            yield replace(form, action=action)
