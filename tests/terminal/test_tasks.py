"""The outlet's list and tasks on the phone: work in order, readable refusals, harmless repeats."""

from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select

from fulfilment.models import Evidence, PickupGuard, Serial, Task, TaskStatus
from fulfilment.nodes import Node
from orders.models import Delivery, Fulfilment, OrderLine
from tests.console.conftest import Desks, desk_of
from tests.console.world import World
from tests.org.cast import hire
from tests.terminal.conftest import Phones
from tests.terminal.desk import (
    IMEI,
    OTHER_IMEI,
    code_of,
    ordered,
    packed,
    photo,
    task_of,
)
from tests.terminal.phone import RepPhone
from wx_backend.db import db

__all__ = ["desk_of"]


@pytest.fixture
def alice(phone_of: Phones, world: World) -> RepPhone:
    phone = phone_of("Alice")
    assert phone.bind(world.alice_id).status_code == 302
    return phone


@pytest.fixture
def carol(phone_of: Phones, world: World) -> RepPhone:
    """A colleague of the same outlet."""
    phone = phone_of("Dave")
    assert phone.bind(hire(world.tree.hall, "卡罗尔")).status_code == 302
    return phone


@pytest.fixture
def stranger(phone_of: Phones, world: World) -> RepPhone:
    """A rep of another outlet."""
    phone = phone_of("Mallory")
    assert phone.bind(world.nils_id).status_code == 302
    return phone


def test_an_order_goes_from_the_list_to_the_counter(alice: RepPhone, world: World) -> None:
    order_id = ordered(world, world.bob, key="pickup-1")
    assert "稽核封装" in alice.get("/terminal/tasks").text
    packed(alice, order_id)
    looked = alice.send("/terminal/pickup", code=code_of(order_id)).text
    assert IMEI in looked
    assert "取货人 鲍勃" in looked
    assert task_of(order_id, Node.DELIVERED).status == TaskStatus.OPEN
    code = code_of(order_id)
    for _ in range(2):  # a double tap ends like one
        answer = alice.send("/terminal/pickup/done", code=code)
        assert answer.headers["Location"] == "/terminal/tasks"
    assert task_of(order_id, Node.SIGNED).status == TaskStatus.DONE
    db.session.rollback()
    assert db.session.scalars(select(PickupGuard.failed)).all() == [0]


def test_a_parcel_goes_to_the_carrier_and_is_delivered(alice: RepPhone, world: World) -> None:
    order_id = ordered(world, world.bob, key="courier-1", delivery=Delivery.COURIER)
    packed(alice, order_id)
    task_id = task_of(order_id, Node.HANDED_OVER).id
    alice.send(f"/terminal/tasks/{task_id}/accept")
    for _ in range(2):
        answer = alice.send(
            f"/terminal/tasks/{task_id}/hand-over", carrier="SF", waybill="SF1234567890"
        )
        assert answer.headers["Location"] == "/terminal/tasks"
    db.session.rollback()
    line = db.session.scalars(select(OrderLine).where(OrderLine.order_id == order_id)).one()
    assert line.fulfilment == Fulfilment.SENT
    parcel = task_of(order_id, Node.DELIVERED)
    assert f"/terminal/tasks/{parcel.id}" in alice.get("/terminal/tasks?node=delivered").text
    alice.send(f"/terminal/tasks/{parcel.id}/delivered")
    assert task_of(order_id, Node.DELIVERED).status == TaskStatus.DONE


def test_the_slower_colleague_reads_who_took_it(
    alice: RepPhone, carol: RepPhone, world: World
) -> None:
    task_id = task_of(ordered(world, world.bob, key="two-1"), Node.PACKED).id
    alice.send(f"/terminal/tasks/{task_id}/accept")
    answer = carol.follow(carol.send(f"/terminal/tasks/{task_id}/accept"))
    assert "该任务已由爱丽丝接单" in answer.text
    assert "爱丽丝已接单" in carol.get("/terminal/tasks").text
    answer = carol.follow(carol.send(f"/terminal/tasks/{task_id}/check", check="seal"))
    assert "该任务已由爱丽丝接单" in answer.text


def test_a_wrong_scan_is_refused_and_a_mistaken_one_removed(alice: RepPhone, world: World) -> None:
    task_id = task_of(ordered(world, world.bob, key="scan-1"), Node.PACKED).id
    path = f"/terminal/tasks/{task_id}"
    alice.send(f"{path}/accept")
    assert "串码不正确" in alice.follow(alice.send(f"{path}/serial", value="123")).text
    alice.send(f"{path}/serial", value=OTHER_IMEI)
    assert "数量已满" in alice.follow(alice.send(f"{path}/serial", value=IMEI)).text
    for _ in range(2):
        answer = alice.follow(alice.send(f"{path}/serial/drop", value=OTHER_IMEI))
        assert "已移除串码" in answer.text
    answer = alice.follow(alice.send(f"{path}/serial", value=IMEI))
    assert f"已录入串码 {IMEI}" in answer.text
    db.session.rollback()
    out = db.session.scalars(select(Serial.value).where(Serial.returned_at.is_(None))).all()
    assert out == [IMEI]


