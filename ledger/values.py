"""What is said to the ledger: which account, and how much moves there."""

from collections.abc import Iterable
from dataclasses import dataclass

from ledger.models import AccountKind, OwnerKind

CNY = "CNY"


@dataclass(frozen=True, slots=True, order=True)
class AccountName:
    """An account by what identifies it; the row is made when first posted to."""

    kind: AccountKind
    owner_kind: OwnerKind = OwnerKind.COMPANY
    owner_id: int = 0
    currency: str = CNY


def of_company(kind: AccountKind) -> AccountName:
    """The company's own account of a kind."""
    return AccountName(kind)


def of_merchant(kind: AccountKind, mchid: str) -> AccountName:
    """The account of one merchant number at WeChat Pay."""
    return AccountName(kind, OwnerKind.MERCHANT, int(mchid))


def of_rep(kind: AccountKind, rep_id: int) -> AccountName:
    """The account of a sales person."""
    return AccountName(kind, OwnerKind.REP, rep_id)


def of_node(kind: AccountKind, node_id: int) -> AccountName:
    """The account of an outlet, a city or a province."""
    return AccountName(kind, OwnerKind.ORG_NODE, node_id)


@dataclass(frozen=True, slots=True)
class Leg:
    """One account's part of a posting in fen: positive is debit, negative is credit."""

    account: AccountName
    amount_fen: int


def debit(account: AccountName, amount_fen: int) -> Leg:
    """Money comes to this account; ValueError for a negative amount."""
    return Leg(account, _not_negative(amount_fen))


def credit(account: AccountName, amount_fen: int) -> Leg:
    """Money leaves this account; ValueError for a negative amount."""
    return Leg(account, -_not_negative(amount_fen))


def _not_negative(amount_fen: int) -> int:
    if amount_fen < 0:
        raise ValueError("a side has no negative amount: take the other side")
    return amount_fen


class Unbalanced(ValueError):
    """The legs do not add up to zero, or nothing moves between two accounts: a bug, no refusal."""


def balanced(legs: Iterable[Leg]) -> dict[AccountName, int]:
    """The amount per account in the order accounts are locked, without those that come to nothing.

    Raises Unbalanced unless two accounts at least remain and add up to zero.
    """
    amounts: dict[AccountName, int] = {}
    for leg in legs:
        amounts[leg.account] = amounts.get(leg.account, 0) + leg.amount_fen
    moved = {account: amounts[account] for account in sorted(amounts) if amounts[account]}
    if len(moved) < 2 or sum(moved.values()) != 0:
        raise Unbalanced(f"{len(moved)} accounts, {sum(moved.values())} fen left over")
    return moved
