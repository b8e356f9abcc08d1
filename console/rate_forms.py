"""What was typed into the forms of rates: percent, yuan and tiers, read exactly."""

from datetime import date
from typing import Any, Final

from flask import request

from catalog.queries import product_by_number
from console.pages import as_date, text
from org.models import ChannelClass
from org.queries import node_by_code, rep_by_number
from settlement.changes.contents import RateWish
from settlement.changes.models import Subject
from settlement.milestones import Step, steps_as_json
from settlement.models import Milestone, Receiver, VolumeOf
from settlement.rates import Tiers
from settlement.rules import Scope
from wx_backend.errors import BadInput
from wx_backend.money import fen_from_yuan

STEPS_MAX: Final = 6
USUAL_STEPS: Final = {"part0": "100", **{f"days{step}": "0" for step in range(STEPS_MAX)}}
CALLED: Final = {
    "product_id": "product",
    "rate_bp": "value",
    "piece_fen": "value",
    "outlet_id": "outlet",
    "rep_id": "rep",
    "hold_days": "steps",
    "month": "steps",
}
"""The fields of these forms by what the rules call them in a refusal."""


def content_of(subject: Subject) -> dict[str, Any]:
    """What the form of a subject asks for. Raises BadInput naming the field."""
    return _READERS[subject]()


def day(name: str) -> date:
    """A date that must be there."""
    return as_date(_typed(name), name)


def _rate() -> dict[str, Any]:
    is_percent = _choice("kind", ("percent", "piece")) == "percent"
    value = _hundredths("value")
    until = _typed("valid_until")
    wish = RateWish(
        scope=_scope(),
        rate_bp=value if is_percent else None,
        piece_fen=None if is_percent else value,
        tiers=_tiers(is_percent=is_percent),
        valid_until=as_date(until, "valid_until") if until else None,
    )
    return wish.as_json()


def _scope() -> Scope:
    number, category, channel = _typed("product"), _typed("category_id"), _typed("channel_class")
    product = product_by_number(number) if number else None
    if number and product is None:
        raise BadInput("没有这个商品编号", fields=["product"])
    if channel and channel not in set(ChannelClass):
        raise BadInput("没有这个渠道", fields=["channel_class"])
    return Scope(
        product_id=product.id if product else None,
        category_id=_whole("category_id") if category else None,
        channel_class=channel or None,
        receiver=Receiver(_choice("receiver", tuple(Receiver))),
    )


def _tiers(*, is_percent: bool) -> Tiers | None:
    """Lines like `10: 80.00`: from the eleventh piece on eighty yuan each."""
    typed = request.form.get("tiers", "")[:400]
    rows = [row for row in typed.replace("：", ":").splitlines() if row.strip()]
    if not rows:
        return None
    steps = []
    for row in rows:
        start, _, value = row.partition(":")
        begins = _amount(start, "tiers") if is_percent else _count(start, "tiers")
        steps.append((begins, _amount(value, "tiers")))
    return Tiers(VolumeOf(_choice("volume_of", tuple(VolumeOf))), tuple(steps))


def _rate_end() -> dict[str, Any]:
    return {"rate_rule_id": _whole("rate_rule_id")}


def _vesting() -> dict[str, Any]:
    steps = [_step(number) for number in range(STEPS_MAX) if _typed(f"part{number}")]
    term = _typed("term_months")
    return {
        "product_kind": _choice("product_kind", ("goods", "plan", "sim")),
        "steps": steps_as_json(steps),
        "term_months": _count(term, "term_months") if term else None,
    }


def _step(number: int) -> Step:
    milestone = Milestone(_choice(f"milestone{number}", tuple(Milestone)))
    month = _typed(f"month{number}")
    return Step(
        milestone=milestone,
        hold_days=_whole(f"days{number}"),
        part_bp=_hundredths(f"part{number}"),
        month=_count(month, f"month{number}") if month else 0,
    )


def _manager() -> dict[str, Any]:
    outlet, number = node_by_code(_typed("outlet")), _typed("rep")
    rep = rep_by_number(number) if number else None
    if outlet is None:
        raise BadInput("没有这个网点编码", fields=["outlet"])
    if number and rep is None:
        raise BadInput("没有这个员工编号", fields=["rep"])
    return {"outlet_id": outlet.id, "rep_id": rep.id if rep else None}


def _bearer() -> dict[str, Any]:
    return {"bearer": _choice("bearer", ("outlet", "company"))}


def _typed(name: str) -> str:
    return text(name, request.form)


def _choice(name: str, known: tuple[str, ...]) -> str:
    typed = _typed(name)
    if typed not in known:
        raise BadInput("请选择", fields=[name])
    return typed


def _whole(name: str) -> int:
    return _count(_typed(name), name)


def _count(typed: str, name: str) -> int:
    plain = typed.strip()
    if not (plain.isascii() and plain.isdigit() and len(plain) <= 12):
        raise BadInput("请填写整数", fields=[name])
    return int(plain)


def _hundredths(name: str) -> int:
    """Percent as basis points, yuan as fen: both have two decimals."""
    return _amount(_typed(name), name)


def _amount(typed: str, name: str) -> int:
    try:
        return fen_from_yuan(typed.strip())
    except ValueError as error:
        raise BadInput("请填写数字，最多两位小数", fields=[name]) from error


_READERS = {
    Subject.RATE: _rate,
    Subject.RATE_END: _rate_end,
    Subject.VESTING: _vesting,
    Subject.MANAGER: _manager,
    Subject.BEARER: _bearer,
}
