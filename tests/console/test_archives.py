"""The archive holds everything as it was at one moment, can be read back, and lets nobody in."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import LargeBinary, select, text, update

from archives.models import Archive, ArchiveEvent, ArchiveStatus
from archives.operations import GIVEN_UP_AFTER
from flows.archive.clear import PERSONAL
from flows.archive.contents import LEFT_OUT, columns_of, tables
from flows.archive.reading import Damaged, manifest_of, rows_of
from flows.archive.snapshot import PART, Snapshot, reader
from flows.archive.work import give_up_dead, path_of, remove_old
from flows.resealing import SEALED
from flows.sealed import order_place, vault
from members.addresses import Address, save_address
from members.phone_joining import prove_phone
from orders.models import SalesOrder
from org.models import Role, Staff
from referral.models import Touch
from referral.values import TouchKind
from tests.console.conftest import Desks
from tests.console.world import World, touch
from tests.postgres import PostgresServer
from wx_backend import clock
from wx_backend.claims import WorkStatus, replay
from wx_backend.db import Model, db, retried, transaction
from wx_backend.engine import open_engine
from wx_backend.outbox import BULK, Job

PHONE = "13800138000"


@pytest.fixture
def people(world: World) -> World:
    """Bob's phone is known to us, and his order has a contact."""
    with transaction():
        prove_phone(member_id=world.bob.member_id, phone=PHONE, vault=vault(), now=clock.now())
        order = db.session.get_one(SalesOrder, world.southern.id)
        place = order_place(order.member_id, order.client_key, "contact_phone")
        order.contact_phone = vault().seal(PHONE, place=place)
        save_address(
            member_id=world.bob.member_id,
            address=Address.typed(
                name="鲍勃", phone=PHONE, region="甲省 乙市", street="和平路 1 号"
            ),
            is_default=True,
            vault=vault(),
            now=clock.now(),
        )
    return world


def asked(desks: Desks, run_jobs: Callable[[], None], personal: str) -> Path:
    desk = desks("root")
    assert desk.post("/archives", reason="迁移演练", personal=personal).status_code == 302
    run_jobs()
    db.session.rollback()
    archive = db.session.scalars(select(Archive).order_by(Archive.id.desc())).first()
    assert archive is not None
    assert archive.status == ArchiveStatus.DONE
    assert archive.rows_done == archive.rows_total > 0
    answer = desk.get(f"/archives/{archive.id}.zip")
    assert answer.data == path_of(archive).read_bytes()
    answer.close()
    return path_of(archive)


def test_every_row_is_read_back_as_it_was(
    desk_of: Desks, people: World, run_jobs: Callable[[], None]
) -> None:
    assert people
    path = asked(desk_of, run_jobs, "sealed")
    written = {each["name"]: each["rows"] for each in manifest_of(path)["tables"]}
    assert written.keys() == {table.name for table in tables()}
    assert written["order_line"] == 2
    with db.engine.connect() as connection:
        for table in tables():
            if table.name == "job":
                continue  # the one that wrote it has gone on
            query = select(*columns_of(table)).order_by(*table.primary_key.columns)
            stored = [dict(row) for row in connection.execute(query).mappings()]
            assert [*rows_of(path, table.name)] == stored, table.name


def test_personal_data_is_readable_only_when_that_was_asked_for(
    desk_of: Desks, people: World, run_jobs: Callable[[], None]
) -> None:
    for personal, expected in (("sealed", False), ("clear", True)):
        path = asked(desk_of, run_jobs, personal)
        assert manifest_of(path)["personal_data"] == personal
        members = {row["id"]: row["phone"] for row in rows_of(path, "member")}
        orders = {row["id"]: row["contact_phone"] for row in rows_of(path, "sales_order")}
        assert (members[people.bob.member_id] == PHONE) is expected
        assert (orders[people.southern.id] == PHONE) is expected
        [book] = rows_of(path, "member_address")
        assert ("和平路 1 号" in str(book["sealed"])) is expected


def test_whatever_is_sealed_of_people_is_readable_in_the_clear() -> None:
    """A new sealed column is left sealed only where somebody says so here."""
    sealed = {(each.table.__tablename__, name) for each in SEALED for name in each.places}
    opened = {(table, name) for table, names in PERSONAL.items() for name in names}
    fetches_goods, never_written = ("pickup_code", "sealed"), ("staff_factor", "secret")
    assert sealed - opened == {fetches_goods, never_written}
    assert opened <= sealed


