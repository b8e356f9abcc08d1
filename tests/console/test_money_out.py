"""Finance's pages: a month is closed with a colleague, a batch is paid by file, all in one's scope."""

import csv
import re
from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

import pytest
import time_machine
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from console import payouts
from console.statements import LINE_COLUMNS
from flows.chores import CHORES
from flows.payout.pay_file import AMOUNT, NUMBER, OUTCOME
from flows.period.checks import EXCEPTION_FROM_FEN, Month, exceptions, failed_work
from flows.spreadsheets import table_of
from ledger.models import AccountKind
from ledger.operations import post
from ledger.values import credit, debit, of_company, of_rep
from org.models import Role, Staff
from payments.exceptions import open_exception
from payments.models import ExceptionKind, Payment
from settlement.payouts.models import Payout, PayoutBatch
from settlement.statements.models import Statement, StatementOwner
from tests.console.conftest import Desks
from tests.console.desk import Desk
from tests.console.world import World
from tests.jobs import run_jobs
from wx_backend import clock
from wx_backend.claims import WorkStatus
from wx_backend.clock import SHANGHAI, business_on
from wx_backend.db import db, transaction
from wx_backend.outbox import CALL, WORK, Job

EXPENSE = of_company(AccountKind.COMMISSION_EXPENSE)


@pytest.fixture
def rich(world: World) -> World:
    """Alice and Nils have free money; a second administrator and a second finance person exist."""
    for rep_id, fen in ((world.alice_id, 12_345), (world.nils_id, 800)):
        legs = [
            debit(EXPENSE, fen),
            credit(of_rep(AccountKind.COMMISSION_PAYABLE, rep_id), fen),
        ]
        with transaction():
            post(kind="commission.vest", key=f"give:{rep_id}", legs=legs, now=clock.now())
    with transaction() as session:
        one = session.scalars(select(Staff).where(Staff.login == "root")).one()
        for login, role, node_id in (
            ("root2", Role.ADMINISTRATOR, world.tree.group),
            ("finance2", Role.FINANCE, world.tree.south),
        ):
            session.add(
                Staff(
                    login=login,
                    name=f"员工{login}",
                    password_hash=one.password_hash,
                    role=role,
                    node_id=node_id,
                )
            )
    return world


def propose(desk: Desk, node_id: int) -> str:
    """Propose by file; the number of the batch."""
    answer = desk.post(
        "/payouts", node=str(node_id), rail="file", minimum="1.00", fee="0", tax="0", note="佣金"
    )
    assert answer.status_code == 302
    return answer.headers["Location"].rpartition("/")[2]


def test_a_batch_goes_from_proposal_to_paid(desk_of: Desks, rich: World) -> None:
    finance, second = desk_of("finance"), desk_of("finance2")
    south = str(rich.tree.south)
    draft = finance.get("/payouts/new", node=south, rail="file", minimum="1", fee="0", tax="0").text
    assert "123.45" in draft
    number = propose(finance, rich.tree.south)
    assert finance.post(f"/payouts/{number}/approve").status_code == 409
    assert second.post(f"/payouts/{number}/approve").status_code == 302
    run_jobs()
    assert finance.post(f"/payouts/{number}/file.xlsx").status_code == 409
    taken = second.post(f"/payouts/{number}/file.xlsx")
    raw = taken.get_data()
    assert raw == second.post(f"/payouts/{number}/file.xlsx").get_data()
    back = filled_in(raw)
    assert number in second.post(f"/payouts/{number}/file.csv").text
    seen = upload(second, number, back)
    assert "登记为已付" in second.get(seen).text
    assert second.post(f"{seen}/apply").status_code == 302
    assert second.post(f"{seen}/apply").status_code == 302
    page = second.get(f"/payouts/{number}").text
    for words in ("已完成", "已到账", "下载付款文件", "登记回盘文件"):
        assert words in page
    db.session.rollback()
    assert db.session.scalars(select(Payout.status)).all() == ["paid"]


