"""Showing why a line went where it went: the receipt in words, with names, step by step."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from flows.counter import CounterAct, counter_act
from flows.reassigned import ReassignmentRow, reassignments_of
from orders.models import OrderLine, SalesOrder
from orders.queries import line_by_id, order_by_id
from org.roster import names_of_nodes, names_of_reps
from referral.chain import ChainPlace, attribution_of, chain_place
from referral.models import Attribution, Place, Receipt
from referral.proofs import latest_attribution
from referral.queries import receipt_by_number
from referral.replay import spoken
from referral.sentences import ROLES, Names
from referral.values import Role
from wx_backend.errors import Conflict, NotFound

PLACES: Final[Mapping[str, str]] = {
    Place.MOMENTS: "朋友圈",
    Place.CHAT: "聊天",
    Place.GROUP: "群聊",
    Place.QQ: "QQ",
    Place.SMS: "短信",
    Place.PRINT: "印刷品",
    Place.POSTER: "海报",
    Place.PUSH: "活动推送",
    Place.COUNTER: "柜台",
    Place.IMPORTED: "旧系统导入",
}
_TERMS: Final = (
    ("window_days", "有效期", "天"),
    ("protection_days", "保护期", "天"),
    ("split_developer_bp", "发展人分成", "bp"),
    ("split_acceptor_bp", "受理人分成", "bp"),
    ("flash_recent_minutes", "锁定前不计的首次接触", "分钟"),
)
_OUTLETS: Final = frozenset({"outlet_id", "home_outlet_id", "pickup_outlet_id"})


class ReceiptBroken(Conflict):
    """What the receipt says does not follow from what it contains."""

    code, message = "receipt_broken", "这份凭证的内容自相矛盾，请联系管理员核查"


@dataclass(frozen=True, slots=True)
class HopView:
    """One act of sharing on the way to the customer: who, where, and whether he is an employee."""

    name: str
    place: str
    is_rep: bool


@dataclass(frozen=True, slots=True)
class TouchView:
    """One contact: when it happened and was learnt, how, its path, verdict, and "without it"."""

    id: int
    kind: str
    learnt: str
    event_at: datetime
    known_at: datetime
    hops: tuple[HopView, ...]
    verdict: str
    is_won: bool
    without: str
    is_decisive: bool


@dataclass(frozen=True, slots=True)
class PortionView:
    """Who gets which part of the line, in basis points."""

    role: str
    rep_name: str
    outlet_name: str
    share_bp: int


@dataclass(frozen=True, slots=True)
class ReceiptPage:
    """Everything the page of a receipt shows; `body` is the same for machines.

    `reassignments` stand beside it: whom the line was given to since, by two persons.
    """

    number: str
    order: SalesOrder
    line: OrderLine
    version: int
    stands: bool
    decided_at: datetime
    sentence: str
    protected_until: datetime | None
    portions: tuple[PortionView, ...]
    policy_version: int
    terms: tuple[tuple[str, str], ...]
    touches: tuple[TouchView, ...]
    left_out: int
    place: ChainPlace | None
    counter: CounterAct | None
    reassignments: Sequence[ReassignmentRow]
    body: Mapping[str, Any]

    @property
    def winner(self) -> TouchView | None:
        """The contact that decided."""
        return next((touch for touch in self.touches if touch.is_won), None)

    def as_json(self) -> dict[str, Any]:
        """The receipt with its place in the chain, as plain data."""
        place = self.place
        return {
            "number": self.number,
            "order": self.order.number,
            "line": {"position": self.line.position, "name": self.line.name},
            "version": self.version,
            "stands": self.stands,
            "chain": place
            and {
                "position": place.position,
                "digest": place.digest.hex(),
                "previous": place.previous.hex(),
                "holds": place.holds,
            },
            "reassignments": [each.as_json() for each in self.reassignments],
            "body": self.body,
        }


@dataclass(frozen=True, slots=True)
class Filed:
    """A receipt with what it is about."""

    receipt: Receipt
    attribution: Attribution
    line: OrderLine
    order: SalesOrder


def filed_receipt(number: str) -> Filed:
    """The receipt of this number; NotFound without it. Who may see it, the caller decides."""
    receipt = receipt_by_number(number)
    if receipt is None:
        raise NotFound("凭证不存在")
    attribution = attribution_of(receipt)
    line = line_by_id(attribution.order_line_id)
    order = order_by_id(line.order_id) if line else None
    if line is None or order is None:
        raise NotFound("凭证不存在")
    return Filed(receipt, attribution, line, order)


def receipt_page(filed: Filed) -> ReceiptPage:
    """The receipt in today's names, decided again on the way. Raises ReceiptBroken."""
    bare = json.loads(filed.receipt.body)
    names = _names(bare)
    try:
        body = spoken(bare, names)
    except (KeyError, TypeError, ValueError) as error:
        raise ReceiptBroken(receipt=filed.receipt.number) from error
    standing = latest_attribution(filed.line.id)
    return ReceiptPage(
        number=filed.receipt.number,
        order=filed.order,
        line=filed.line,
        version=filed.attribution.version,
        stands=standing is not None and standing.id == filed.attribution.id,
        decided_at=filed.attribution.decided_at,
        sentence=body["result"]["sentence"],
        protected_until=_instant(body["result"]["protected_until"]),
        portions=tuple(_portion(each, names) for each in body["result"]["portions"]),
        policy_version=body["policy"]["version"],
        terms=_terms(body["policy"]["terms"]),
        touches=tuple(_touches(body, names)),
        left_out=body["without_left_out"],
        place=chain_place(filed.receipt),
        counter=counter_act(filed.order.id),
        reassignments=reassignments_of([filed.line.id]),
        body=body,
    )


