"""Reps in three outlets, and money that moves for them on days of our choosing."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select

from flows.period.closing import close_month
from ledger.models import AccountKind
from ledger.operations import post
from ledger.values import Leg, credit, debit, of_company, of_rep
from settlement.periods import open_periods
from settlement.statements.models import AccountingPeriod, Statement, StatementOwner
from tests.jobs import run_jobs
from tests.org.cast import Tree, hire, plant
from wx_backend.db import db, retried, transaction

EXPENSE = of_company(AccountKind.COMMISSION_EXPENSE)
CLAWBACK = of_company(AccountKind.CLAWBACK)
HELD, FREE = AccountKind.COMMISSION_HELD, AccountKind.COMMISSION_PAYABLE
TRANSIT = AccountKind.PAYOUT_TRANSIT
MARCH_8 = datetime(2026, 3, 8, 4, tzinfo=UTC)
APRIL_2 = datetime(2026, 4, 2, 4, tzinfo=UTC)
MAY_2 = datetime(2026, 5, 2, 4, tzinfo=UTC)
CAROL, DAN = "staff:1", "staff:2"


@dataclass(frozen=True, slots=True)
class World:
    """Alice and Amy sell in the hall, Dave in the bay, Nils in the north."""

    tree: Tree
    alice: int
    amy: int
    dave: int
    nils: int


def make_world() -> World:
    """Everybody hired, nothing earned."""
    tree = plant()
    return World(
        tree,
        alice=hire(tree.hall, "爱丽丝"),
        amy=hire(tree.hall, "艾米"),
        dave=hire(tree.bay, "戴夫"),
        nils=hire(tree.frost, "尼尔斯"),
    )


def move(kind: str, key: str, legs: list[Leg], at: datetime) -> None:
    """One posting, committed."""
    with transaction():
        assert post(kind=kind, key=key, legs=legs, now=at)


def earn(rep_id: int, fen: int, key: str, at: datetime = MARCH_8) -> None:
    """A line was paid: commission is held."""
    legs = [debit(EXPENSE, fen), credit(of_rep(HELD, rep_id), fen)]
    move("commission.accrue", f"accrue:{key}:paid", legs, at)


def vest(rep_id: int, fen: int, key: str, at: datetime = MARCH_8) -> None:
    """It becomes free."""
    legs = [debit(of_rep(HELD, rep_id), fen), credit(of_rep(FREE, rep_id), fen)]
    move("commission.vest", f"vest:{key}:paid", legs, at)


def take_back(rep_id: int, fen: int, key: str, at: datetime = MARCH_8) -> None:
    """A refund takes free commission back."""
    legs = [debit(of_rep(FREE, rep_id), fen), credit(CLAWBACK, fen)]
    move("commission.take_back", f"take_back:{key}:paid", legs, at)


def a_months_work(world: World) -> None:
    """March: Alice earns, vests and gives back; Amy and Dave earn; Nils does nothing."""
    earn(world.alice, 10_000, "1")
    vest(world.alice, 8_000, "1")
    take_back(world.alice, 1_000, "1")
    earn(world.amy, 500, "2")
    earn(world.dave, 70, "3")


def close(world: World, month: str = "2026-03", now: datetime = APRIL_2) -> None:
    """Shut the month and let it be frozen."""
    shut(world, month, now)
    run_jobs()
    db.session.rollback()


def shut(world: World, month: str = "2026-03", now: datetime = APRIL_2) -> None:
    """Shut the month only."""
    retried(lambda: open_periods(now=now))
    retried(lambda: close_month(month=month, node_id=world.tree.group, by=CAROL, now=now))


def period(month: str = "2026-03") -> AccountingPeriod:
    """The period as committed."""
    db.session.rollback()
    rows = {each.month: each for each in db.session.scalars(select(AccountingPeriod))}
    return rows[month]


def statement(owner_kind: StatementOwner, owner_id: int, month: str = "2026-03") -> Statement:
    """The frozen statement of an owner."""
    row = period(month)
    return db.session.scalars(
        select(Statement).where(
            Statement.period_id == row.id,
            Statement.owner_kind == owner_kind,
            Statement.owner_id == owner_id,
        )
    ).one()


def figures(row: Statement) -> tuple[int, ...]:
    """Opening, accrued, vested, taken back, paid, closing: held and free apart."""
    return (
        row.opening_held_fen + row.opening_free_fen,
        row.accrued_fen,
        row.vested_fen,
        row.taken_back_fen,
        row.paid_fen,
        row.closing_held_fen,
        row.closing_free_fen,
    )