def test_what_lets_somebody_in_is_never_in_it(
    desk_of: Desks, people: World, run_jobs: Callable[[], None]
) -> None:
    assert people
    path = asked(desk_of, run_jobs, "clear")
    assert all("password_hash" not in row for row in rows_of(path, "staff"))
    assert not LEFT_OUT & {each["name"] for each in manifest_of(path)["tables"]}
    assert set(Model.metadata.tables) > LEFT_OUT
    known = {("push", "raw")} | {
        (each.table.__tablename__, name) for each in SEALED for name in each.places
    }
    for table in Model.metadata.sorted_tables:
        for column in table.columns:
            is_open = isinstance(column.type, LargeBinary) and column.type.length is None
            assert not is_open or (table.name, column.name) in known


def test_it_is_one_moment_whatever_happens_meanwhile(
    app: Flask, people: World, tmp_path: Path
) -> None:
    assert app
    path = tmp_path / "made" / "a.zip"
    before = len(db.session.scalars(select(Touch)).all())
    snapshot = Snapshot(db.engine, path, is_clear=False, made_at=clock.now())
    total = snapshot.count()
    touch(people.bob, 1, kind=TouchKind.SCAN, ago=timedelta(minutes=5))
    assert sum(iter(snapshot.write_some, 0)) == total
    assert not path.exists()
    snapshot.finish()
    assert len([*rows_of(path, "touch")]) == before


def test_a_broken_off_one_leaves_nothing(app: Flask, people: World, tmp_path: Path) -> None:
    assert app
    assert people
    path = tmp_path / "made" / "a.zip"
    snapshot = Snapshot(db.engine, path, is_clear=False, made_at=clock.now())
    snapshot.write_some()
    snapshot.give_up()
    assert [*path.parent.iterdir()] == []


def test_two_who_write_the_same_one_do_not_meet(app: Flask, people: World, tmp_path: Path) -> None:
    assert app
    assert people
    path = tmp_path / "made" / "a.zip"
    dead, anew = (Snapshot(db.engine, path, is_clear=False, made_at=clock.now()) for _ in range(2))
    dead.write_some()
    while anew.write_some():
        pass
    dead.give_up()
    anew.finish()
    assert [*path.parent.iterdir()] == [path]
    assert manifest_of(path)["tables"]


