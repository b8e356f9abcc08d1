"""What an older system knew, from files: whose customer somebody is, and codes that go on working."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from flows.imports import legacy
from flows.late_touches import SETTLED, dispute_late_touches
from members.queries import identity_of
from org.queries import under
from org.roster import rep_id_within
from referral.figures import count_reached, identities_reached
from referral.models import Code, Dispute, Touch, TouchWithdrawal
from referral.operations import Contact, record_touch
from referral.reach import reached_by
from referral.values import Certainty, TouchKind
from settlement.queries import income_of
from tests.console.conftest import Desks
from tests.console.desk import Desk
from tests.console.test_imports import brought_in, taken
from tests.console.world import APPID, World, buy, known, order, pay, share, sold, touch
from tests.jobs import run_jobs
from wx_backend import clock
from wx_backend.clock import business_on
from wx_backend.db import db, retried, transaction

BINDINGS = "公众号,OpenID,员工编号,绑定日期\n"
CODES = "旧码,类型,公众号,员工编号,网点编码,名称,截止日期\n"


def count(table: type) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def imported() -> list[Touch]:
    db.session.rollback()
    return list(db.session.scalars(select(Touch).where(Touch.kind == TouchKind.IMPORTED)))


def undo(desk: Desk, page: str) -> str:
    assert desk.post(f"{page}/undo", reason="导错了文件").status_code == 302
    run_jobs()
    return desk.get(page).text


def test_an_imported_customer_is_his_reps_and_the_receipt_says_how(
    desk_of: Desks, world: World
) -> None:
    desk = desk_of("south")
    dora = known("Dora")
    page = brought_in(desk, f"{BINDINGS}{APPID},oDora,{world.alice_number},\n", "bindings")
    assert "已导入" in desk.get(page).text
    sold = buy(dora, world.wares, world.tree.hall)
    assert sold.rep_number == world.alice_number
    receipt = desk.get(f"/receipts/{sold.receipt}").text
    assert "旧系统导入" in receipt
    assert "工作人员登录后登记" in receipt


def test_it_never_beats_a_contact_that_happened_here(desk_of: Desks, world: World) -> None:
    dora = known("Dora")
    touch(dora, share(world.nils_id), kind=TouchKind.SUBSCRIBE, ago=timedelta(hours=3))
    today = business_on(clock.now())
    brought_in(desk_of("south"), f"{BINDINGS}city,oDora,{world.alice_number},{today}\n", "bindings")
    sold = buy(dora, world.wares, world.tree.hall)
    assert sold.rep_number == world.nils_number
    assert "由旧系统导入的关系" in desk_of("root").get(f"/receipts/{sold.receipt}").text


def test_who_was_never_seen_is_imported_too(desk_of: Desks, world: World) -> None:
    brought_in(desk_of("south"), f"{BINDINGS}city,oNobodyYet,{world.alice_number},\n", "bindings")
    identity = identity_of(APPID, "oNobodyYet")
    assert identity is not None
    assert not identity.is_followed
    assert [each.identity_id for each in imported()] == [identity.id]


def test_a_file_brought_in_again_doubles_nothing(desk_of: Desks, world: World) -> None:
    desk = desk_of("south")
    text = (
        f"{BINDINGS}city,oDora,{world.alice_number},\ncity,oDora,{world.alice_number},2026-01-02\n"
    )
    page = brought_in(desk, text, "bindings")
    assert "该客户与该员工的关系已导入过" in desk.get(page).text
    again = taken(desk, text, "bindings")
    assert "没有可以导入的行" in desk.get(again).text
    assert len(imported()) == 1


def test_two_files_checked_before_either_ran_double_nothing(desk_of: Desks, world: World) -> None:
    desk = desk_of("south")
    text = f"{BINDINGS}city,oDora,{world.alice_number},\n"
    pages = [taken(desk, text, "bindings") for _ in range(2)]
    for page in pages:
        desk.post(f"{page}/start")
    run_jobs()
    assert len(imported()) == 1
    assert "该客户与该员工的关系已导入过" in desk.get(pages[1]).text


def test_what_was_taken_back_counts_no_more_and_can_come_again(
    desk_of: Desks, world: World
) -> None:
    desk, dora, erin = desk_of("south"), known("Dora"), known("Erin")
    text = f"{BINDINGS}city,oDora,{world.alice_number},\ncity,oErin,{world.alice_number},\n"
    assert "已撤销" in undo(desk, brought_in(desk, text, "bindings"))
    assert count(TouchWithdrawal) == 2
    assert len(imported()) == 2  # the touches themselves never change
    assert buy(dora, world.wares, world.tree.hall).rep_number == ""
    again = brought_in(desk, f"{BINDINGS}city,oErin,{world.alice_number},\n", "bindings")
    assert "已导入" in desk.get(again).text
    assert count(TouchWithdrawal) == 1
    assert buy(erin, world.wares, world.tree.hall).rep_number == world.alice_number


def test_what_was_taken_back_between_order_and_payment_earns_nothing(
    desk_of: Desks, world: World
) -> None:
    desk, dora = desk_of("south"), known("Dora")
    before = income_of(world.alice_id)
    page = brought_in(desk, f"{BINDINGS}city,oDora,{world.alice_number},\n", "bindings")
    order_id = order(dora, world.wares, world.tree.hall)
    assert sold(order_id).rep_number == world.alice_number
    undo(desk, page)
    pay(order_id)
    assert sold(order_id).rep_number == ""
    assert income_of(world.alice_id) == before


def test_who_was_taken_back_is_out_of_a_citys_reach(desk_of: Desks, world: World) -> None:
    desk, dora = desk_of("south"), known("Dora")
    mine = rep_id_within(world.alice_number, under(world.tree.south))
    since = clock.now() - timedelta(days=30)
    page = brought_in(desk, f"{BINDINGS}city,oDora,{world.alice_number},\n", "bindings")
    assert dora.identity_id in db.session.scalars(reached_by(mine)).all()
    assert dora.identity_id in identities_reached(
        [world.alice_id], since=since, now=clock.now(), limit=9
    )
    undo(desk, page)
    assert dora.identity_id not in db.session.scalars(reached_by(mine)).all()
    reached = identities_reached([world.alice_id], since=since, now=clock.now(), limit=9)
    assert reached == [world.bob.identity_id]
    assert count_reached([world.alice_id], since=since) == len(reached)


def test_a_day_named_in_a_file_opens_no_dispute_about_what_was_paid_since(
    desk_of: Desks, world: World
) -> None:
    """Hearsay that comes after the payment takes nothing and asks for nothing."""
    dora = known("Dora")
    buy(dora, world.wares, world.tree.hall)
    yesterday = business_on(clock.now()) - timedelta(days=1)
    brought_in(
        desk_of("south"), f"{BINDINGS}city,oDora,{world.alice_number},{yesterday}\n", "bindings"
    )
    assert retried(lambda: dispute_late_touches(now=clock.now() + SETTLED))
    assert db.session.scalars(select(Dispute)).all() == []


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (",oDora,{alice},", "您的范围内没有这个公众号"),
        ("nobody,oDora,{alice},", "您的范围内没有这个公众号"),
        ("city,o Dora!,{alice},", "只能用字母、数字、下划线和连字符"),
        ("city,oDora,{nils},", "您的范围内没有这名在职员工"),
        ("city,oDora,,", "必填"),
        ("city,,{alice},", "必填"),
        ("city,oDora,{alice},2099-01-01", "不能晚于今天"),
        ("city,oDora,{alice},gestern", "日期格式应为"),
        ("city,oDora,{alice},0001-01-01", "日期格式应为"),
    ],
)
def test_what_is_wrong_with_a_line_is_told(
    desk_of: Desks, world: World, line: str, fault: str
) -> None:
    desk = desk_of("south")
    said = line.format(alice=world.alice_number, nils=world.nils_number)
    page = taken(desk, f"{BINDINGS}{said}\n", "bindings")
    assert fault in desk.get(page).text
    assert "没有可以导入的行" in desk.get(page).text


def test_where_there_is_one_account_a_line_need_not_name_it() -> None:
    assert legacy.by_name({"city": "wx1", "城市营业厅": "wx1"})[""] == "wx1"
    assert "" not in legacy.by_name({"city": "wx1", "plain": "wx2"})
    assert "" not in legacy.by_name({})


def test_another_provinces_file_is_not_found(desk_of: Desks, world: World) -> None:
    page = brought_in(desk_of("south"), f"{BINDINGS}city,oDora,{world.alice_number},\n", "bindings")
    north = desk_of("north")
    assert north.get(page).status_code == 404
    assert north.post(f"{page}/undo", reason="x").status_code == 404
    assert (
        "您的范围内没有这个公众号"
        in north.get(taken(north, f"{BINDINGS}city,oDora,{world.nils_number},\n", "bindings")).text
    )
    assert desk_of("clerk").get(page).status_code == 403
    assert desk_of("south").get("/exports/bindings.xlsx").status_code == 404
    empty = desk_of("south").get("/exports/bindings.csv", empty="1")
    assert "OpenID" in empty.text


def test_old_links_and_scenes_lead_on(desk_of: Desks, world: World) -> None:
    desk = desk_of("south")
    last = business_on(clock.now()) + timedelta(days=90)
    page = brought_in(
        desk,
        f"{CODES}old-1,链接,,{world.alice_number},,旧海报,{last}\n"
        f"qr 7,二维码,city,{world.alice_number},,,\nqr7,二维码,city,,SC1,柜台,\nold-2,链接,,,,,\n",
        "codes",
    )
    told = desk.get(page).text
    assert told.count("已导入") >= 2
    assert "只能用英文字符" in told
    assert "须填且只填一个" in told
    db.session.rollback()
    link, scene = db.session.scalars(select(Code).where(Code.kind == "legacy").order_by(Code.id))
    assert (link.slug, link.label, scene.appid, scene.scene) == ("old-1", "旧海报", APPID, "qr7")
    answer = desk.browser.get("/l/old-1")
    assert answer.headers["Location"].endswith(f"/r/{world.alice_number}")
    assert "已被使用" in desk.get(taken(desk, f"{CODES}old-1,链接,,,SC1,,\n", "codes")).text


def test_a_bad_last_day_of_a_code_is_a_fault_of_its_line(desk_of: Desks, world: World) -> None:
    desk = desk_of("south")
    page = taken(desk, f"{CODES}old-1,链接,,{world.alice_number},,,morgen\n", "codes")
    assert "日期格式应为" in desk.get(page).text


def test_old_codes_go_unless_somebody_used_them(desk_of: Desks, world: World) -> None:
    desk = desk_of("south")
    page = brought_in(
        desk,
        f"{CODES}used,二维码,city,{world.alice_number},,,\nunused,二维码,city,{world.alice_number},,,\n",
        "codes",
    )
    now = clock.now()
    with transaction():
        record_touch(
            Contact(
                key=b"0" * 16,
                kind=TouchKind.SCAN,
                certainty=Certainty.PLATFORM,
                event_at=now,
                known_at=now,
                identity_id=world.bob.identity_id,
                appid=APPID,
                scene="used",
            )
        )
    assert "已被使用，保留" in undo(desk, page)
    db.session.rollback()
    left = db.session.scalars(select(Code.scene).where(Code.kind == "legacy")).all()
    assert left == ["used"]
