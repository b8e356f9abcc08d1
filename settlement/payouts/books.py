"""What paying out means in the ledger: on its way, arrived, or back where it came from."""

from datetime import datetime

from ledger import operations as ledger
from ledger.models import AccountKind, OwnerKind
from ledger.queries import balance
from ledger.values import AccountName, Leg, credit, debit, of_company
from settlement.payouts.models import Payout, PayoutReceiver

TAX = of_company(AccountKind.TAX_WITHHELD)
FEE = of_company(AccountKind.PAYOUT_FEE)


def free_of(receiver: PayoutReceiver) -> int:
    """What a receiver may be paid, in fen; hold his row's lock for a decision on it."""
    return -balance(_account(AccountKind.COMMISSION_PAYABLE, receiver))


def sent(payout: Payout, receiver: PayoutReceiver, *, now: datetime) -> None:
    """The money leaves the free balance and is on its way."""
    ledger.post(
        kind="payout.send",
        key=f"payout.send:{payout.number}",
        legs=_legs(payout, receiver, sign=1),
        now=now,
    )


def arrived(
    payout: Payout, receiver: PayoutReceiver, source: AccountName, *, now: datetime
) -> None:
    """The receiver has it; `source` is the account it was paid from."""
    transit = _account(AccountKind.PAYOUT_TRANSIT, receiver)
    ledger.post(
        kind="payout.paid",
        key=f"payout.paid:{payout.number}",
        legs=[debit(transit, payout.net_fen), credit(source, payout.net_fen)],
        now=now,
    )


def came_back(payout: Payout, receiver: PayoutReceiver, *, now: datetime) -> None:
    """It did not arrive: all of it, tax and fee too, is free again."""
    ledger.post(
        kind="payout.return",
        key=f"payout.return:{payout.number}",
        legs=_legs(payout, receiver, sign=-1),
        now=now,
    )


def _legs(payout: Payout, receiver: PayoutReceiver, *, sign: int) -> list[Leg]:
    """The movement out of the free balance (`sign` 1), or its opposite (-1)."""
    amounts = {
        _account(AccountKind.COMMISSION_PAYABLE, receiver): payout.gross_fen,
        _account(AccountKind.PAYOUT_TRANSIT, receiver): -payout.net_fen,
        TAX: -payout.tax_fen,
        FEE: -payout.fee_fen,
    }
    return [Leg(account, sign * amount_fen) for account, amount_fen in amounts.items()]


def _account(kind: AccountKind, receiver: PayoutReceiver) -> AccountName:
    return AccountName(kind, OwnerKind(receiver.owner_kind), receiver.owner_id)