def test_a_large_table_may_take_longer_than_a_request(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wx_backend.engine.STATEMENT_MS", 1_000)
    engine = open_engine(postgres.url())
    with reader(engine) as connection:
        connection.execute(text("SELECT pg_sleep(1.1)"))
    with engine.connect() as connection:
        assert connection.execute(text("SHOW statement_timeout")).scalar_one() == "1s"
    engine.dispose()


def test_what_a_writer_who_died_left_behind_is_in_nobody_s_way(
    desk_of: Desks, people: World
) -> None:
    assert people
    desk = desk_of("root")
    desk.post("/archives", reason="一", personal="sealed")
    with transaction() as session:
        dead = session.scalars(select(Archive)).one()
        dead.status, dead.asked_at = ArchiveStatus.WRITING, clock.now() - GIVEN_UP_AFTER
        part = path_of(dead).with_suffix(f".1{PART}")
    part.parent.mkdir(parents=True, exist_ok=True)
    part.touch()
    assert desk.post("/archives", reason="二", personal="sealed").status_code == 302
    for later, is_there in ((timedelta(), True), (GIVEN_UP_AFTER + timedelta(hours=1), False)):
        retried(partial(remove_old, now=clock.now() + later))
        assert part.exists() is is_there


def test_one_whose_writer_gave_up_says_so_and_holds_up_nobody(
    desk_of: Desks, people: World, run_jobs: Callable[[], None]
) -> None:
    assert people
    desk = desk_of("root")
    desk.post("/archives", reason="一", personal="sealed")
    with transaction() as session:
        first = session.scalars(select(Archive)).one()
        first.status = ArchiveStatus.WRITING
    assert retried(lambda: give_up_dead(now=clock.now())) == 0
    with transaction() as session:
        session.execute(
            update(Job).where(Job.name == "archive.write").values(status=WorkStatus.DEAD)
        )
    assert retried(lambda: give_up_dead(now=clock.now())) == 1
    assert retried(lambda: give_up_dead(now=clock.now())) == 0

    page = desk.get("/archives").text
    assert "生成失败" in page
    assert "http-equiv" not in page
    assert desk.post("/archives", reason="二", personal="sealed").status_code == 302
    with transaction() as session:  # as 失败任务 brings it back
        dead = session.scalars(select(Job.id).where(Job.status == WorkStatus.DEAD)).one()
        assert replay(Job, dead, now=clock.now())
    run_jobs()
    db.session.rollback()
    assert db.session.scalars(select(Archive.status)).all() == [ArchiveStatus.DONE] * 2


def test_a_damaged_one_is_noticed(
    desk_of: Desks, people: World, run_jobs: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert people
    path = asked(desk_of, run_jobs, "sealed")
    monkeypatch.setattr("flows.archive.reading.sha256", FakeDigest)
    with pytest.raises(Damaged):
        [*rows_of(path, "touch")]


class FakeDigest:
    """As if other bytes had been read."""

    def update(self, _data: bytes) -> None:
        """Count nothing."""

    def hexdigest(self) -> str:
        return "0" * 64


def test_only_administrators_above_everything_and_it_is_on_record(
    desk_of: Desks, people: World, run_jobs: Callable[[], None]
) -> None:
    assert people
    for login in ("south", "finance"):
        assert desk_of(login).get("/archives").status_code == 403
        assert desk_of(login).post("/archives", reason="x", personal="clear").status_code == 403
    desk = desk_of("root")
    assert desk.post("/archives", reason="", personal="clear").status_code == 400
    assert desk.post("/archives", reason="x", personal="").status_code == 400
    path = asked(desk_of, run_jobs, "clear")
    assert desk_of("south").get("/archives/1.zip").status_code == 403
    page = desk.get("/archives").text
    assert "明文" in page
    assert "迁移演练" in page
    assert retried(lambda: remove_old(now=clock.now())) == 0
    assert retried(lambda: remove_old(now=clock.now() + timedelta(days=7))) == 1
    assert not path.exists()
    assert desk.get("/archives/1.zip").status_code == 404
    deeds = [(each.deed, each.actor[:5]) for each in db.session.scalars(select(ArchiveEvent))]
    assert deeds == [
        ("asked", "staff"),
        ("done", "syste"),
        ("fetched", "staff"),
        ("removed", "syste"),
    ]


def test_no_call_waits_for_an_archive(desk_of: Desks, people: World) -> None:
    """It is written where long work is, in a lane of its own: a batch of calls ends with its slowest."""
    assert people
    desk_of("root").post("/archives", reason="一", personal="sealed")
    db.session.rollback()
    queue = db.session.scalars(select(Job.queue).where(Job.name == "archive.write")).one()
    assert queue == BULK


def test_there_is_one_at_a_time(desk_of: Desks, people: World) -> None:
    assert people
    desk = desk_of("root")
    assert desk.post("/archives", reason="一", personal="sealed").status_code == 302
    assert desk.post("/archives", reason="二", personal="sealed").status_code == 409
    assert "http-equiv" in desk.get("/archives").text


@pytest.mark.parametrize("loss", ["disabled", "another role", "another place"])
def test_who_lost_the_right_meanwhile_gets_none(
    desk_of: Desks, people: World, run_jobs: Callable[[], None], loss: str
) -> None:
    assert desk_of("root").post("/archives", reason="交接", personal="clear").status_code == 302
    with transaction():
        root = db.session.scalars(select(Staff).where(Staff.login == "root")).one()
        if loss == "disabled":
            root.is_active = False
        elif loss == "another role":
            root.role = Role.CLERK
        else:
            root.node_id = people.tree.south
    run_jobs()
    db.session.rollback()
    archive = db.session.scalars(select(Archive)).one()
    assert archive.status == ArchiveStatus.REFUSED
    assert not path_of(archive).exists()
    with transaction():
        root = db.session.get_one(Staff, 1)
        root.is_active, root.role, root.node_id = True, Role.ADMINISTRATOR, people.tree.group
    desk = desk_of("root")
    assert "申请人已无权限" in desk.get("/archives").text
    assert desk.post("/archives", reason="再来", personal="sealed").status_code == 302
