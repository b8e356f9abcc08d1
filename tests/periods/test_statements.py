"""Statements: what the ledger says of a month, added up the tree, and never different afterwards."""

from datetime import UTC, datetime
from hashlib import sha256

import pytest
from click.testing import CliRunner
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from flows.statements import my_statements, statement_page
from settlement.periods import month_of
from settlement.statements.chain import verify
from settlement.statements.models import Statement, StatementLine, StatementOwner
from settlement.statements.queries import running_month
from tests.counting import questions
from tests.periods.world import (
    APRIL_2,
    MARCH_8,
    MAY_2,
    World,
    a_months_work,
    close,
    earn,
    figures,
    period,
    statement,
    take_back,
)
from wx_backend.cli_statements import verify_statements
from wx_backend.config import Config
from wx_backend.db import db, transaction
from wx_backend.strict import dumps

REP, OUTLET, CITY, PROVINCE = StatementOwner
LAST_SECOND = datetime(2026, 3, 31, 15, 59, 59, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 31, 16, tzinfo=UTC)  # 00:00 of April 1st in Shanghai


def test_a_statement_says_what_came_what_went_and_what_is_left(world: World) -> None:
    a_months_work(world)
    close(world)
    alice = statement(REP, world.alice)
    assert figures(alice) == (0, 10_000, 8_000, 1_000, 0, 2_000, 7_000)
    lines = db.session.scalars(
        select(StatementLine)
        .where(StatementLine.statement_id == alice.id)
        .order_by(StatementLine.position)
    ).all()
    assert [(line.movement, line.held_fen, line.free_fen) for line in lines] == [
        ("accrued", 10_000, 0),
        ("vested", -8_000, 8_000),
        ("taken_back", 0, -1_000),
    ]


def test_an_outlet_a_city_and_a_province_are_the_sum_of_what_is_below(world: World) -> None:
    a_months_work(world)
    close(world)
    tree = world.tree
    assert figures(statement(OUTLET, tree.hall)) == (0, 10_500, 8_000, 1_000, 0, 2_500, 7_000)
    assert figures(statement(CITY, tree.canton)) == (0, 10_500, 8_000, 1_000, 0, 2_500, 7_000)
    assert figures(statement(PROVINCE, tree.south)) == (0, 10_570, 8_000, 1_000, 0, 2_570, 7_000)
    owners = set(db.session.scalars(select(Statement.owner_id).where(Statement.owner_kind == REP)))
    assert owners == {world.alice, world.amy, world.dave}


def test_the_month_ends_at_midnight_in_shanghai(world: World) -> None:
    earn(world.alice, 100, "1", LAST_SECOND)
    earn(world.alice, 7, "2", MIDNIGHT)
    close(world)
    assert figures(statement(REP, world.alice))[1] == 100
    close(world, "2026-04", MAY_2)
    assert figures(statement(REP, world.alice, "2026-04")) == (100, 7, 0, 0, 0, 107, 0)


def test_the_next_month_begins_where_the_last_one_ended(world: World) -> None:
    a_months_work(world)
    close(world)
    take_back(world.alice, 7_500, "late", APRIL_2)
    close(world, "2026-04", MAY_2)
    march, april = statement(REP, world.alice), statement(REP, world.alice, "2026-04")
    assert figures(april) == (9_000, 0, 0, 7_500, 0, 2_000, -500)
    assert april.previous == march.digest
    assert figures(statement(REP, world.dave, "2026-04")) == (70, 0, 0, 0, 0, 70, 0)


def test_whoever_holds_the_content_can_check_the_digest_himself(world: World) -> None:
    a_months_work(world)
    close(world)
    for owner_kind, owner_id in ((REP, world.alice), (PROVINCE, world.tree.south)):
        number = statement(owner_kind, owner_id).number
        told = statement_page(number, world.tree.group).as_json()
        content = dumps(told["content"])
        assert sha256(content + bytes.fromhex(told["previous"])).hexdigest() == told["digest"]