def test_a_stopped_place_is_told_as_it_is(desk_of: Desks, rich: World) -> None:
    """Left off, kept here or gone: the page says which."""
    finance, second, root = desk_of("finance"), desk_of("finance2"), desk_of("root")
    number, city = propose(finance, rich.tree.south), str(rich.tree.canton)

    def page_while_stopped() -> str:
        root.post("/stops/payouts/places/stop", node=city, reason="核查")
        said = second.get(f"/payouts/{number}").text
        downloaded = second.post(f"/payouts/{number}/file.csv")
        root.post("/stops/payouts/places/lift", node=city)
        return f"{downloaded.status_code} {said}"

    assert "广州已停止发放：付款文件不列入" in page_while_stopped()
    second.post(f"/payouts/{number}/approve")
    run_jobs()
    kept = page_while_stopped()
    assert kept.startswith("409")
    assert "广州已停止发放：付款文件等恢复后才能下载" in kept
    assert "下载 CSV" not in kept
    assert second.post(f"/payouts/{number}/file.csv").status_code == 200
    gone = page_while_stopped()
    assert gone.startswith("200")
    assert "付款文件已被下载，无法收回" in gone


def filled_in(raw: bytes) -> bytes:
    """The pay file as a bank clerk returns it: every row paid."""
    rows = CalamineWorkbook.from_filelike(BytesIO(raw)).get_sheet_by_index(0).to_python()
    text = [[str(cell) for cell in row] for row in rows]
    head = next(n for n, row in enumerate(text) if "发放单号" in row)
    outcome = text[head].index("结果")
    for row in text[head + 1 :]:
        row[outcome] = "成功"
    return "\r\n".join(",".join(row) for row in text).encode("gb18030")


def upload(desk: Desk, number: str, raw: bytes) -> str:
    """Upload a return file; where it is looked at, below /console."""
    answer = desk.browser.post(
        f"/console/payouts/{number}/returns",
        data={"csrf_token": desk.token(), "file": (BytesIO(raw), "回盘.csv")},
        content_type="multipart/form-data",
    )
    assert answer.status_code == 302
    return answer.headers["Location"].removeprefix("/console")


