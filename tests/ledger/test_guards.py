"""Whatever SQL says: the database takes no posting that does not balance and changes none."""

from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from ledger.queries import balance, posting_id, unbalanced_postings
from tests.ledger.accounts import CLEARING, REVENUE, sale
from wx_backend.db import db, transaction

POSTING = (
    "INSERT INTO posting (id, kind, key, memo, posted_at, business_on, total_fen, entries)"
    " SELECT {id}, 'forged', 'forged', '', posted_at, business_on, {total}, {entries} FROM posting"
)
ENTRY = "INSERT INTO entry (id, posting_id, account_id, amount_fen) VALUES (%d, %d, %d, %d)"


@pytest.fixture(autouse=True)
def paid(app: object) -> None:
    """One honest posting: id 1 moves 500 fen from account 1 to account 2."""
    assert app
    with transaction():
        sale("payment:1", 500)
    assert posting_id("payment:1") == 1
    db.session.rollback()


def execute(*statements: str) -> None:
    """Mallory writes SQL in one transaction."""
    with transaction():
        for statement in statements:
            db.session.execute(text(statement))


@pytest.fixture
def refused() -> Callable[..., None]:
    """Statements that must fail, at once or at COMMIT, and leave the books as they were."""

    def check(*statements: str) -> None:
        with pytest.raises(IntegrityError):
            execute(*statements)
        assert balance(CLEARING) == 500
        assert balance(REVENUE) == -500
        assert unbalanced_postings() == []

    return check


def posting(*, total: int = 0, entries: int = 2) -> str:
    return POSTING.format(id=90, total=total, entries=entries)


def entry(id_: int, posting_id: int, account_id: int, amount_fen: int) -> str:
    return ENTRY % (id_, posting_id, account_id, amount_fen)


def test_a_posting_that_balances_is_taken_from_raw_sql_too() -> None:
    execute(posting(), entry(90, 90, 1, -7), entry(91, 90, 2, 7))

    assert balance(CLEARING) == 507


@pytest.mark.parametrize(
    "statements",
    [
        [posting()],
        [posting(), entry(90, 90, 1, 7)],
        [posting(), entry(90, 90, 1, 7), entry(91, 90, 2, -6)],
        [posting(), entry(90, 90, 1, 7), entry(91, 90, 2, -3), entry(92, 90, 2, -4)],
        [posting(entries=0)],
        [posting(entries=1), entry(90, 90, 1, 7)],
        [posting(total=7), entry(90, 90, 1, 14), entry(91, 90, 2, -7)],
        [posting(), entry(90, 90, 1, 0), entry(91, 90, 2, 0)],
        [posting(), entry(90, 90, 1, 10**12 + 1), entry(91, 90, 2, -(10**12) - 1)],
        [posting(), entry(90, 90, 99, 7), entry(91, 90, 2, -7)],
        [entry(90, 99, 1, 7), entry(91, 99, 2, -7)],
    ],
    ids=[
        "empty",
        "one-sided",
        "unbalanced",
        "more entries than said",
        "empty and says so",
        "one-sided and says so",
        "another total",
        "zero entries",
        "beyond the limit",
        "no such account",
        "no such posting",
    ],
)
def test_what_does_not_balance_is_refused(
    statements: list[str], refused: Callable[..., None]
) -> None:
    refused(*statements)


@pytest.mark.parametrize("amount_fen", [7, -7])
def test_a_late_entry_is_refused(amount_fen: int, refused: Callable[..., None]) -> None:
    refused(entry(90, 1, 1, amount_fen))


def test_late_entries_are_refused_although_they_balance(refused: Callable[..., None]) -> None:
    refused(entry(90, 1, 1, 7), entry(91, 1, 2, -7))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entry SET amount_fen = 5 WHERE id = 1",
        "UPDATE entry SET account_id = 2",
        "DELETE FROM entry",
        "UPDATE posting SET memo = 'nothing to see'",
        "UPDATE posting SET entries = 3",
        "DELETE FROM posting",
        "UPDATE account SET owner_id = 7",
        "DELETE FROM account",
        "UPDATE posting_sum SET total_fen = 7",
        "UPDATE posting_sum SET entries = 3",
        "UPDATE posting_sum SET posting_id = 90",
        "INSERT INTO posting_sum (posting_id, total_fen, entries) VALUES (90, 0, 2)",
        "DELETE FROM posting_sum",
    ],
)
def test_nothing_posted_is_ever_changed(statement: str, refused: Callable[..., None]) -> None:
    refused(statement)


def test_a_sum_without_entries_carries_no_posting(refused: Callable[..., None]) -> None:
    forged_sum = "INSERT INTO posting_sum (posting_id, total_fen, entries) VALUES (90, 0, 2)"
    refused(forged_sum, posting())


def test_only_the_one_currency_is_kept(refused: Callable[..., None]) -> None:
    refused(
        "INSERT INTO account (kind, owner_kind, owner_id, currency)"
        " VALUES ('revenue', 'company', 0, 'USD')"
    )
