"""What gave up is shown with its reason and tried again; money that did not fit is settled."""

import re
from datetime import datetime

import pytest
from sqlalchemy import select, update

from flows import repair
from fulfilment.models import ReportStatus
from fulfilment.reports import end_report, open_report, report_of
from payments.exceptions import open_exception
from payments.models import ExceptionItem, ExceptionKind, Payment, PayNotice
from tests.console.conftest import Desks
from tests.console.world import World
from wx_backend import claims, clock, outbox
from wx_backend.audit import AuditEntry
from wx_backend.claims import Claim, WorkStatus
from wx_backend.clock import SHANGHAI
from wx_backend.db import db, transaction
from wx_backend.inbox import Push
from wx_backend.outbox import Job


def dead_job() -> int:
    """A job that gave up with a reason."""
    with transaction() as session:
        job_id = session.scalars(select(Job.id).order_by(Job.id).limit(1)).one()
        session.execute(
            update(Job)
            .where(Job.id == job_id)
            .values(status=WorkStatus.DEAD, attempts=12, last_error="PlatformError('48001')")
        )
        return job_id


def dead_jobs(count: int, *, name: str = "receipt.chain") -> list[int]:
    """So many jobs of a name that gave up."""
    now = clock.now()
    with transaction() as session:
        made = [
            Job(
                name=name,
                queue="work",
                arguments={},
                created_at=now,
                due_at=now,
                status=WorkStatus.DEAD,
                attempts=12,
                last_error="KeyError('x')",
            )
            for _ in range(count)
        ]
        session.add_all(made)
        session.flush()
        return [each.id for each in made]


def job_row(job_id: int) -> Job:
    db.session.rollback()
    return db.session.get_one(Job, job_id)


def lost_money(world: World) -> None:
    """One item about Alice's order, one about no order at all."""
    with transaction() as session:
        payment = session.query(Payment).filter_by(order_id=world.southern.id).one()
        for key, payment_id in ((payment.out_trade_no, payment.id), ("nobody-knows", None)):
            open_exception(
                kind=ExceptionKind.MISMATCH if payment_id else ExceptionKind.UNKNOWN_ORDER,
                key=key,
                details={"out_trade_no": key},
                payment_id=payment_id,
                now=clock.now(),
            )


def test_what_gave_up_is_shown_and_tried_again(desk_of: Desks) -> None:
    job_id, desk = dead_job(), desk_of("root")
    assert "48001" in desk.get("/failures").text
    assert desk.post(f"/failures/job/{job_id}/replay").status_code == 302
    job = job_row(job_id)
    assert (job.status, job.attempts) == (WorkStatus.PENDING, 0)
    assert desk.post(f"/failures/job/{job_id}/replay").status_code == 409
    assert desk.post(f"/failures/mallory/{job_id}/replay").status_code == 404


def test_jobs_whose_signature_is_refused_are_announced_while_they_wait(desk_of: Desks) -> None:
    desk = desk_of("root")
    assert "不接受我们的签名" not in desk.get("/failures").text
    with transaction() as session:
        job = session.scalars(select(Job).order_by(Job.id).limit(1)).one()
        job.status = WorkStatus.PENDING
        job.last_error = "PlatformError('/v3: SIGN_ERROR (our clock is 372 s ahead)')"
    page = desk.get("/failures").text
    assert "不接受我们的签名" in page
    assert "1 个任务正在自动重试" in page
    assert "our clock is 372 s ahead" in page


def dead_push() -> int:
    """A push whose work gave up."""
    now = clock.now()
    push = Push(
        key=bytes(16),
        account="city",
        kind="event.CLICK",
        raw=b"<xml/>",
        digest=bytes(32),
        reply="",
        event_at=now,
        known_at=now,
        due_at=now,
        status=WorkStatus.DEAD,
        last_error="KeyError('EventKey')",
    )
    with transaction() as session:
        session.add(push)
        session.flush()
        return push.id


