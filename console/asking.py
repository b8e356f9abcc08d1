"""Which place and which days a page of figures is asked about, within the rights of who asks."""

from datetime import date, timedelta
from enum import StrEnum
from typing import Final, TypeVar

from flask import request

from console.pages import as_date
from console.session import staff
from org.models import OrgNode
from org.queries import is_within, node_of
from wx_backend import clock
from wx_backend.clock import business_on
from wx_backend.errors import BadInput, NotFound

DAYS_SHOWN: Final = 30


def place_asked() -> OrgNode:
    """The place asked about; one's own without a choice, NotFound for a foreign one."""
    mine, asked = staff().node_id, request.args.get("place", "")
    if asked and not is_within(id_of(asked), mine):
        raise NotFound
    return node_of(id_of(asked) if asked else mine)


def days_asked(*, days_max: int) -> tuple[date, date]:
    """The first and last day asked about; the last thirty without a choice. Raises BadInput."""
    last = _day("until", business_on(clock.now()))
    first = _day("from", last - timedelta(days=DAYS_SHOWN - 1))
    if not 0 <= (last - first).days < days_max:
        raise BadInput(f"请选择不超过{days_max}天的日期范围", fields=["from", "until"])
    return first, last


def id_of(typed: str) -> int:
    """A row's id as typed; NotFound for what is none."""
    if not typed.isascii() or not typed.isdigit() or len(typed) > 18:
        raise NotFound
    return int(typed)


Choice = TypeVar("Choice", bound=StrEnum)


def one_of(name: str, choices: type[Choice]) -> Choice | None:
    """The value chosen in the query; None when it is left out. Raises BadInput."""
    typed = request.args.get(name, "")
    if not typed:
        return None
    try:
        return choices(typed)
    except ValueError as error:
        raise BadInput("没有这个选项", fields=[name]) from error


def _day(name: str, otherwise: date) -> date:
    typed = request.args.get(name, "")
    return as_date(typed, name) if typed else otherwise
