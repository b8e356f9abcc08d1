"""Planted differences: what a merchant's bill says although it did not happen so there.

A plant is one object of the merchant's `bill_plants`: `{"action": ..., "number": ...}`, with
`bill` naming the file (`trade`, the default, or `flow`) and `day` narrowing it to one day.

drop       the row of this merchant number is left out
amount     it says `fen` instead
state      it says `state` instead
duplicate  it stands there `copies` times more (1)
add        a payment nobody made here: `number`, `fen`; `transaction_id` and `time` may be given
reverse    the rows of each second stand the other way round
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any

from simulator.errors import Refused
from simulator.pay_records import Merchant

Line = dict[str, str]
Plant = Mapping[str, Any]

_NUMBERS = ("商户退款单号", "商户订单号", "业务凭证号")
_AMOUNTS = ("申请退款金额", "退款金额", "订单金额", "应结订单金额", "收支金额(元)")
_STATES = ("退款状态", "交易状态")
_TIMES = ("记账时间", "交易时间")


def planted(
    merchant: Merchant, bill: str, day: str, lines: Sequence[Mapping[str, str]]
) -> list[Line]:
    """The lines of a bill after all plants that concern it; raises Refused for an unknown one."""
    changed = [dict(line) for line in lines]
    for plant in merchant.bill_plants:
        if plant.get("bill", "trade") != bill or plant.get("day", day) != day:
            continue
        act = _ACTIONS.get(str(plant.get("action")))
        if act is None:
            raise Refused(f"a plant's action is one of {', '.join(_ACTIONS)}")
        changed = act(plant, changed, day)
    return changed


def number_of(line: Mapping[str, str]) -> str:
    """The merchant's number of a line: the refund's where it is one."""
    found = (line.get(name, "") for name in _NUMBERS)
    return next((number for number in found if number not in ("", "0")), "")


def _drop(plant: Plant, lines: list[Line], _day: str) -> list[Line]:
    return [line for line in lines if number_of(line) != plant["number"]]


def _amount(plant: Plant, lines: list[Line], _day: str) -> list[Line]:
    for line in _meant(plant, lines):
        for name in _AMOUNTS:
            if name in line and line[name] != "0.00":
                line[name] = _yuan(int(plant["fen"]))
    return lines


def _state(plant: Plant, lines: list[Line], _day: str) -> list[Line]:
    for line in _meant(plant, lines):
        name = next(name for name in _STATES if line.get(name))
        line[name] = str(plant["state"])
    return lines


def _duplicate(plant: Plant, lines: list[Line], _day: str) -> list[Line]:
    copies = int(plant.get("copies", 1))
    return lines + [dict(line) for line in _meant(plant, lines) for _ in range(copies)]


def _add(plant: Plant, lines: list[Line], day: str) -> list[Line]:
    pattern = lines[0] if lines else {}
    amount = _yuan(int(plant["fen"]))
    line = {
        **pattern,
        "交易时间": f"{day} {plant.get('time', '12:00:00')}",
        "微信订单号": str(plant.get("transaction_id", f"42009{len(lines):023d}")),
        "商户订单号": str(plant["number"]),
        "交易状态": "SUCCESS",
        "应结订单金额": amount,
        "订单金额": amount,
        "微信退款单号": "0",
        "商户退款单号": "0",
        "退款金额": "0.00",
        "申请退款金额": "0.00",
        "退款状态": "",
        "手续费": "0.00000",
    }
    return [*lines, line]


def _reverse(_plant: Plant, lines: list[Line], _day: str) -> list[Line]:
    seconds = groupby(lines, key=lambda line: next(line[name] for name in _TIMES if name in line))
    return [line for _, rows in seconds for line in reversed([*rows])]


def _meant(plant: Plant, lines: list[Line]) -> list[Line]:
    return [line for line in lines if number_of(line) == plant["number"]]


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


_ACTIONS: dict[str, Callable[[Plant, list[Line], str], list[Line]]] = {
    "drop": _drop,
    "amount": _amount,
    "state": _state,
    "duplicate": _duplicate,
    "add": _add,
    "reverse": _reverse,
}
