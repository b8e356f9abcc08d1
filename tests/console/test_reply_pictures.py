"""Pictures in automatic replies: uploaded here, kept at WeChat for good, and again when it lost them."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from flows import album
from flows.menus.pictures import check_daily
from flows.sweeping import GRACE, sweep_pictures
from menus.models import ReplyRule
from menus.queries import own_rules, reply_rules
from menus.rules import ReplyKind
from tests.console.conftest import Desks
from tests.console.desk import Desk
from tests.console.world import APPID, World
from tests.simulator.stage import Stage
from wechat import material
from wx_backend import claims, clock, crash, outbox
from wx_backend.config import Config
from wx_backend.db import db, transaction
from wx_backend.platform import client

RunJobs = Callable[[], None]
PATH = "/replies/city/rules"
WORD = {"trigger": "contains", "kind": "image", "match": "海报"}


@pytest.fixture
def mina(desk_of: Desks, wechat: Stage, config: Config, world: World) -> Desk:
    """The marketer; the pretend WeChat knows the account."""
    assert world
    [secret] = [each.secret for each in config.accounts if each.appid == APPID]
    wechat.control("PUT", f"/accounts/{APPID}", secret=secret)
    return desk_of("marketer")


def picture(colour: str = "red") -> BytesIO:
    made = BytesIO()
    Image.new("RGB", (60, 40), colour).save(made, "PNG")
    made.seek(0)
    return made


def rows() -> list[ReplyRule]:
    db.session.rollback()
    return list(own_rules(APPID))


def content() -> dict[str, Any]:
    [row] = rows()
    return row.content


def materials() -> list[str]:
    """What WeChat keeps for the account."""
    body = {"type": "image", "offset": 0, "count": 20}
    sent = client(APPID).caller.call("POST", "/cgi-bin/material/batchget_material", body=body)
    return [str(item["media_id"]) for item in sent["item"]]


def lost(media_id: str) -> None:
    path = "/cgi-bin/material/del_material"
    client(APPID).caller.call("POST", path, body={"media_id": media_id})


def answered(desk: Desk) -> str:
    return desk.get("/replies/city", how="exact", say="要海报").text


def asked_next_day(run_jobs: RunJobs) -> None:
    with transaction():
        assert check_daily(now=clock.now() + timedelta(days=1)) == 1
    run_jobs()


def test_a_picture_answers_once_wechat_has_it(mina: Desk, run_jobs: RunJobs) -> None:
    assert mina.upload(PATH, picture(), "poster.png", **WORD).status_code == 302
    page = answered(mina)
    assert "正在上传到微信，之后生效" in page
    assert "由系统默认规则回复" in " ".join(page.split())
    run_jobs()
    assert content()["media_id"] in materials()
    page = answered(mina)
    assert f'<img class="img-fluid" src="{content()["picture"]}"' in page
    assert "正在上传" not in page


def test_other_words_for_a_rule_keep_its_picture(mina: Desk, run_jobs: RunJobs) -> None:
    mina.upload(PATH, picture(), "poster.png", **WORD)
    run_jobs()
    [row] = rows()
    before, path = dict(row.content), f"{PATH}/{row.id}"
    said = {**WORD, "match": "要图", "picture": before["picture"]}
    assert mina.post(path, **said).status_code == 302
    assert content()["media_id"] == before["media_id"]
    assert mina.upload(path, picture("blue"), "other.png", **said).status_code == 302
    assert content()["picture"] != before["picture"]
    assert not content()["media_id"]
    run_jobs()
    assert len(materials()) == 2


def test_one_picture_of_two_rules_is_uploaded_once(mina: Desk, run_jobs: RunJobs) -> None:
    mina.upload(PATH, picture(), "poster.png", **WORD)
    mina.upload(PATH, picture(), "same.png", **{**WORD, "match": "图"})
    run_jobs()
    assert len(materials()) == 1
    mina.upload(PATH, picture(), "again.png", **{**WORD, "match": "另外"})
    run_jobs()
    assert len(materials()) == 1
    assert {row.content["media_id"] for row in rows()} == set(materials())


def test_what_wechat_lost_is_uploaded_again(mina: Desk, run_jobs: RunJobs) -> None:
    mina.upload(PATH, picture(), "poster.png", **WORD)
    mina.upload(PATH, picture("blue"), "other.png", **{**WORD, "match": "蓝"})
    run_jobs()
    gone, stays = (row.content["media_id"] for row in rows())
    lost(gone)
    asked_next_day(run_jobs)
    renewed, kept = (row.content["media_id"] for row in rows())
    assert kept == stays
    assert renewed != gone
    assert set(materials()) == {renewed, kept}


def test_many_pictures_at_wechat_are_looked_through_before_one_counts_as_lost(
    mina: Desk, run_jobs: RunJobs
) -> None:
    mina.upload(PATH, picture(), "poster.png", **WORD)
    run_jobs()
    for _ in range(45):
        material.add_image(client(APPID).caller, b"\xff\xd8\xff")
    before = content()["media_id"]
    asked_next_day(run_jobs)
    assert content()["media_id"] == before


@pytest.mark.parametrize("point", [outbox.AFTER_CALL, outbox.BEFORE_DONE, outbox.AFTER_DONE])
def test_a_worker_that_dies_at_it_is_followed_by_another(
    mina: Desk, run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    mina.upload(PATH, picture(), "poster.png", **WORD)
    held = next(each for each in outbox.claim(outbox.CALL, limit=10))
    crash.arm(point, crash.raise_crashed)
    with suppress(crash.Crashed):
        outbox.run(held)
    crash.disarm()
    db.session.rollback()
    start = clock.now
    monkeypatch.setattr(clock, "now", lambda: start() + claims.LEASE + timedelta(seconds=1))
    run_jobs()
    assert content()["media_id"] in materials()


def test_what_wechat_refuses_is_told_beside_the_rule(
    mina: Desk, run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.api.material._LARGEST", 10)
    mina.upload(PATH, picture(), "poster.png", **WORD)
    run_jobs()
    assert "微信拒绝：40009" in mina.get("/replies/city").text
    assert [rule for rule in reply_rules(APPID) if rule.kind is ReplyKind.IMAGE] == []


@pytest.mark.parametrize("sent", [b"no picture", b"", b"\x89PNG" + bytes(40)])
def test_what_is_no_picture_is_refused(mina: Desk, sent: bytes) -> None:
    assert mina.upload(PATH, BytesIO(sent), "poster.png", **WORD).status_code == 400
    assert rows() == []


@pytest.mark.parametrize(
    "path", ["/pictures/../secret.jpg", "https://evil.example/x", "/pictures/aa.jpg"]
)
def test_a_forged_picture_is_refused(mina: Desk, path: str) -> None:
    assert mina.post(PATH, **WORD, picture=path).status_code == 400
    assert rows() == []


def test_a_picture_of_a_rule_is_not_swept_away(mina: Desk, run_jobs: RunJobs) -> None:
    mina.upload(PATH, picture(), "poster.png", **WORD)
    run_jobs()
    path = content()["picture"]
    later = clock.now() + 2 * GRACE
    for turn in range(16):
        with transaction():
            sweep_pictures(now=later + turn * timedelta(minutes=10))
    assert album.kept_picture(path) is not None