def test_the_running_month_is_shown_before_it_is_closed(world: World) -> None:
    a_months_work(world)
    running = running_month(world.alice, *month_of(LAST_SECOND.date()))
    close(world)
    assert running.sums.closing.free_fen == statement(REP, world.alice).closing_free_fen
    assert len(running.lines) == 3


def test_more_lines_ask_no_more_of_the_database(world: World) -> None:
    asked = []
    for key in ("1", "2"):
        earn(world.alice, 10_000, key)
        db.session.rollback()
        with questions() as statements:
            my_statements(world.alice, MARCH_8)
        asked.append(len(statements))
    assert asked[0] == asked[1]


@pytest.mark.parametrize("table", ["statement", "statement_line"])
def test_a_frozen_row_can_be_neither_changed_nor_deleted(world: World, table: str) -> None:
    a_months_work(world)
    close(world)
    for command in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}"):  # noqa: S608 - ours
        with pytest.raises(DBAPIError, match="frozen"), transaction() as session:
            session.connection().exec_driver_sql(command)


def test_untouched_months_hold(world: World) -> None:
    a_months_work(world)
    close(world)
    close(world, "2026-04", MAY_2)
    proof = verify()
    assert proof.broken is None
    assert (proof.periods, proof.root) == (2, period("2026-04").root)
    assert proof.statements == db.session.query(Statement).count()


ALICES = "(SELECT id FROM statement WHERE owner_kind = 'rep' ORDER BY owner_id LIMIT 1)"
TAMPERING = {
    "a line's amount": (
        f"UPDATE statement_line SET held_fen = 1 WHERE statement_id = {ALICES} AND position = 1",  # noqa: S608 - ours
        "内容与摘要不符",
    ),
    "a line is gone": (
        f"DELETE FROM statement_line WHERE statement_id = {ALICES} AND position = 2",  # noqa: S608 - ours
        "内容与摘要不符",
    ),
    "the figures": (
        "UPDATE statement SET accrued_fen = accrued_fen - 1, other_fen = other_fen + 1"
        " WHERE owner_kind = 'outlet'",
        "内容与摘要不符",
    ),
    "the link": ("UPDATE statement SET previous = digest", "链接断开"),
    "a whole statement": (
        "DELETE FROM statement WHERE owner_kind = 'province'",
        "结算单被增减或替换",
    ),
    "the ledger": (
        "UPDATE entry SET amount_fen = amount_fen + 1 WHERE id = 1",
        "总账分录与结账时不符",
    ),
    "the seal": ("UPDATE accounting_period SET seal = '{}' WHERE status = 'closed'", "账期封印"),
}


@pytest.mark.parametrize("name", TAMPERING)
def test_a_row_edited_behind_our_back_breaks_the_chain(world: World, name: str) -> None:
    a_months_work(world)
    close(world)
    command, why = TAMPERING[name]
    behind_our_back(command)
    broken = verify().broken
    assert broken is not None
    assert (broken.month, why in broken.why) == ("2026-03", True)


def behind_our_back(command: str) -> None:
    """What only somebody with the rights of the owner can do."""
    with transaction() as session:
        connection = session.connection()
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        else:
            names = connection.exec_driver_sql(
                "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            )
            for name in [row[0] for row in names]:
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        connection.exec_driver_sql(command)


def test_the_command_says_whether_all_months_hold(world: World, config: Config) -> None:
    a_months_work(world)
    close(world)
    told = CliRunner().invoke(verify_statements, obj=lambda: config)
    assert told.exit_code == 0, told.output
    assert "OK: 1 periods" in told.output
    behind_our_back("UPDATE statement SET owner_name = '马洛里' WHERE owner_kind = 'rep'")
    told = CliRunner().invoke(verify_statements, obj=lambda: config)
    assert told.exit_code == 1
    assert "broken at 2026-03 ST" in told.output
