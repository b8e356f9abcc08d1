"""Whom a campaign goes to: an imported list with what was not found in it, and who agreed."""

import re
from collections.abc import Callable

from sqlalchemy import select

from campaigns.models import ListEntry, Recipient
from flows.sealed import vault
from members.phone_joining import prove_phone
from members.queries import member_of
from tests.campaigns.cast import agreed, followers, paid
from tests.console.campaigns.conftest import OFFERED, made
from tests.console.conftest import Desks
from tests.console.desk import Desk
from tests.console.world import World
from tests.counting import questions
from tests.drawn import without_tokens
from wx_backend import clock
from wx_backend.db import db, transaction

MISSED = [
    (2, "duplicate"),
    (5, "unknown_openid"),
    (6, "unknown_phone"),
    (7, "unreadable"),
]


def test_a_draft_for_a_list_has_a_page_before_there_is_one(writer: Desk) -> None:
    path = made(writer, is_list="1")
    page = writer.get(path)
    assert page.status_code == 200
    assert f'action="/console{path}/list"' in page.text
    assert "行，匹配" not in page.text


def test_a_list_tells_who_was_not_found_and_is_gone_once_frozen(
    writer: Desk, world: World, run_jobs: Callable[[], None]
) -> None:
    (zoe,) = followers(["Zoe00000"])
    paid(zoe)
    with transaction():
        bob, now = world.bob.member_id, clock.now()
        prove_phone(member_id=bob, phone="13800000002", vault=vault(), now=now)
    path = made(writer, is_list="1")
    lines = "138 0000 0002\n13800000002\n\noZoe00000,x\noNobody000\n13900000000\n营业厅\n"
    assert writer.post(f"{path}/list", list=lines).status_code == 302
    page = writer.get(path).text
    assert "共 6 行，匹配 2 行（33%）" in page
    assert "没有这个手机号的会员" in page
    db.session.rollback()
    entries = db.session.scalars(select(ListEntry)).all()
    kept = [entry.sealed or b"" for entry in entries]
    assert all(kept)
    assert all(b"1380000" not in sealed and b"oZoe" not in sealed for sealed in kept)

    writer.post(f"{path}/submit")
    run_jobs()
    db.session.rollback()
    left = db.session.scalars(select(ListEntry).order_by(ListEntry.position)).all()
    assert all((entry.sealed, entry.identity_id) == (None, None) for entry in left)
    assert [(entry.position, entry.miss) for entry in left] == MISSED
    assert {each.identity_id for each in db.session.scalars(select(Recipient))} <= {
        zoe,
        world.bob.identity_id,
    }
    assert member_of(zoe)


def test_the_lines_that_named_nobody_are_listed_by_number_and_reason_before_and_after_freezing(
    writer: Desk, desk_of: Desks, world: World, run_jobs: Callable[[], None]
) -> None:
    (zoe,) = followers(["Zoe00000"])
    paid(zoe)
    assert world
    path = made(writer, is_list="1")
    lines = "手机号\noZoe00000\n\n13900000000\noZoe00000\n13900000001\n"
    assert writer.post(f"{path}/list", list=lines).status_code == 302

    def told(**query: str) -> list[str]:
        page, file = (
            writer.get(f"{path}/{name}", **query).text for name in ("misses", "misses.csv")
        )
        rows = re.findall(r'<td class="num">(\d+)</td><td>([^<]+)</td>', page)
        assert f"共 {len(rows)} 条" in page
        assert file.splitlines()[1:] == [",".join(row) for row in rows]
        return [number for number, _ in rows]

    for is_frozen in (False, True):
        if is_frozen:
            writer.post(f"{path}/submit")
            run_jobs()
        assert f"{path}/misses?miss=unknown_phone" in writer.get(path).text
        assert told() == ["1", "4", "5", "6"]
        assert told(miss="unknown_phone") == ["4", "6"]
        assert told(miss="nonsense") == []
        said = "名单内容已在锁定名单时删除" if is_frozen else "空行也计数"
        page = writer.get(f"{path}/misses").text
        assert said in page
        assert "139" not in without_tokens(page).replace(path.rpartition("/")[2], "")
    assert desk_of("north").get(f"{path}/misses.csv").status_code == 404
    writer.post(f"{path}/withdraw")
    again = writer.get(path).text
    assert "匹配 0 行" not in again  # those who matched are deleted, not unmatched
    assert "请导入名单" in again


def test_a_long_list_is_looked_up_some_hundreds_at_once(writer: Desk, world: World) -> None:
    assert world
    path = made(writer, is_list="1")
    lines = "\n".join(f"138{n:08d}\noNobody{n:05d}" for n in range(600))
    with questions() as asked:
        assert writer.post(f"{path}/list", list=lines).status_code == 302

    assert len(asked) < 50
    assert "共 1200 行，匹配 0 行" in writer.get(path).text


def test_a_promotion_reaches_only_who_agreed_or_wrote(
    writer: Desk, world: World, run_jobs: Callable[[], None]
) -> None:
    agreed(world.bob.identity_id)
    path = made(writer, **OFFERED)
    writer.post(f"{path}/submit")
    run_jobs()

    assert "订阅通知" in writer.get(path).text
    db.session.rollback()
    found = db.session.scalars(select(Recipient)).all()
    assert [(each.identity_id, each.way) for each in found] == [
        (world.bob.identity_id, "subscription")
    ], "Nora is the north's customer"
