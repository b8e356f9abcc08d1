"""Reads of statements: rows as content again, search, the figures of the running month."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, func, or_, select

from ledger.models import OwnerKind
from settlement.statements.content import Content, Member, Owner, Sums, sums_of
from settlement.statements.models import (
    AccountingPeriod,
    Movement,
    Statement,
    StatementLine,
    StatementOwner,
)
from settlement.statements.movements import Balance, Line, balances_before, lines_between
from wx_backend.db import db

PAGE = 20
_MADE_OF_OTHERS = frozenset(StatementOwner) - {StatementOwner.REP}


@dataclass(frozen=True, slots=True)
class StatementFilter:
    """Which statements are meant: those that belong to a place of `scope`."""

    scope: Select[int]
    period_id: int | None = None
    owner_kind: StatementOwner | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class RunningMonth:
    """A receiver's month so far: nothing of it is final."""

    sums: Sums
    lines: Sequence[Line]


def statements_found(
    wanted: StatementFilter, *, after: int = 0, limit: int = PAGE
) -> list[tuple[Statement, AccountingPeriod]]:
    """The statements meant, the newest month first."""
    query = (
        _found(wanted)
        .order_by(AccountingPeriod.first_on.desc(), Statement.id.desc())
        .offset(after)
        .limit(limit)
    )
    return [(statement, period) for statement, period in db.session.execute(query)]


def count_statements(wanted: StatementFilter) -> int:
    """How many are meant."""
    return db.session.scalar(select(func.count()).select_from(_found(wanted).subquery())) or 0


def statement_within(number: str, scope: Select[int]) -> Statement | None:
    """The statement of this number, if it belongs to a place of the scope."""
    return db.session.scalar(
        select(Statement).where(Statement.number == number, Statement.node_id.in_(scope))
    )


def statement_of_rep(number: str, rep_id: int) -> Statement | None:
    """The statement of this number, if it is this rep's."""
    return db.session.scalar(
        select(Statement).where(
            Statement.number == number,
            Statement.owner_kind == StatementOwner.REP,
            Statement.owner_id == rep_id,
        )
    )


def statements_of_rep(rep_id: int, *, limit: int) -> list[tuple[Statement, AccountingPeriod]]:
    """A rep's statements, the newest first."""
    rows = db.session.execute(
        select(Statement, AccountingPeriod)
        .join(AccountingPeriod, AccountingPeriod.id == Statement.period_id)
        .where(Statement.owner_kind == StatementOwner.REP, Statement.owner_id == rep_id)
        .order_by(AccountingPeriod.first_on.desc())
        .limit(limit)
    )
    return [(statement, period) for statement, period in rows]


def running_month(rep_id: int, first: date, last: date) -> RunningMonth:
    """A rep's month as the ledger has it this moment."""
    opening = balances_before(OwnerKind.REP, [rep_id], first).get(rep_id, Balance())
    lines = lines_between(OwnerKind.REP, [rep_id], first, last).get(rep_id, [])
    return RunningMonth(sums_of(opening, lines), lines)


def content_of(statement: Statement, period: AccountingPeriod) -> Content:
    """A frozen statement as content again, from what its rows say now."""
    return contents_of([statement], period)[statement.id]


def contents_of(statements: Sequence[Statement], period: AccountingPeriod) -> dict[int, Content]:
    """Statements of one month as contents again, by id."""
    lines = _lines_of(statement.id for statement in statements)
    members = _members_of(period.id, statements)
    return {
        each.id: _content(each, period, lines.get(each.id, []), members.get(each.id, []))
        for each in statements
    }


def _content(
    statement: Statement,
    period: AccountingPeriod,
    lines: Sequence[Line],
    members: Sequence[Statement],
) -> Content:
    return Content(
        number=statement.number,
        month=period.month,
        owner=Owner(
            kind=StatementOwner(statement.owner_kind),
            id=statement.owner_id,
            number=statement.owner_number,
            name=statement.owner_name,
            node_id=statement.node_id,
            parent_id=statement.parent_id,
        ),
        sums=sums_in(statement),
        lines=lines,
        members=[Member(each.number, each.digest) for each in members],
    )


def sums_in(statement: Statement) -> Sums:
    """The figures of a row."""
    return Sums(
        opening=Balance(statement.opening_held_fen, statement.opening_free_fen),
        accrued_fen=statement.accrued_fen,
        vested_fen=statement.vested_fen,
        taken_back_fen=statement.taken_back_fen,
        paid_fen=statement.paid_fen,
        other_fen=statement.other_fen,
        closing=Balance(statement.closing_held_fen, statement.closing_free_fen),
    )


def _lines_of(statement_ids: Iterable[int]) -> dict[int, list[Line]]:
    """The lines of frozen statements, in order."""
    rows = db.session.scalars(
        select(StatementLine)
        .where(StatementLine.statement_id.in_(list(statement_ids)))
        .order_by(StatementLine.statement_id, StatementLine.position)
    )
    found: dict[int, list[Line]] = {}
    for row in rows:
        line = Line(
            row.business_on, Movement(row.movement), row.reference, row.held_fen, row.free_fen
        )
        found.setdefault(row.statement_id, []).append(line)
    return found


def members_of(statement: Statement) -> Sequence[Statement]:
    """The statements one is made of, by id of their owners; none for a rep's."""
    return _members_of(statement.period_id, [statement]).get(statement.id, [])


def _members_of(period_id: int, statements: Iterable[Statement]) -> dict[int, list[Statement]]:
    above = {each.owner_id: each.id for each in statements if each.owner_kind in _MADE_OF_OTHERS}
    rows = db.session.scalars(
        select(Statement)
        .where(Statement.period_id == period_id, Statement.parent_id.in_(set(above)))
        .order_by(Statement.owner_id)
    )
    found: dict[int, list[Statement]] = {}
    for row in rows if above else ():
        found.setdefault(above[row.parent_id or 0], []).append(row)
    return found


def last_digests(owner_kind: StatementOwner, owner_ids: Iterable[int]) -> dict[int, bytes]:
    """The digest of each owner's newest statement."""
    newest = (
        select(func.max(Statement.id))
        .where(Statement.owner_kind == owner_kind, Statement.owner_id.in_(set(owner_ids)))
        .group_by(Statement.owner_id)
    )
    rows = db.session.execute(
        select(Statement.owner_id, Statement.digest).where(Statement.id.in_(newest))
    )
    return {owner_id: digest for owner_id, digest in rows}  # noqa: C416 - rows are no pairs to dict()


def _found(wanted: StatementFilter) -> Select[Statement, AccountingPeriod]:
    query = (
        select(Statement, AccountingPeriod)
        .join(AccountingPeriod, AccountingPeriod.id == Statement.period_id)
        .where(Statement.node_id.in_(wanted.scope))
    )
    if wanted.period_id is not None:
        query = query.where(Statement.period_id == wanted.period_id)
    if wanted.owner_kind is not None:
        query = query.where(Statement.owner_kind == wanted.owner_kind)
    if wanted.text:
        in_name = Statement.owner_name.contains(wanted.text, autoescape=True)
        by_number = Statement.owner_number.startswith(wanted.text, autoescape=True)
        query = query.where(or_(in_name, by_number, Statement.number == wanted.text))
    return query
