"""Rates, vesting terms and how commission is split, as finance sees and changes them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from catalog.terms import names_of_categories, names_of_products
from flows.rate_preview import start_preview
from org.queries import under
from org.roster import holds_everything, names_of_nodes, names_of_reps
from settlement.changes import operations, queries
from settlement.changes.models import (
    OutletManager,
    PreviewLine,
    RatePreview,
    RateProposal,
    Subject,
)
from settlement.changes.queries import By, Difference
from settlement.models import RateRule
from wx_backend.clock import business_on
from wx_backend.errors import Forbidden

SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class RateRow:
    """A rate with what it is called for, and whether it holds today."""

    rule: RateRule
    subject: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class ManagerRow:
    """Who is the manager of an outlet from a day on; an empty name for nobody."""

    row: OutletManager
    outlet_name: str
    rep_name: str


@dataclass(frozen=True, slots=True)
class Sum:
    """One line of a preview's sums, with a name."""

    name: str
    figures: Difference


@dataclass(frozen=True, slots=True)
class Preview:
    """A preview as far as it is counted."""

    row: RatePreview
    total: Difference
    sums: dict[By, list[Sum]]
    lines: Sequence[PreviewLine]

    @property
    def percent_done(self) -> int:
        """How much of it is counted."""
        if self.row.done_at is not None:
            return 100
        return min(99, self.row.lines_done * 100 // max(1, self.row.lines))


@dataclass(frozen=True, slots=True)
class ProposalFile:
    """A proposal, what it would replace, and its newest preview."""

    row: RateProposal
    subject: str
    replaces: RateRule | None
    preview: Preview | None


def rate_rows(now: datetime) -> list[RateRow]:
    """Every rate that holds today or later."""
    today = business_on(now)
    rules = queries.rates_since(today)
    named = _subjects((rule.product_id, rule.category_id) for rule in rules)
    return [
        RateRow(rule, named[rule.product_id, rule.category_id], rule.valid_from <= today)
        for rule in rules
    ]


def manager_rows(node_id: int) -> list[ManagerRow]:
    """The managers of the outlets at or below a node."""
    rows = queries.managers(under(node_id))
    outlets = names_of_nodes(row.outlet_id for row in rows)
    reps = names_of_reps(row.rep_id for row in rows if row.rep_id is not None)
    return [
        ManagerRow(row, outlets[row.outlet_id], reps[row.rep_id] if row.rep_id else "")
        for row in rows
    ]


def proposal_file(
    proposal_id: int, *, by: By | None, id_: int | None, node_id: int
) -> ProposalFile:
    """One proposal; the lines shown are those behind one sum, if one is named.

    A preview tells of every outlet's orders and reps: only who holds every outlet sees it.
    """
    row = queries.proposal_of(proposal_id)
    latest = queries.latest_preview(proposal_id) if may_change(node_id) else None
    return ProposalFile(
        row=row,
        subject=_subject(row.content),
        replaces=_replaced(row),
        preview=_preview(latest, by, id_) if latest else None,
    )


def propose(
    *,
    subject: Subject,
    content: dict[str, Any],
    valid_from: date,
    reason: str,
    staff: tuple[int, int],
    now: datetime,
) -> int:
    """Ask for a change; the proposal's id. `staff` is who, and his node. Raises Forbidden."""
    staff_id = _at_the_top(staff)
    return operations.propose(
        subject=subject,
        content=content,
        valid_from=valid_from,
        reason=reason,
        staff_id=staff_id,
        now=now,
    )


def approve(*, proposal_id: int, staff: tuple[int, int], now: datetime) -> date:
    """Let it be so; from which day. Raises NotFound, Forbidden, SamePerson, AlreadyDecided."""
    staff_id = _over(proposal_id, staff)
    return operations.approve(proposal_id=proposal_id, staff_id=staff_id, now=now)


def refuse(*, proposal_id: int, staff: tuple[int, int], note: str, now: datetime) -> None:
    """Turn it down. Refusals as above."""
    staff_id = _over(proposal_id, staff)
    operations.refuse(proposal_id=proposal_id, staff_id=staff_id, note=note, now=now)


def withdraw(*, proposal_id: int, staff: tuple[int, int], now: datetime) -> None:
    """Take one's own back. Raises NotFound, Forbidden, NotTheAsker, AlreadyDecided."""
    staff_id = _over(proposal_id, staff)
    operations.withdraw(proposal_id=proposal_id, staff_id=staff_id, now=now)


def preview(
    *, proposal_id: int, span: tuple[date, date], staff: tuple[int, int], now: datetime
) -> int:
    """Have a span of days counted. Raises NotFound, Forbidden, BadInput."""
    return start_preview(
        proposal_id=proposal_id,
        first_on=span[0],
        last_on=span[1],
        staff_id=_over(proposal_id, staff),
        now=now,
    )


def may_change(node_id: int) -> bool:
    """Whether staff of a node may change what holds for everybody."""
    return holds_everything(node_id)


def _at_the_top(staff: tuple[int, int]) -> int:
    staff_id, node_id = staff
    if not holds_everything(node_id):
        raise Forbidden("佣金规则对所有网点生效，只有覆盖全部网点的账号可以变更")
    return staff_id


def _over(proposal_id: int, staff: tuple[int, int]) -> int:
    """The staff's id, if there is such a proposal and it is theirs to decide on."""
    queries.proposal_of(proposal_id)
    return _at_the_top(staff)


def _replaced(row: RateProposal) -> RateRule | None:
    if row.subject == Subject.RATE_END:
        return queries.rate_rule(row.content["rate_rule_id"])
    return None


def _subject(content: dict[str, Any]) -> str:
    if "receiver" not in content:
        return ""
    key = (content["product_id"], content["category_id"])
    return _subjects([key])[key]


def _subjects(
    keys: Iterable[tuple[int | None, int | None]],
) -> dict[tuple[int | None, int | None], str]:
    """What products and categories are called; `全部商品` where neither is named."""
    wanted = set(keys)
    products = names_of_products(id_ for id_, _ in wanted if id_ is not None)
    categories = names_of_categories(id_ for _, id_ in wanted if id_ is not None)
    named: dict[tuple[int | None, int | None], str] = {}
    for product_id, category_id in wanted:
        if product_id is not None:
            named[product_id, category_id] = products[product_id]
        elif category_id is not None:
            named[product_id, category_id] = f"类目：{categories[category_id]}"
        else:
            named[product_id, category_id] = "全部商品"
    return named


def _preview(row: RatePreview, by: By | None, id_: int | None) -> Preview:
    return Preview(
        row=row,
        total=queries.preview_sum(row.id),
        sums={each: _sums(each, row.id) for each in By},
        lines=queries.lines_behind(row.id, by=by, id_=id_, limit=SHOWN),
    )


def _sums(by: By, preview_id: int) -> list[Sum]:
    found = queries.differences_by(by, preview_id, limit=SHOWN)
    ids = [each.id for each in found if each.id is not None]
    names = names_of_reps(ids) if by is By.REP else names_of_nodes(ids)
    return [Sum(names[each.id] if each.id is not None else "无", each) for each in found]