def dead_notice() -> int:
    """A notice of WeChat Pay whose work gave up."""
    now = clock.now()
    notice = PayNotice(
        key=bytes(16), kind="payment", known_at=now, due_at=now, status=WorkStatus.DEAD
    )
    with transaction() as session:
        session.add(notice)
        session.flush()
        return notice.id


def test_pushes_and_notices_are_tried_again_too(desk_of: Desks) -> None:
    push_id, notice_id, desk = dead_push(), dead_notice(), desk_of("root")
    page = desk.get("/failures").text
    assert "event.CLICK" in page
    assert "EventKey" in page
    desk.post(f"/failures/push/{push_id}/replay")
    desk.post(f"/failures/notice/{notice_id}/replay")
    db.session.rollback()
    assert db.session.get_one(Push, push_id).status == WorkStatus.PENDING
    assert db.session.get_one(PayNotice, notice_id).status == WorkStatus.PENDING


def test_those_that_were_ticked_are_tried_again_and_the_trail_says_which(desk_of: Desks) -> None:
    first, second, third = dead_jobs(3)
    desk = desk_of("root")
    path = "/failures/job/replay"
    form = {"csrf_token": desk.token(), "row": [str(first), str(third), "999999"]}
    answer = desk.browser.post(f"/console{path}", data=form)
    assert answer.status_code == 302
    assert "已重新排队 2 条，另有 1 条已不是失败状态" in desk.get("/failures").text
    assert [job_row(each).status for each in (first, second, third)] == [
        *(WorkStatus.PENDING, WorkStatus.DEAD, WorkStatus.PENDING)
    ]
    db.session.rollback()
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry
    assert entry.what == "console.repair.replay_several"
    assert [(each["table"], each["key"]) for each in entry.changes] == [
        *(("job", str(first)), ("job", str(third)))
    ]
    assert desk.post(path).status_code == 400
    assert desk.post(path, row="x").status_code == 404
    assert desk.post("/failures/mallory/replay", row="1").status_code == 404
    assert desk_of("south").post(path, row=str(second)).status_code == 403


