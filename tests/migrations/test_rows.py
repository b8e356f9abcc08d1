"""What was there before a step is there after it, up and down, even if it was broken off."""

from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Connection,
    Date,
    DateTime,
    Engine,
    LargeBinary,
    MetaData,
    String,
    Table,
    event,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError, IntegrityError

from tests.migrations.conftest import url
from wx_backend import migrate
from wx_backend.db import BEGIN_IMMEDIATE

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
PLAIN: tuple[tuple[type[Any], Any], ...] = (
    (String, ""),
    (LargeBinary, b""),
    (Boolean, False),
    (Date, NOON.date()),
    (JSON, {}),
)


def at(engine: Engine, instant: datetime = NOON) -> Any:
    """An instant as the database keeps it."""
    if engine.dialect.name == "postgresql":
        return instant
    return int(instant.timestamp()) * 1_000_000


def put(engine: Engine, name: str, **values: Any) -> None:
    """Add a row; what it must have beside these values is plain, and refers to nothing."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        else:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.exec_driver_sql("BEGIN")
        table = _table(connection, name)
        needed = {
            each.name: _plain(each.type, engine)
            for each in table.columns
            if not each.nullable and each.name != "id"
        }
        connection.execute(insert(table).values({**needed, **values}))
        connection.commit()
        if engine.dialect.name == "sqlite":
            connection.invalidate()


def rows(engine: Engine, name: str, *columns: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        table = _table(connection, name)
        found = connection.execute(select(*(table.c[each] for each in columns)))
        return sorted((tuple(row) for row in found), key=str)


def steps_to(name: str) -> tuple[str, str]:
    """The numbers before and of the step of this name."""
    [file] = (migrate.FOLDER / "versions").glob(f"*_{name}.py")
    number = int(file.name[:4])
    return f"{number - 1:04d}", f"{number:04d}"


def _table(connection: Connection, name: str) -> Table:
    return Table(name, MetaData(), autoload_with=connection, resolve_fks=False)


def _plain(kind: Any, engine: Engine) -> Any:
    if isinstance(kind, DateTime):
        return at(engine)
    return next((value for of, value in PLAIN if isinstance(kind, of)), 1)


def indexes(engine: Engine, table: str) -> set[str | None]:
    return {each["name"] for each in inspect(engine).get_indexes(table)}


@pytest.mark.parametrize(
    ("before", "revision", "table", "values", "index"),
    [
        ("0048", "0049", "touch", {"scene": "channel-7", "identity_id": 1}, "ix_touch_scene"),
        (
            *("0053", "0054", "fulfilment_evidence", {"picture": "0a1b"}),
            "ix_fulfilment_evidence_picture",
        ),
    ],
)
def test_an_index_comes_and_goes_and_the_rows_stay(
    empty: Engine, before: str, revision: str, table: str, values: dict[str, Any], index: str
) -> None:
    migrate.upgrade(url=url(empty), to=before)
    put(empty, table, **values)
    for _ in range(2):
        migrate.upgrade(url=url(empty), to=revision)
        assert index in indexes(empty, table)
        migrate.downgrade(url=url(empty), to=before)
        assert index not in indexes(empty, table)
    assert rows(empty, table, *values) == [tuple(values.values())]


def test_months_of_reps_are_filled_from_their_days(empty: Engine) -> None:
    migrate.upgrade(url=url(empty), to="0050")
    for day, count in ((1, 2), (31, 3)):
        put(
            empty,
            "figure_day",
            part="rep",
            key="7",
            kind="paid",
            business_on=date(2026, 3, day),
            count=count,
            amount_fen=100,
        )
    put(empty, "rep", id=7)
    for _ in range(2):
        migrate.upgrade(url=url(empty), to="0051")
        found = rows(empty, "figure_month", "rep_id", "month_on", "kind", "count", "amount_fen")
        assert found == [(7, date(2026, 3, 1), "paid", 5, 200)]
        migrate.downgrade(url=url(empty), to="0050")
    assert len(rows(empty, "figure_day", "key")) == 2


def test_weeks_of_reps_are_filled_from_their_days(empty: Engine) -> None:
    migrate.upgrade(url=url(empty), to="0071")
    monday = date(2026, 3, 2)
    days = (0, 1), (6, 2), (7, 4), (-1, 8)
    put(empty, "org_node", id=1)
    for part in ("rep", "all"):
        for day, count in days:
            on = monday + timedelta(days=day)
            put(
                empty,
                "figure_day",
                node_id=1,
                part=part,
                key="7",
                kind="paid",
                business_on=on,
                count=count,
                amount_fen=100,
            )
    for _ in range(2):
        migrate.upgrade(url=url(empty), to="0072")
        found = rows(empty, "figure_week", "node_id", "week_on", "key", "kind", "count")
        weeks = [
            (monday + timedelta(days=7 * number), count)
            for number, count in ((-1, 8), (0, 3), (1, 4))
        ]
        assert found == [(1, week, "7", "paid", count) for week, count in weeks]
        migrate.downgrade(url=url(empty), to="0071")
    assert len(rows(empty, "figure_day", "key")) == 2 * len(days)


@pytest.mark.parametrize(
    ("is_whole_open", "is_place_open", "open_then"),
    [
        (False, True, [("payouts", False), ("payouts", True)]),
        (True, True, [("payouts", False), ("payouts", True)]),
        (False, False, [("payouts", False)]),
    ],
)
def test_a_stopped_place_stops_all_pay_outs_for_a_version_without_places(
    empty: Engine,
    is_whole_open: bool,
    is_place_open: bool,
    open_then: list[tuple[str, bool]],
) -> None:
    """What was held back must not go out because the version before cannot hold it."""
    migrate.upgrade(url=url(empty), to="0053")
    lifted = at(empty)
    put(empty, "stop", line="payouts", reason="earlier", lifted_at=lifted)
    put(empty, "stop", line="payouts", reason="place", node_id=3, lifted_at=lifted)
    if is_whole_open:
        put(empty, "stop", line="payouts", reason="whole")
    if is_place_open:
        for node_id in (3, 4):
            put(empty, "stop", line="payouts", reason="place", node_id=node_id)
    migrate.downgrade(url=url(empty), to="0052")
    found = [
        (str(line), lifted_at is None)
        for line, lifted_at in rows(empty, "stop", "line", "lifted_at")
    ]
    assert sorted(found) == open_then
    reasons = {reason for (reason,) in rows(empty, "stop", "reason")} - {"earlier"}
    assert len(reasons) == (is_whole_open or is_place_open)
    assert ("whole" in reasons) is is_whole_open


def test_people_of_campaigns_are_counted_once_however_often_it_is_broken_off(
    empty: Engine,
) -> None:
    migrate.upgrade(url=url(empty), to="0063")
    put(empty, "campaign", id=7)
    for number in range(3):
        values = {"campaign_id": 7, "identity_id": number, "status": "sent"}
        put(empty, "campaign_recipient", id=number + 1, **values)
    for _ in range(2):
        migrate.upgrade(url=url(empty), to="0064")
        counted = rows(empty, "campaign_group_delta", "campaign_id", "status", "count")
        assert counted == [(7, "sent", 3)]
        with empty.begin() as connection:  # it came to its end, and nobody noted so
            connection.execute(text("UPDATE alembic_version SET version_num = '0063'"))


def test_what_was_claimed_before_is_lost_as_well(empty: Engine) -> None:
    """Only the WeChats the customer had before; and the version before knows of nothing."""
    migrate.upgrade(url=url(empty), to="0065")
    later = NOON + timedelta(days=1)
    for number, member_id in ((1, 1), (2, 1), (3, 5), (4, 7)):
        put(empty, "identity", id=number, member_id=member_id, appid="wx", openid=f"o{number}")
        put(
            empty,
            "identity_link",
            id=number,
            identity_id=number,
            member_id=number,
            linked_at=at(empty),
        )
    moved = {"identity_id": 2, "member_id": 1}
    put(empty, "identity_link", id=9, **moved, linked_at=at(empty, later))
    claimed = {"old_id": 1, "new_id": 2, "asked_by": "staff:1", "decided_by": "staff:2"}
    decided = {"decided_at": at(empty, later), "verdict": "approved"}
    put(empty, "member_claim", id=1, **claimed, **decided)
    refused = claimed | {"old_id": 4, "new_id": 3}
    put(empty, "member_claim", id=2, **refused, **decided | {"verdict": "rejected"})
    lost = [(1, at(empty, later), at(empty, later)), *((each, None, None) for each in (2, 3, 4))]
    for _ in range(2):
        migrate.upgrade(url=url(empty), to="0066")
        assert rows(empty, "identity", "id", "lost_at", "signed_out_at") == lost
        migrate.downgrade(url=url(empty), to="0065")
    assert len(rows(empty, "identity", "id")) == 4


def test_own_proposals_are_taken_back_and_for_the_version_before_never_were(
    empty: Engine,
) -> None:
    """A batch could be taken back before, and was called rejected; what refers to it stays."""
    migrate.upgrade(url=url(empty), to="0069")
    own, by_two = ({"proposed_by": "staff:1", "decided_by": f"staff:{n}"} for n in (1, 2))
    money = {"gross_fen": 9, "tax_fen": 0, "fee_fen": 0, "net_fen": 9}
    for number, whose in ((1, own), (2, by_two)):
        put(empty, "payout_batch", id=number, number=f"PB{number}", status="rejected", **whose)
        named = {"batch_id": number, "receiver_id": number, "number": f"PO{number}"}
        put(empty, "payout", id=number, status="rejected", **named, **money)
    put(empty, "refund_proposal", id=2, status="declined", key="2", **by_two)
    put(empty, "way_out", id=2, status="declined", **by_two)
    decided = {"proposed_by": 1, "decided_at": at(empty)}
    put(empty, "rate_proposal", id=2, status="refused", decided_by=2, **decided)
    for _ in range(2):
        migrate.upgrade(url=url(empty), to="0070")
        for table in ("payout_batch", "payout"):
            assert rows(empty, table, "id", "status") == [(1, "withdrawn"), (2, "rejected")]
        with pytest.raises(IntegrityError):
            put(empty, "way_out", id=1, status="declined", **own)
        put(empty, "refund_proposal", id=1, status="withdrawn", key="1", **own)
        put(empty, "way_out", id=1, status="withdrawn", **own)
        put(empty, "rate_proposal", id=1, status="withdrawn", decided_by=1, **decided)
        put(empty, "rate_preview", id=1, proposal_id=1)
        put(empty, "preview_line", id=1, preview_id=1)
        migrate.downgrade(url=url(empty), to="0069")
        for table in ("payout_batch", "payout"):
            assert rows(empty, table, "id", "status") == [(1, "rejected"), (2, "rejected")]
        for table in ("refund_proposal", "way_out", "rate_proposal"):
            assert rows(empty, table, "id") == [(2,)]
        assert rows(empty, "rate_preview", "id") == []
        with pytest.raises(IntegrityError):
            put(empty, "way_out", id=1, status="declined", **own)


def test_claims_stay_claims_and_what_lifts_them_goes_with_the_version(empty: Engine) -> None:
    migrate.upgrade(url=url(empty), to="0070")
    claimed = {"old_id": 1, "new_id": 2, "asked_by": "staff:1"}
    decided = {"decided_by": "staff:2", "decided_at": at(empty), "verdict": "approved"}
    for each in (1, 2):
        put(empty, "member", id=each, number=f"MB{each}")
    put(empty, "member_claim", id=1, **claimed, **decided)
    for _ in range(2):
        migrate.upgrade(url=url(empty), to="0071")
        assert rows(empty, "member_claim", "id", "kind", "lifts_id") == [(1, "lost", None)]
        with pytest.raises(IntegrityError):
            put(empty, "member_claim", id=2, kind="found", **claimed)
        put(empty, "member_claim", id=2, kind="found", lifts_id=1, **claimed)
        with pytest.raises(IntegrityError):  # one thing of a customer waits at a time
            put(empty, "member_claim", id=3, kind="wrong", lifts_id=1, **claimed)
        migrate.downgrade(url=url(empty), to="0070")
        assert rows(empty, "member_claim", "id", "old_id", "verdict") == [(1, 1, "approved")]


def test_a_campaign_that_goes_on_and_has_not_begun_is_over_for_the_version_before(
    empty: Engine,
) -> None:
    """It would take all of the place for its audience: those who were written to, and those held out."""
    before, step = steps_to("campaigns_continued")
    migrate.upgrade(url=url(empty), to=step)
    over = ("draft", "freezing", "submitted", "scheduled")
    stays = ("running", "paused", "done", "stopped")
    for number, status in enumerate((*over, *stays), 1):
        put(empty, "campaign", id=number, number=f"CP{number}", status="done")
        goes_on = {"number": f"CP{number}C", "status": status, "continues_id": number}
        put(empty, "campaign", id=number + 10, **goes_on, created_at=at(empty))
    put(empty, "campaign", id=30, number="CP30", status="draft")
    for _ in range(2):
        migrate.downgrade(url=url(empty), to=before)
        found = rows(empty, "campaign", "id", "status", "ended_at")
        ended = {number: (status, ended_at) for number, status, ended_at in found}
        assert [ended[number] for number in range(11, 15)] == [("stopped", at(empty))] * len(over)
        assert [ended[number] for number in range(15, 19)] == [(status, None) for status in stays]
        assert ended[30] == ("draft", None)
        migrate.upgrade(url=url(empty), to=step)


def test_touches_of_the_last_day_are_looked_at_once_more(empty: Engine) -> None:
    before, step = steps_to("late_look")
    migrate.upgrade(url=url(empty), to=before)
    for newest, start in ((7, 0), (3_000_000, 2_000_000)):
        put(empty, "touch", id=newest, identity_id=1, key=b"%016d" % newest)
        migrate.upgrade(url=url(empty), to=step)
        assert rows(empty, "late_look", "id", "touch_id") == [(1, start)]
        migrate.downgrade(url=url(empty), to=before)


def test_a_payment_in_parts_stays_so_while_the_version_before_is_here(empty: Engine) -> None:
    before, step = steps_to("parts_of_payments")
    migrate.upgrade(url=url(empty), to=before)
    amounts = {"gross_fen": 5, "net_fen": 5, "tax_fen": 0, "fee_fen": 0}
    for number in (1, 2):
        put(empty, "payout_batch", id=number, number=f"PB{number}", status="proposed")
        put(empty, "payout_receiver", id=number, owner_id=number)
    row = {"batch_id": 1, "receiver_id": 1, "status": "paid", **amounts}
    put(empty, "payout", id=1, number="PO1", **row)
    put(empty, "payout_event", id=1, payout_id=1, batch_id=1)
    migrate.upgrade(url=url(empty), to=step)
    assert rows(empty, "payout", "id", "part", "parts") == [(1, 1, 1)]
    with empty.begin() as connection:
        connection.execute(text("UPDATE payout SET parts = 2"))
    put(empty, "payout", id=2, number="PO2", **row, part=2, parts=2)
    waiting = row | {"batch_id": 2, "receiver_id": 2, "status": "proposed", "parts": 2}
    for part in (1, 2):
        put(empty, "payout", id=2 + part, number=f"PO{2 + part}", **waiting, part=part)

    for _ in range(2):
        migrate.downgrade(url=url(empty), to=before)
        stands = ["paid", "paid", "left_out", "left_out"]
        assert [each for _, each in rows(empty, "payout", "id", "status")] == stands
        migrate.upgrade(url=url(empty), to=step)
        counted = [(1, 1, 2), (2, 2, 2), (3, 1, 2), (4, 2, 2)]
        assert rows(empty, "payout", "id", "part", "parts") == counted
    with pytest.raises(IntegrityError), empty.begin() as connection:
        connection.execute(text("DELETE FROM payout WHERE id = 1"))
    assert rows(empty, "payout_event", "id", "payout_id") == [(1, 1)]


def test_a_version_of_the_policy_stays_and_who_wrote_it_is_gone_for_the_version_before(
    empty: Engine,
) -> None:
    """A draft is never changed once it was decided on; one of a version waits, and one alone makes none."""
    before, step = steps_to("policy_drafts")
    migrate.upgrade(url=url(empty), to=before)
    put(empty, "policy_version", version=2, settings={"window_days": 40})
    for staff in (1, 2):
        put(empty, "staff", id=staff, login=f"s{staff}")
    wanted = {"version": 3, "settings": {"window_days": 50}, "drafted_by": 1, "note": ""}
    for _ in range(2):
        migrate.upgrade(url=url(empty), to=step)
        put(empty, "policy_draft", id=1, **wanted)
        with pytest.raises(IntegrityError):
            put(empty, "policy_draft", id=2, **wanted)
        for change, is_refused in (
            ("version = 4", True),
            ("settings = '{}'", True),
            ("verdict = 'approved', decided_by = 1, decided_at = drafted_at, note = 'x'", True),
            ("verdict = 'approved', decided_by = 2, decided_at = drafted_at", True),
            ("verdict = 'approved', decided_by = 2, decided_at = drafted_at, note = 'x'", False),
            ("verdict = NULL, decided_by = NULL, decided_at = NULL", True),
        ):
            with pytest.raises(DBAPIError) if is_refused else nullcontext(), empty.begin() as own:
                own.execute(text(f"UPDATE policy_draft SET {change}"))  # noqa: S608 - our own text
        with pytest.raises(DBAPIError), empty.begin() as own:
            own.execute(text("DELETE FROM policy_draft"))
        assert rows(empty, "policy_draft", "id", "verdict") == [(1, "approved")]
        migrate.downgrade(url=url(empty), to=before)
        assert rows(empty, "policy_version", "version") == [(1,), (2,)]


def test_a_version_called_off_decides_nothing_in_the_version_before_either(empty: Engine) -> None:
    """It knows of no such thing: what was called off comes before the first version there, and stays so."""
    before, step = steps_to("policies_called_off")
    migrate.upgrade(url=url(empty), to=before)
    put(empty, "staff", id=1, login="s1")
    for day in (2, 3, 4):
        put(empty, "policy_version", version=day, valid_from=at(empty, NOON + timedelta(days=day)))
    for version in (2, 4):
        migrate.upgrade(url=url(empty), to=step)
        begins = at(empty, NOON + timedelta(days=version))
        row = {"version": version, "valid_from": begins, "staff_id": 1, "reason": "x"}
        with pytest.raises(IntegrityError):
            put(empty, "policy_call_off", **row, called_off_at=begins)
        put(empty, "policy_call_off", **row, called_off_at=at(empty))
        for change in ("UPDATE policy_call_off SET reason = 'y'", "DELETE FROM policy_call_off"):
            with pytest.raises(DBAPIError), empty.begin() as own:
                own.execute(text(change))
        migrate.downgrade(url=url(empty), to=before)
        with pytest.raises(DBAPIError), empty.begin() as own:
            own.execute(text("UPDATE policy_version SET note = 'y'"))
    with empty.connect() as connection:
        order = text("SELECT version FROM policy_version ORDER BY valid_from")
        assert [*connection.execute(order).scalars()] == [2, 4, 1, 3]


def test_what_two_persons_gave_to_another_rep_is_gone_for_the_version_before(
    empty: Engine,
) -> None:
    """What the dispute came to stays; a decision is never changed, and one person alone makes none."""
    before, step = steps_to("reassignments")
    migrate.upgrade(url=url(empty), to=before)
    put(empty, "dispute", id=1, order_line_id=1, key="touch:1", resolution="先行接待")
    asked = {"dispute_id": 1, "order_line_id": 1, "from_rep_id": 1, "to_rep_id": 2}
    for _ in range(2):
        migrate.upgrade(url=url(empty), to=step)
        put(empty, "reassignment", id=1, **asked, asked_by="staff:1")
        with pytest.raises(IntegrityError):  # one of a line waits at a time
            put(empty, "reassignment", id=2, **asked, asked_by="staff:2")
        for change, is_refused in (
            ("to_rep_id = 3", True),
            ("verdict = 'approved', decided_by = 'staff:1', decided_at = asked_at", True),
            ("verdict = 'rejected', decided_by = 'staff:2', decided_at = asked_at", False),
            ("verdict = NULL, decided_by = NULL, decided_at = NULL", True),
        ):
            with pytest.raises(DBAPIError) if is_refused else nullcontext(), empty.begin() as own:
                own.execute(text(f"UPDATE reassignment SET {change}"))  # noqa: S608 - our own text
        with pytest.raises(DBAPIError), empty.begin() as own:
            own.execute(text("DELETE FROM reassignment"))
        assert rows(empty, "reassignment", "id", "verdict") == [(1, "rejected")]
        migrate.downgrade(url=url(empty), to=before)
        assert rows(empty, "dispute", "id", "resolution") == [(1, "先行接待")]


def test_what_was_given_on_stays_whichever_way_it_is_found(empty: Engine) -> None:
    before, step = steps_to("lines_given_on")
    migrate.upgrade(url=url(empty), to=before)
    asked = {"dispute_id": 1, "order_line_id": 1, "from_rep_id": 1, "to_rep_id": 2}
    put(empty, "reassignment", id=1, **asked, asked_by="staff:1")
    for _ in range(2):
        migrate.upgrade(url=url(empty), to=step)
        migrate.downgrade(url=url(empty), to=before)
        assert rows(empty, "reassignment", "id", "to_rep_id") == [(1, 2)]


@pytest.mark.parametrize(
    ("revision", "before", "building"),
    [("0052", "0051", "ix_commission_rep_id"), ("0046", "0045", "ix_touch_share")],
)
def test_a_downgrade_that_was_broken_off_is_made_again(
    empty: Engine, revision: str, before: str, building: str
) -> None:
    migrate.upgrade(url=url(empty), to=revision)

    def die(*arguments: Any) -> None:
        if "CREATE INDEX" in arguments[2] and building in arguments[2]:
            raise RuntimeError("killed")

    with empty.connect().execution_options(**BEGIN_IMMEDIATE) as connection:
        event.listen(empty, "before_cursor_execute", die)
        with pytest.raises(RuntimeError, match="killed"):
            migrate.downgrade(connection=connection, to=before)
        event.remove(empty, "before_cursor_execute", die)
        connection.invalidate()
    migrate.downgrade(url=url(empty), to=before)
    migrate.upgrade(url=url(empty), to=revision)
