"""Proving the closed months: every statement, every link and every seal recomputed from the rows."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from sqlalchemy import func, select

from settlement.statements.content import GENESIS, Content, digest_of, sums_of
from settlement.statements.freeze import entries_seal, statements_seal
from settlement.statements.models import (
    AccountingPeriod,
    PeriodStatus,
    Statement,
    StatementOwner,
)
from settlement.statements.movements import Balance
from settlement.statements.queries import content_of, contents_of
from wx_backend.db import db

STEP = 500
Heads = dict[tuple[str, int], bytes]


@dataclass(frozen=True, slots=True)
class Broken:
    """The first thing that does not fit: in which month, which statement (if it is one), and why."""

    month: str
    number: str
    why: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What was recomputed; `broken` is None when all of it holds."""

    periods: int
    statements: int
    broken: Broken | None
    root: bytes | None


class Proving:
    """All closed months recomputed from the first, step by step; stops at what does not fit."""

    def __init__(self) -> None:
        self.proof = Proof(0, 0, None, None)
        self._heads: Heads = {}

    def steps(self) -> Iterator[int]:
        """Recompute on; each step says how many statements it did. What is kept are ids alone."""
        closed = select(AccountingPeriod.id).where(AccountingPeriod.status == PeriodStatus.CLOSED)
        for period_id in db.session.scalars(closed.order_by(AccountingPeriod.first_on)).all():
            after: int | None = 0
            while after is not None and self.proof.broken is None:
                before = self.proof.statements
                after = self._some(period_id, after)
                yield self.proof.statements - before
            if self.proof.broken is None:
                self._sealed(period_id)
            if self.proof.broken is not None:
                return

    def _some(self, period_id: int, after: int) -> int | None:
        """The next statements of a month; where to go on, None at its end."""
        period = db.session.get_one(AccountingPeriod, period_id)
        rows = _statements_after(period_id, after)
        contents = contents_of(rows, period)
        for row in rows:
            if why := _fault(row, contents[row.id], self._heads):
                self._break(period.month, row.number, why)
                return None
            self._heads[row.owner_kind, row.owner_id] = row.digest
            self.proof = replace(self.proof, statements=self.proof.statements + 1)
        return rows[-1].id if len(rows) == STEP else None

    def _sealed(self, period_id: int) -> None:
        period = db.session.get_one(AccountingPeriod, period_id)
        if why := _seal_fault(period, self.proof.root or GENESIS):
            self._break(period.month, "", why)
            return
        self.proof = replace(self.proof, periods=self.proof.periods + 1, root=period.root)

    def _break(self, month: str, number: str, why: str) -> None:
        self.proof = replace(self.proof, broken=Broken(month, number, why), root=None)


def verify(said: Callable[[int], object] = lambda _: None) -> Proof:
    """Recompute all closed months at once; `said` hears how many statements were done."""
    proving = Proving()
    for done in proving.steps():
        said(done)
    return proving.proof


def count_frozen() -> int:
    """How many statements the closed months have."""
    query = (
        select(func.count(Statement.id))
        .join(AccountingPeriod, AccountingPeriod.id == Statement.period_id)
        .where(AccountingPeriod.status == PeriodStatus.CLOSED)
    )
    return db.session.scalar(query) or 0


def holds(statement: Statement, period: AccountingPeriod) -> bool:
    """Whether one statement still says what was frozen; cheap enough for every look at it."""
    previous = db.session.scalar(
        select(Statement.digest)
        .join(AccountingPeriod, AccountingPeriod.id == Statement.period_id)
        .where(
            Statement.owner_kind == statement.owner_kind,
            Statement.owner_id == statement.owner_id,
            AccountingPeriod.first_on < period.first_on,
        )
        .order_by(AccountingPeriod.first_on.desc())
        .limit(1)
    )
    link = previous if previous is not None else GENESIS
    is_linked = statement.previous == link
    return is_linked and digest_of(content_of(statement, period), link) == statement.digest


def _statements_after(period_id: int, after: int) -> Sequence[Statement]:
    return db.session.scalars(
        select(Statement)
        .where(Statement.period_id == period_id, Statement.id > after)
        .order_by(Statement.id)
        .limit(STEP)
    ).all()


def _fault(statement: Statement, content: Content, heads: Heads) -> str:
    """What is wrong with a statement; empty when nothing is."""
    link = heads.get((statement.owner_kind, statement.owner_id), GENESIS)
    if statement.previous != link:
        return "与上一期结算单的链接断开"
    if digest_of(content, link) != statement.digest:
        return "内容与摘要不符"
    if statement.owner_kind == StatementOwner.REP and not _adds_up(content):
        return "明细与合计不符"
    return ""


def _adds_up(content: Content) -> bool:
    opening = Balance(content.sums.opening.held_fen, content.sums.opening.free_fen)
    return sums_of(opening, content.lines) == content.sums


def _seal_fault(period: AccountingPeriod, previous: bytes) -> str:
    """What is wrong with the seal of a month; empty when nothing is."""
    text = period.seal or "{}"
    if period.root != sha256(text.encode()).digest():
        return "账期封印与摘要不符"
    content = json.loads(text)
    if content["previous"] != previous.hex():
        return "与上一账期的链接断开"
    if [content["statements"], content["statements_digest"]] != list(statements_seal(period.id)):
        return "结算单被增减或替换"
    if [content["entries"], content["entries_digest"]] != list(entries_seal(period)):
        return "总账分录与结账时不符"
    return ""