def test_all_of_one_sort_are_tried_again_by_and_by_and_the_page_says_how_far(
    desk_of: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that give up again meanwhile are not brought back over and over."""
    monkeypatch.setattr(repair, "AT_ONCE", 2)
    mine, other = dead_jobs(5), dead_jobs(1, name="report.count")[0]
    desk, path = desk_of("root"), "/failures/job/kind"
    with transaction() as session:
        session.get_one(Job, mine[0]).created_at = datetime(2026, 1, 2, 3, tzinfo=SHANGHAI)
    page = desk.get("/failures").text
    assert "重试全部 receipt.chain 5 条" in page
    assert "最早的一条在 2026-01-02 03:00:00" in page
    assert "确认全部重试" in page
    assert desk.post(path, kind="nothing.of_it").status_code == 409
    assert desk_of("south").post(path, kind="receipt.chain").status_code == 403
    assert desk.post(path, kind="receipt.chain").status_code == 302
    page = desk.get("/failures").text
    assert "还剩 5 条" in page
    assert 'http-equiv="refresh"' in page
    assert 'type="checkbox"' not in page, "what is ticked would be gone every three seconds"
    left = []
    while repair_job := next_replay():
        outbox.run(repair_job)
        with transaction() as session:
            gave_up = update(Job).where(Job.id == mine[0]).values(status=WorkStatus.DEAD)
            session.execute(gave_up)
        page = desk.get("/failures").text
        left += re.findall(r"还剩 (\d+) 条", page)
    assert left == ["3", "1"]
    assert [job_row(each).status for each in mine] == [WorkStatus.DEAD] + 4 * [WorkStatus.PENDING]
    assert job_row(other).status == WorkStatus.DEAD
    db.session.rollback()
    entry = db.session.scalars(
        select(AuditEntry).where(AuditEntry.what == "console.repair.replay_kind")
    ).one()
    assert (entry.changes[0]["key"], entry.changes[0]["after"]["count"]) == ("receipt.chain", 5)


def next_replay() -> Claim | None:
    """The next turn of bringing back, taken as a worker takes it."""
    now = clock.now()
    with transaction():
        found = claims.claim(Job, limit=1, now=now, where=[Job.name == "failure.replay"])
    return found[0] if found else None


def test_what_was_put_right_can_be_looked_up(desk_of: Desks, world: World) -> None:
    lost_money(world)
    db.session.rollback()
    item_id = db.session.scalars(
        select(ExceptionItem.id).where(ExceptionItem.payment_id.is_not(None))
    ).one()
    finance = desk_of("finance")
    assert "还没有处理过的异常" in finance.get("/exceptions", state="closed").text
    finance.post(f"/exceptions/{item_id}/close", resolution="已线下核对")
    closed = finance.get("/exceptions", state="closed").text
    for words in ("已线下核对", world.southern.number, "共 1 条"):
        assert words in closed
    assert world.southern.number not in finance.get("/exceptions").text
    assert "已线下核对" not in desk_of("north").get("/exceptions", state="closed").text
    assert "已线下核对" in desk_of("south").get("/exceptions", state="closed").text


def test_a_refused_shipping_report_is_made_again_once(desk_of: Desks, world: World) -> None:
    order_id, now = world.southern.id, clock.now()
    with transaction() as session:
        payment = session.query(Payment).filter_by(order_id=order_id).one()
        open_report(order_id=order_id, appid="wxMini", logistics="express", now=now)
        end_report(order_id=order_id, status=ReportStatus.REFUSED, now=now, reason="48001")
        kind = ExceptionKind.SHIPPING_REFUSED
        open_exception(kind=kind, key="1", details={}, payment_id=payment.id, now=now)
        item_id = session.scalars(select(ExceptionItem.id).filter_by(kind=kind)).one()
    path, finance = f"/exceptions/{item_id}/report-again", desk_of("finance")
    assert "重新上报" in finance.get("/exceptions").text
    assert desk_of("north").post(path).status_code == 404
    assert finance.post(path).status_code == 302
    assert finance.post(path).status_code == 404

    db.session.rollback()
    report = report_of(order_id)
    assert report
    assert report.status == ReportStatus.WAITING
    jobs = db.session.scalars(select(Job).filter_by(name="fulfilment.report_shipping")).all()
    assert [job.arguments for job in jobs] == [{"order_id": order_id}]
    assert "已重新上报" in finance.get("/exceptions", state="closed").text


def test_a_province_does_not_see_the_work_of_all(desk_of: Desks) -> None:
    job_id, desk = dead_job(), desk_of("south")
    assert desk.get("/failures").status_code == 403
    assert desk.post(f"/failures/job/{job_id}/replay").status_code == 403
    assert job_row(job_id).status == WorkStatus.DEAD
    assert "待处理的工作" not in desk.get("/").text
    assert "待处理的工作" in desk_of("root").get("/").text


def test_money_that_did_not_fit_is_seen_where_it_belongs(desk_of: Desks, world: World) -> None:
    lost_money(world)
    seen = {login: desk_of(login).get("/exceptions").text for login in ("south", "north", "root")}
    assert "到账信息与订单不符" in seen["south"]
    assert world.southern.number in seen["south"]
    assert "nobody-knows" not in seen["south"]
    assert "没有待处理的异常" in seen["north"]
    assert "nobody-knows" in seen["root"]
    assert "到账信息与订单不符" in seen["root"]


def test_an_item_is_closed_once_with_its_resolution(desk_of: Desks, world: World) -> None:
    lost_money(world)
    db.session.rollback()
    item_id = db.session.scalars(
        select(ExceptionItem.id).where(ExceptionItem.payment_id.is_not(None))
    ).one()
    path, finance = f"/exceptions/{item_id}/close", desk_of("finance")
    assert desk_of("north").post(path, resolution="x").status_code == 404
    assert finance.post(path, resolution=" ").status_code == 400
    assert finance.post(path, resolution="已线下核对").status_code == 302
    assert finance.post(path, resolution="再来").status_code == 404
    db.session.rollback()
    item = db.session.get_one(ExceptionItem, item_id)
    assert item.resolution == "已线下核对"
    assert (item.closed_by or "").startswith("staff:")
