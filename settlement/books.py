"""What the verbs of commission share: rows under lock, accounts, and postings in the ledger."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select

from ledger.models import AccountKind
from ledger.operations import post
from ledger.values import AccountName, Leg, of_company, of_node, of_rep
from settlement import queries
from settlement.models import Accrual, Commission
from wx_backend.db import db, locked

EXPENSE = of_company(AccountKind.COMMISSION_EXPENSE)
CLAWBACK = of_company(AccountKind.CLAWBACK)


def accrual_under_lock(accrual_id: int) -> Accrual | None:
    """One accrual, fresh and locked; its commissions change under this lock only."""
    return locked(select(Accrual).where(Accrual.id == accrual_id))


def accruals_under_lock(order_line_id: int) -> list[Accrual]:
    """The accruals of a line, fresh and locked one after the other by id."""
    found = [accrual_under_lock(id_) for id_ in queries.accruals_of_line(order_line_id)]
    return [accrual for accrual in found if accrual is not None]


def parts_of(accrual: Accrual) -> Sequence[Commission]:
    """The commissions of a locked accrual, freshly read."""
    query = select(Commission).where(Commission.accrual_id == accrual.id).order_by(Commission.id)
    return db.session.scalars(query.execution_options(populate_existing=True)).all()


def account_of(kind: AccountKind, part: Commission) -> AccountName:
    """The account of a kind of whoever has a part: a rep, or a node of the organisation."""
    if part.rep_id is not None:
        return of_rep(kind, part.rep_id)
    assert part.node_id is not None  # noqa: S101 - the table takes one or the other
    return of_node(kind, part.node_id)


def record(
    verb: str, accrual: Accrual, legs: Iterable[Leg], *, now: datetime, key: str = ""
) -> None:
    """Post what a verb did to an accrual under its business key; nothing when nothing moved."""
    moved = [leg for leg in legs if leg.amount_fen]
    if moved:
        name = f"{verb}:{accrual.order_line_id}:{accrual.event}"
        post(kind=f"commission.{verb}", key=f"{name}:{key}" if key else name, legs=moved, now=now)
