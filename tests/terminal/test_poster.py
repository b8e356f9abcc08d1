"""The poster is drawn by a worker: the page waits, then shows what scans as the rep's own code."""

from collections.abc import Callable
from io import BytesIO

import zxingcpp
from PIL import Image
from sqlalchemy import func, select

from referral.models import Code
from tests.console.world import World
from tests.terminal.conftest import Phones
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