def test_an_unfinished_parcel_is_not_closed(alice: RepPhone, world: World) -> None:
    task_id = task_of(ordered(world, world.bob, key="pack-1"), Node.PACKED).id
    alice.send(f"/terminal/tasks/{task_id}/accept")
    answer = alice.follow(alice.send(f"/terminal/tasks/{task_id}/pack"))
    assert "还有未完成的核对项或串码" in answer.text
    assert task_of_id(task_id) == TaskStatus.TAKEN


def test_closing_twice_is_closing_once(alice: RepPhone, world: World) -> None:
    task_id = packed(alice, ordered(world, world.bob, key="pack-2"))
    answer = alice.follow(alice.send(f"/terminal/tasks/{task_id}/pack"))
    assert "这一步已经完成了" in answer.text


def test_a_call_is_kept_with_who_made_it(alice: RepPhone, world: World) -> None:
    task_id = task_of(ordered(world, world.bob, key="call-1"), Node.PACKED).id
    page = alice.get(f"/terminal/tasks/{task_id}").text
    assert 'href="tel:+8613800138000"' in page or 'href="tel:13800138000"' in page
    page = alice.follow(alice.send(f"/terminal/tasks/{task_id}/call", said="无人接听")).text
    assert "通话：无人接听" in page
    assert "爱丽丝 ·" in page


def test_other_outlets_tasks_are_not_there(
    alice: RepPhone, stranger: RepPhone, world: World
) -> None:
    order_id = ordered(world, world.bob, key="foreign-1")
    task_id = task_of(order_id, Node.PACKED).id
    assert f"/terminal/tasks/{task_id}" not in stranger.get("/terminal/tasks").text
    assert stranger.get(f"/terminal/tasks/{task_id}").status_code == 404
    for verb in ("accept", "call", "check", "serial", "serial/drop", "pack", "hand-over"):
        assert stranger.send(f"/terminal/tasks/{task_id}/{verb}", value="1").status_code == 404
    for verb in ("delivered", "goods-back", "problem"):
        assert stranger.send(f"/terminal/tasks/{task_id}/{verb}").status_code == 404
    packed(alice, order_id)
    assert stranger.send("/terminal/pickup", code=code_of(order_id)).status_code == 422


def test_guessing_codes_is_stopped(alice: RepPhone, world: World) -> None:
    order_id = ordered(world, world.bob, key="guess-1")
    packed(alice, order_id)
    right = code_of(order_id)
    wrong = "00000000" if right != "00000000" else "11111111"
    for _ in range(10):
        answer = alice.send("/terminal/pickup", code=wrong)
        assert answer.status_code == 422
        assert "取货码不正确" in answer.text
    answer = alice.send("/terminal/pickup", code=right)
    assert answer.status_code == 429
    assert "十五分钟后再试" in answer.text


def test_a_problem_is_told_with_a_picture(
    app: Flask, alice: RepPhone, stranger: RepPhone, world: World, desk_of: Desks
) -> None:
    task_id = task_of(ordered(world, world.bob, key="problem-1"), Node.PACKED).id
    sent = (BytesIO(photo()), "../../x.php.png")
    page = alice.follow(
        alice.send_file(f"/terminal/tasks/{task_id}/problem", reason="商品破损", picture=sent)
    ).text
    assert "异常已上报" in page
    assert "异常：商品破损" in page
    db.session.rollback()
    name = db.session.scalars(select(Evidence.picture).where(Evidence.task_id == task_id)).one()
    path = f"/terminal/tasks/{task_id}/pictures/{name}"
    answer = alice.get(path)
    assert answer.mimetype == "image/jpeg"
    picture = Image.open(BytesIO(answer.data))
    assert (picture.format, picture.size) == ("JPEG", (1600, 800))
    assert stranger.get(path).status_code == 404
    assert alice.get(f"/terminal/tasks/{task_id}/pictures/other").status_code == 404
    console = path.replace("/terminal/tasks/", "/pool/tasks/")
    assert desk_of("manager").get(console).mimetype == "image/jpeg"
    assert "照片" in desk_of("manager").get("/pool").text
    assert desk_of("north").get(console).status_code == 404
    kept = list((app.extensions["wx_config"].service.data_dir / "pictures").iterdir())
    assert kept == [kept[0].parent / f"{name}.jpg"]


@pytest.mark.parametrize("content", [b"<svg onload=alert(1)>", b"GIF89a" + b"\0" * 64, b"\xff\xd8"])
def test_what_is_no_picture_is_not_kept(
    app: Flask, alice: RepPhone, world: World, content: bytes
) -> None:
    task_id = task_of(ordered(world, world.bob, key="problem-2"), Node.PACKED).id
    sent = (BytesIO(content), "photo.jpg")
    page = alice.follow(
        alice.send_file(f"/terminal/tasks/{task_id}/problem", reason="缺货", picture=sent)
    ).text
    assert "图片无法识别" in page
    folder: Path = app.extensions["wx_config"].service.data_dir / "pictures"
    assert not folder.exists() or not list(folder.iterdir())
    assert not db.session.scalars(select(Evidence).where(Evidence.task_id == task_id)).all()


def task_of_id(task_id: int) -> str:
    db.session.rollback()
    return db.session.get_one(Task, task_id).status
