"""What a rep still owes when he has left: borne by his outlet or written off, as the setting says."""

from datetime import datetime

from sqlalchemy import select

from ledger.balances import running_balances, running_balances_of
from ledger.models import AccountKind, OwnerKind
from ledger.operations import post
from ledger.values import AccountName, credit, debit, of_node, of_rep
from org.models import Rep, RepStatus
from settlement.books import EXPENSE
from settlement.changes.models import Bearer
from settlement.changes.queries import bearer_on
from settlement.queries import LEFT_DEBT
from wx_backend.clock import business_on
from wx_backend.db import locked


def bear_debt(*, rep_id: int, now: datetime) -> int:
    """Let somebody else bear what a rep who left owes beyond what is still held; the fen borne.

    Zero for whoever has not left or owes nothing. The rep's lock makes it happen once; one look at
    both accounts, since held commission may become free at any moment, under another lock.
    """
    rep = locked(select(Rep).where(Rep.id == rep_id))
    if rep is None or rep.status != RepStatus.LEFT:
        return 0
    payable = of_rep(AccountKind.COMMISSION_PAYABLE, rep_id)
    held = of_rep(AccountKind.COMMISSION_HELD, rep_id)
    owed_fen = sum(running_balances([payable, held]).values())
    if owed_fen <= 0:
        return 0
    post(
        kind=LEFT_DEBT,
        key=f"left_debt:{rep_id}:{now:%Y%m%dT%H%M%S.%f}",
        legs=[debit(_bearer(rep.outlet_id, now), owed_fen), credit(payable, owed_fen)],
        now=now,
    )
    return owed_fen


def bear_debts(*, now: datetime) -> int:
    """The same for all who left and owe by now, since refunds come later too; how many."""
    owing = [
        account.owner_id
        for account, fen in running_balances_of(AccountKind.COMMISSION_PAYABLE).items()
        if account.owner_kind is OwnerKind.REP and fen > 0
    ]
    return sum(bear_debt(rep_id=rep_id, now=now) > 0 for rep_id in sorted(owing))


def _bearer(outlet_id: int, now: datetime) -> AccountName:
    """The account of whoever bears it: the outlet's own commission, or what selling cost us."""
    if bearer_on(business_on(now)) is Bearer.OUTLET:
        return of_node(AccountKind.COMMISSION_PAYABLE, outlet_id)
    return EXPENSE
