"""Turning pages of a list, and what a person typed into a filter."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final

from flask import request

from wx_backend.clock import SHANGHAI
from wx_backend.errors import BadInput
from wx_backend.same_page import same_page
from wx_backend.words import printable

PER_PAGE: Final = 20
PAGES_MAX: Final = 5_000
TEXT_MAX: Final = 40
SENTENCE_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Pages:
    """Where in a list we are: `number` counts from 1, `count` is of all rows."""

    number: int
    count: int
    size: int = PER_PAGE

    @property
    def last(self) -> int:
        return max(1, -(-self.count // self.size))

    @property
    def after(self) -> int:
        """How many rows come before this page."""
        return (self.number - 1) * self.size

    def url(self, number: int) -> str:
        """The same list, turned to another page."""
        return same_page(page=number)


def page_of(count: int, *, size: int = PER_PAGE) -> Pages:
    """The page that is asked for; the last one for a number beyond it."""
    asked = request.args.get("page", "1")
    is_number = asked.isascii() and asked.isdigit() and len(asked) <= len(str(PAGES_MAX))
    pages = Pages(max(1, int(asked)) if is_number else 1, count, size)
    return Pages(min(pages.number, pages.last), count, size)


def turned_to(after: str) -> str:
    """The same list from where a page ended; from its beginning without that."""
    return same_page(after=after or None)


def text(name: str, source: Any = None) -> str:
    """One line that was typed, cut to size."""
    typed: str = (request.args if source is None else source).get(name, "")
    return printable(typed).strip()[:TEXT_MAX].rstrip()


def sentence(name: str) -> str:
    """What was typed into a field of a form to say why, cut to size."""
    return printable(request.form.get(name, "")).strip()[:SENTENCE_MAX].rstrip()


def form_key() -> str:
    """What tells a form sent twice from two forms. Raises BadInput without one."""
    key = text("key", request.form)
    if not key:
        raise BadInput("页面已过期，请刷新后重试", fields=["key"])
    return key


def day(name: str) -> datetime | None:
    """The beginning of a Shanghai day in the query; None when it is left out. Raises BadInput."""
    typed = request.args.get(name, "")
    if not typed:
        return None
    return datetime.combine(as_date(typed, name), time(), SHANGHAI)


def as_date(typed: str, name: str) -> date:
    """A date as `2026-03-08`. Raises BadInput naming the field."""
    try:
        found = date.fromisoformat(typed)
    except ValueError as error:
        raise BadInput("日期格式应为 2026-03-08", fields=[name]) from error
    if not 2000 <= found.year <= 2100:  # what instants of both databases hold with room to spare
        raise BadInput("日期超出范围", fields=[name])
    return found


def as_moment(typed: str, name: str) -> datetime:
    """`2026-03-02T12:00` as it is read in Shanghai. Raises BadInput naming the field."""
    try:
        found = datetime.fromisoformat(typed)
    except ValueError as error:
        raise BadInput("时间格式应为 2026-03-02T12:00", fields=[name]) from error
    if not 2000 <= found.year <= 2100:
        raise BadInput("时间超出范围", fields=[name])
    return found.replace(tzinfo=SHANGHAI)


def moment_as_typed(instant: datetime) -> str:
    """The same the other way round, for a form."""
    return f"{instant.astimezone(SHANGHAI):%Y-%m-%dT%H:%M}"