def _touches(body: Mapping[str, Any], names: Names) -> Iterator[TouchView]:
    without = {each["touch_id"]: each for each in body["without"]}
    for row in body["touches"]:
        other = without.get(row["id"])
        yield TouchView(
            id=row["id"],
            kind=row["kind_name"],
            learnt=row["learnt"],
            event_at=datetime.fromisoformat(row["event_at"]),
            known_at=datetime.fromisoformat(row["known_at"]),
            hops=tuple(_hops(row, names)),
            verdict=row["verdict"]["sentence"],
            is_won=row["verdict"]["is_won"],
            without=other["sentence"] if other else "",
            is_decisive=bool(other and other["changes"]),
        )


def _hops(row: Mapping[str, Any], names: Names) -> Iterator[HopView]:
    for number, hop in enumerate(row["path"]):
        name = names.sharer(hop["rep_id"], row["outlet_id"], is_first=number == 0)
        is_employee = hop["rep_id"] is not None
        yield HopView(name, PLACES.get(hop["place"], hop["place"]), is_employee)


def _portion(row: Mapping[str, Any], names: Names) -> PortionView:
    return PortionView(
        role=ROLES[Role(row["role"])],
        rep_name=names.rep(row["rep_id"]) if row["rep_id"] is not None else "",
        outlet_name=names.outlet(row["outlet_id"]),
        share_bp=row["share_bp"],
    )


def _terms(numbers: Mapping[str, int]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (label, f"{numbers[key] / 100:g}%" if unit == "bp" else f"{numbers[key]} {unit}")
        for key, label, unit in _TERMS
    )


def _names(body: Mapping[str, Any]) -> Names:
    """Today's names of every rep and outlet a receipt mentions."""
    reps: set[int] = set(body["order"]["own_rep_ids"])
    outlets: set[int] = set()
    for key, value in _ids(body):
        (outlets if key in _OUTLETS else reps).add(value)
    return Names(names_of_reps(reps), names_of_nodes(outlets))


def _ids(value: Any) -> Iterator[tuple[str, int]]:
    """Every id of a rep or an outlet anywhere in a body, with its key."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            is_id = key in _OUTLETS or key.endswith("rep_id")
            if is_id and isinstance(inner, int):
                yield key, inner
            else:
                yield from _ids(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _ids(inner)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