def test_a_return_file_is_read_before_anything_may_be_written(
    desk_of: Desks, rich: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[object] = []

    def noted(raw: bytes) -> list[list[str]]:
        begun.append(db.session().connection().get_execution_options().get("begin"))
        return table_of(raw)

    number = propose(desk_of("finance"), rich.tree.south)
    monkeypatch.setattr("flows.payout.return_file.table_of", noted)
    upload(desk_of("finance"), number, f"{NUMBER},{AMOUNT},{OUTCOME}\r\nPA1,1.00,成功".encode())
    assert begun == [None]


def test_a_foreign_batch_is_not_there(desk_of: Desks, rich: World) -> None:
    number = propose(desk_of("finance"), rich.tree.south)
    north = desk_of("north")
    assert number not in north.get("/payouts").text
    for answer in (
        north.get(f"/payouts/{number}"),
        north.post(f"/payouts/{number}/approve"),
        north.post(f"/payouts/{number}/file.xlsx"),
        north.post(f"/payouts/{number}/reject", reason="x"),
    ):
        assert answer.status_code == 404
    assert north.post("/payouts", node=str(rich.tree.south), rail="file").status_code == 404
    db.session.rollback()
    assert db.session.scalars(select(PayoutBatch.status)).all() == ["proposed"]


@pytest.mark.parametrize(
    "form",
    [
        {"rail": "cash"},
        {"minimum": "abc"},
        {"fee": "-1"},
        {"tax": "101"},
        {"node": "x"},
        {"note": ""},
    ],
)
def test_nonsense_is_refused(desk_of: Desks, rich: World, form: dict[str, str]) -> None:
    good = {"node": str(rich.tree.south), "rail": "file", "minimum": "1", "note": "佣金"}
    answer = desk_of("finance").post("/payouts", **{**good, **form})
    assert answer.status_code == (302 if form == {"note": ""} else 400)


def next_month() -> datetime:
    """Noon of the second day of next month in Shanghai."""
    today = business_on(clock.now())
    first = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    return datetime(first.year, first.month, 2, 12, tzinfo=SHANGHAI)


def closed_month(desk_of: Desks) -> str:
    """This month, closed by two administrators a month later; its name."""
    month = f"{business_on(clock.now()):%Y-%m}"
    with time_machine.travel(next_month(), tick=True):
        for chore in CHORES:
            if chore.name in ("periods.open", "receipts.chain"):
                chore.do()
        root, second = desk_of("root"), desk_of("root2")
        page = root.get(f"/periods/{month}").text
        for name in re.findall(r"/overrides/([a-z_]+)\"", page):
            assert (
                root.post(f"/periods/{month}/overrides/{name}", reason="已核对").status_code == 302
            )
        waiting = re.findall(r"/overrides/(\d+)/approve", second.get(f"/periods/{month}").text)
        for override in waiting:
            path = f"/periods/{month}/overrides/{override}/approve"
            assert root.post(path).status_code == 409
            assert second.post(path).status_code == 302
        assert root.post(f"/periods/{month}/close").status_code == 302
        assert "结账中" in root.get(f"/periods/{month}").text
        run_jobs()
        assert "已结账" in root.get(f"/periods/{month}").text
    return month


def statement_of(owner_kind: StatementOwner, owner_id: int) -> str:
    db.session.rollback()
    return db.session.scalars(
        select(Statement.number).where(
            Statement.owner_kind == owner_kind, Statement.owner_id == owner_id
        )
    ).one()


def take_back(rep_id: int, fen: int) -> None:
    legs = [debit(of_rep(AccountKind.COMMISSION_PAYABLE, rep_id), fen), credit(EXPENSE, fen)]
    with transaction():
        post(kind="commission.take_back", key=f"take:{rep_id}", legs=legs, now=clock.now())


def assert_sums_agree(finance: Desk, number: str) -> None:
    """A spreadsheet that adds up the file comes to what the statement says, with what was taken back."""
    text = finance.get(f"/statements/{number}.csv").text.removeprefix("\ufeff")
    lines = [*csv.DictReader(StringIO(text))]
    kept = db.session.scalars(select(Statement).where(Statement.number == number)).one()
    added = {name: sum(Decimal(line[name]) for line in lines) for name in LINE_COLUMNS[-2:]}
    held_fen, free_fen = (int(added[name] * 100) for name in LINE_COLUMNS[-2:])
    assert held_fen == kept.closing_held_fen - kept.opening_held_fen
    assert free_fen == kept.closing_free_fen - kept.opening_free_fen == 11_340
    assert "-10.05" in {line["可发变动（元）"] for line in lines}


def test_a_month_is_closed_and_its_statements_are_read(desk_of: Desks, rich: World) -> None:
    take_back(rich.alice_id, 1_005)
    month = closed_month(desk_of)
    finance = desk_of("finance")
    alice = statement_of(StatementOwner.REP, rich.alice_id)
    province = statement_of(StatementOwner.PROVINCE, rich.tree.south)
    listed = finance.get("/statements", month=month, owner="rep").text
    assert alice in listed
    page = finance.get(f"/statements/{alice}").text
    for words in ("核对一致", rich.southern.number, rich.southern.receipt, "新增佣金"):
        assert words in page
    assert (
        alice
        in finance.get(f"/statements/{statement_of(StatementOwner.OUTLET, rich.tree.hall)}").text
    )
    sheet = finance.get(f"/statements/{alice}.xlsx").get_data()
    cells = CalamineWorkbook.from_filelike(BytesIO(sheet)).get_sheet_by_index(0).to_python()
    assert cells[0] == ["结算单号", alice, "", "", "", ""]
    assert "新增佣金" in finance.get(f"/statements/{alice}.csv").text
    assert_sums_agree(finance, alice)
    assert "爱丽丝" in finance.get(f"/statements/{province}.csv").text or province
    assert "还没有核对过" in finance.get("/statements-chain").text
    for _ in range(2):
        assert finance.post("/statements-chain").status_code == 302
    assert "正在核对" in finance.get("/statements-chain").text
    run_jobs(CALL)
    assert "全部一致" in finance.get("/statements-chain").text


def test_a_foreign_statement_is_not_there(desk_of: Desks, rich: World) -> None:
    closed_month(desk_of)
    alice, north = statement_of(StatementOwner.REP, rich.alice_id), desk_of("north")
    assert alice not in north.get("/statements").text
    for form in ("", ".json", ".xlsx", ".csv"):
        assert north.get(f"/statements/{alice}{form}").status_code == 404


def test_a_province_does_not_close_months(desk_of: Desks, rich: World) -> None:
    assert rich
    month = f"{business_on(clock.now()):%Y-%m}"
    root = desk_of("root")
    assert root.get(f"/periods/{month}").status_code == 404  # nobody opened it yet
    closed = closed_month(desk_of)
    south = desk_of("south")
    assert "由覆盖全部网点的账号办理" in south.get("/periods").text
    assert south.get(f"/periods/{closed}").status_code == 403
    assert south.post(f"/periods/{closed}/close").status_code == 403


@pytest.mark.usefixtures("world")
def test_small_exceptions_hide_no_large_one_from_a_month() -> None:
    now = clock.now()
    today = business_on(now)
    with transaction() as session:
        payment = session.scalars(select(Payment).limit(1)).one()
        payment.amount_fen = EXCEPTION_FROM_FEN - 1
        small = [f"PY{n}" for n in range(200)]
        for key in small:
            open_exception(
                kind=ExceptionKind.MISMATCH, key=key, details={}, now=now, payment_id=payment.id
            )
        open_exception(kind=ExceptionKind.UNKNOWN_ORDER, key="PY-large", details={}, now=now)
    found = exceptions(Month(today, today, now))
    assert not found.is_ok
    assert [row[:2] for row in found.rows] == [("unknown_order", "PY-large")]


@pytest.mark.usefixtures("world")
def test_whoever_lets_failed_work_pass_lets_every_one_of_it_pass() -> None:
    now = clock.now()
    dead: dict[str, Any] = {"name": "refund.send", "arguments": {}, "status": WorkStatus.DEAD}
    dead |= {"due_at": now, "created_at": now}
    with transaction() as session:
        session.add_all(Job(queue=WORK, last_error=f"E{n}", **dead) for n in range(201))
    today = business_on(now)
    before = failed_work(Month(today, today, now))
    with transaction() as session:
        session.add(Job(queue=WORK, last_error="one more", **dead))
    after = failed_work(Month(today, today, now))
    assert (len(before.rows), len(after.rows)) == (201, 202)
    assert before.digest != after.digest


def test_a_long_batch_is_turned_page_by_page_and_narrowed_to_a_state(
    desk_of: Desks, rich: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payouts, "SHOWN", 1)
    root, second = desk_of("root"), desk_of("root2")
    number = propose(root, rich.tree.group)
    db.session.rollback()
    first, last = db.session.scalars(select(Payout.number).order_by(Payout.id))
    path = f"/payouts/{number}"

    def shown(**query: str) -> tuple[bool, bool]:
        page = root.get(path, **query).text
        return first in page, last in page

    assert "共 2 条，第 1 / 2 页" in root.get(path).text
    assert (shown(), shown(page="2")) == ((True, False), (False, True))
    assert shown(page="9") == (False, True)
    assert second.post(f"{path}/approve").status_code == 302
    run_jobs()
    with transaction() as session:
        session.scalars(select(Payout).where(Payout.number == last)).one().status = "failed"
    assert "未成功 1 笔" in root.get(path).text
    assert shown(status="failed") == (False, True)
    assert "没有这个状态的收款人" in root.get(path, status="paid").text
    assert root.get(path, status="nonsense").status_code == 400
