"""The poster is drawn by a worker: the page waits, then shows what scans as the rep's own code."""

from collections.abc import Callable
from io import BytesIO

import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import func, select

from flows.poster import looks
from referral.models import Code
from tests.console.world import APPID, World
from tests.simulator.stage import Stage
from tests.terminal.conftest import Phones
from tests.terminal.phone import RepPhone
from wx_backend.claims import WorkStatus
from wx_backend.db import db
from wx_backend.outbox import Job

Work = Callable[[], None]


def test_the_page_waits_then_shows_it(phone_of: Phones, world: World, run_jobs: Work) -> None:
    phone = phone_of("Alice")
    phone.bind(world.alice_id)
    assert "正在生成海报" in phone.get("/terminal/poster").text
    assert phone.get("/terminal/poster.jpg").status_code == 404
    assert phone.post("/api/terminal/poster").status_code == 202
    assert phone.get("/api/terminal/poster").json == {"is_ready": False, "url": None}
    run_jobs()
    state = phone.get("/api/terminal/poster").json
    assert state
    assert state["is_ready"]
    page = phone.get("/terminal/poster").text
    assert "长按图片保存或转发" in page
    assert 'data-picture="ready"' in page
    answer = phone.get(state["url"])
    assert answer.mimetype == "image/jpeg"
    picture = Image.open(BytesIO(answer.data))
    assert picture.width == 750
    (found,) = zxingcpp.read_barcodes(picture)
    db.session.rollback()
    assert found.text == db.session.scalars(select(Code.url)).one()


def test_asking_again_and_again_is_one_code(phone_of: Phones, world: World, run_jobs: Work) -> None:
    phone = phone_of("Alice")
    phone.bind(world.alice_id)
    for _ in range(3):
        phone.post("/api/terminal/poster")
    run_jobs()
    phone.post("/api/terminal/poster")
    run_jobs()
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(Code)) == 1
    query = select(func.count()).where(Job.name == "poster.draw")
    assert (db.session.scalar(query) or 0) <= 2  # half a minute may have begun meanwhile


def test_five_looks_carry_the_same_code(phone_of: Phones, world: World, run_jobs: Work) -> None:
    phone = phone_of("Alice")
    phone.bind(world.alice_id)
    assert len(looks()) == 5
    said, pictures = set(), set()
    for look, title in looks().items():
        assert title in phone.get(f"/terminal/poster?look={look}").text
        phone.post(f"/api/terminal/poster?look={look}")
        run_jobs()
        jpeg = phone.get(f"/terminal/poster.jpg?look={look}").data
        (found,) = zxingcpp.read_barcodes(Image.open(BytesIO(jpeg)))
        said.add(found.text)
        pictures.add(jpeg)
    assert (len(said), len(pictures)) == (1, 5)
    for path in ("/terminal/poster?look=product", "/terminal/poster.jpg?look=../x"):
        assert phone.get(path).status_code == 404


@pytest.mark.parametrize("has_written", [True, False])
def test_it_is_sent_into_the_chat_of_who_wrote_lately(
    phone_of: Phones, wechat: Stage, world: World, run_jobs: Work, has_written: bool
) -> None:
    phone: RepPhone = phone_of("Alice")
    phone.bind(world.alice_id)
    wechat.act("Alice", "follow", appid=APPID)
    if has_written:
        wechat.act("Alice", "say", appid=APPID, text="你好")
    else:
        wechat.advance(3 * 86_400)
    for _ in range(2):
        phone.send("/terminal/poster/send", look="personal-ink")
    run_jobs()
    images = [each for each in wechat.chat("Alice") if each["msg_type"] == "image"]
    db.session.rollback()
    jobs = select(Job.status).where(Job.name == "poster.send")
    assert (0 < len(images) <= 2) is has_written  # half a minute may have begun meanwhile
    assert set(db.session.scalars(jobs)) == {WorkStatus.DONE}
