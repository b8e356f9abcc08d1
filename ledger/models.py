"""Rows of the ledger: accounts, postings, their entries, and the sums that prove them balanced."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend.claims import partial_index
from wx_backend.db import BigId, Instant, Model, id_column
from wx_backend.money import FEN_MAX


class AccountKind(StrEnum):
    """What an account holds; debit is positive, so what we owe has a negative balance."""

    RECEIVABLE = "receivable"  # what buyers still owe for placed orders
    WECHAT_CLEARING = "wechat_clearing"  # paid by buyers, not yet settled to our bank by WeChat Pay
    REVENUE = "revenue"  # what we sold
    COLLECTED_FOR_BILLING = "collected_for_billing"  # prepaid fees: taken for the billing system
    REFUND_CLEARING = "refund_clearing"  # owed to buyers, not yet returned by WeChat Pay
    COMMISSION_EXPENSE = "commission_expense"  # what selling cost us
    COMMISSION_HELD = "commission_held"  # earned, not yet free
    COMMISSION_PAYABLE = "commission_payable"  # free, to be paid out
    CLAWBACK = "clawback"  # taken back after it was free
    PAYOUT_TRANSIT = "payout_transit"  # on its way to the receiver
    PAYOUT_FUNDS = "payout_funds"  # what pay-outs were paid from: our bank, or a merchant's balance
    TAX_WITHHELD = "tax_withheld"  # kept back from pay-outs for the tax office
    PAYOUT_FEE = "payout_fee"  # kept back from pay-outs for paying them


class OwnerKind(StrEnum):
    """Whose account it is: the company's own (id 0), or one of a merchant, rep or org node."""

    COMPANY = "company"
    MERCHANT = "merchant"  # the id is the merchant number at WeChat Pay
    REP = "rep"
    ORG_NODE = "org_node"


class Account(Model):
    """One place where money can be; there is one per kind, owner and currency.

    Only CNY is admitted, so that a balanced posting is balanced in its currency.
    """

    __tablename__ = "account"
    __table_args__ = (
        UniqueConstraint("kind", "owner_kind", "owner_id", "currency"),
        Index("ix_account_owner", "owner_kind", "owner_id"),
        CheckConstraint("currency = 'CNY'", name="currency"),
    )

    id: Mapped[int] = id_column()
    kind: Mapped[str] = mapped_column(String(24))
    owner_kind: Mapped[str] = mapped_column(String(12))
    owner_id: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))


class PostingSum(Model):
    """What the entries of a posting add up to; kept by a trigger, written by nobody else."""

    __tablename__ = "posting_sum"
    __table_args__ = (UniqueConstraint("posting_id", "total_fen", "entries"),)

    posting_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    total_fen: Mapped[int] = mapped_column(BigInteger)
    entries: Mapped[int]


class Posting(Model):
    """One movement of money under a business key that makes it happen once.

    It announces a total of zero over `entries` entries and refers to that very sum, checked at
    COMMIT: what does not balance, is empty, or gets an entry later is refused by the database.
    """

    __tablename__ = "posting"
    __table_args__ = (
        UniqueConstraint("key"),
        UniqueConstraint("reverses_id"),
        Index("ix_posting_business_on", "business_on"),
        partial_index("ix_posting_left_debt", "id", where="kind = 'commission.left_debt'"),
        CheckConstraint("total_fen = 0", name="balanced"),
        CheckConstraint("entries >= 2", name="entries"),
        ForeignKeyConstraint(
            ["id", "total_fen", "entries"],
            ["posting_sum.posting_id", "posting_sum.total_fen", "posting_sum.entries"],
            name="fk_posting_sum",
            deferrable=True,
            initially="DEFERRED",
        ),
    )

    id: Mapped[int] = id_column()
    kind: Mapped[str] = mapped_column(String(24))
    key: Mapped[str] = mapped_column(String(120))
    memo: Mapped[str] = mapped_column(String(200))
    posted_at: Mapped[datetime] = mapped_column(Instant)
    business_on: Mapped[date] = mapped_column(Date)
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("posting.id"))
    total_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    entries: Mapped[int]


class Entry(Model):
    """One account's part in a posting, in fen: positive is debit, negative is credit."""

    __tablename__ = "entry"
    __table_args__ = (
        Index("ix_entry_account", "account_id", "posting_id", "amount_fen"),
        CheckConstraint("amount_fen <> 0", name="amount"),
        CheckConstraint(f"amount_fen BETWEEN -{FEN_MAX} AND {FEN_MAX}", name="limit"),
    )

    id: Mapped[int] = id_column()
    posting_id: Mapped[int] = mapped_column(ForeignKey("posting.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    amount_fen: Mapped[int] = mapped_column(BigInteger)


class PostingDelta(Model):
    """A posting that no stored balance has yet; a trigger notes it where it is posted."""

    __tablename__ = "posting_delta"
    __audited__: ClassVar = None

    posting_id: Mapped[int] = mapped_column(
        ForeignKey("posting.id"), primary_key=True, autoincrement=False
    )


class AccountBalance(Model):
    """What all postings of an account come to but those that `posting_delta` notes, in fen."""

    __tablename__ = "account_balance"
    __audited__: ClassVar = None

    account_id: Mapped[int] = mapped_column(
        ForeignKey("account.id"), primary_key=True, autoincrement=False
    )
    balance_fen: Mapped[int] = mapped_column(BigInteger)
