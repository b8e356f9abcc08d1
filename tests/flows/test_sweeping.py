"""Pictures nobody refers to go away after a while; one that is referred to never does."""

import os
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import event

from catalog.banner_models import LeadsTo
from catalog.banners import BannerData
from catalog.models import Product
from catalog.showing import Picture, Showing
from flows import album, banner_desk, product_desk, sweeping
from flows.album import PictureGone, albums, keep_picture, name_in, picture_named
from flows.fulfilment import pictures
from flows.product_desk import Editor
from flows.sweeping import EVERY, GRACE, sweep_pictures
from fulfilment.models import Evidence
from tests.catalog.shelf import Wares, put_on_shelf
from tests.catalog.slots import put_up
from tests.flows.fulfilment.conftest import counter, market
from tests.flows.fulfilment.counter import Counter
from tests.flows.trade.conftest import config, keys, platform, receiver, stage
from tests.org.cast import Tree, plant
from tests.racing import race
from tests.storefront.mall import product_of
from wx_backend import clock
from wx_backend.db import db, retried, transaction

__all__ = ["config", "counter", "keys", "market", "platform", "receiver", "stage"]
BY = Editor("staff:1", is_lead=True)


def upload(colour: int = 0) -> bytes:
    out = BytesIO()
    Image.new("RGB", (40, 30), (colour * 6, 90, 255 - colour * 6)).save(out, "PNG")
    return out.getvalue()


def age(*files: Path, by: timedelta = GRACE + timedelta(hours=1)) -> None:
    for file in files:
        before = (clock.now() - by).timestamp()
        os.utime(file, (before, before))


def files_of(picture: Picture) -> list[Path]:
    name = name_in(picture.path)
    return [albums() / name[:2] / f"{name}{form}.jpg" for form in ("", "-cover")]


def is_there(picture: Picture) -> bool:
    found = {file.is_file() for file in files_of(picture)}
    assert len(found) == 1, "large and small come and go together"
    return found.pop()


def sweep() -> int:
    """One cycle: sixteen rounds."""
    return sum(map(_round, range(16)))


def _round(number: int) -> int:
    now = clock.now() + number * EVERY
    return retried(lambda: sweep_pictures(now=now))


@pytest.fixture
def wares(app: Flask) -> Wares:
    assert app.testing
    return put_on_shelf()


def hang(wares: Wares, *hung: Picture) -> None:
    number = product_of(wares.phone_id)
    retried(lambda: product_desk.hang(number, hung, by=BY, now=clock.now()))


def take_down(wares: Wares, picture: Picture) -> None:
    number = product_of(wares.phone_id)
    retried(lambda: product_desk.take_down(number, picture.path, by=BY, now=clock.now()))


def test_what_nobody_refers_to_goes_after_its_grace(wares: Wares) -> None:
    assert wares
    fresh, old = keep_picture(upload(1)), keep_picture(upload(2))
    age(*files_of(old))
    left = files_of(fresh)[0].with_name(f"{name_in(fresh.path)}.jpg.0a1b2c3d")
    left.write_bytes(b"half")
    age(left)
    assert sweep() == 3
    assert (is_there(fresh), is_there(old), left.exists()) == (True, False, False)
    assert sweep() == 0


def test_a_round_is_about_a_sixteenth(wares: Wares) -> None:
    assert wares
    kept = [keep_picture(upload(colour)) for colour in range(40)]
    for each in kept:
        age(*files_of(each))
    digits = {name_in(each.path)[0] for each in kept}
    assert len(digits) > 1
    swept = [_round(number) for number in range(16)]
    assert sum(swept) == 2 * len({each.path for each in kept}) > 40
    assert sum(1 for count in swept if count) == len(digits)


def test_what_is_shown_stays_however_old(app: Flask) -> None:
    assert app.testing
    tree: Tree = plant()
    wares = put_on_shelf()
    hung, banner, unlisted = (keep_picture(upload(colour)) for colour in range(3))
    hang(wares, hung)
    put_up(tree.hall, picture=banner)
    with transaction() as session:
        plan = session.get_one(Product, 2)
        plan.showing = Showing(album=[unlisted]).as_json()
        plan.is_listed = False
    for each in (hung, banner, unlisted):
        age(*files_of(each))
    assert sweep() == 0
    assert all(map(is_there, (hung, banner, unlisted)))


def test_one_that_is_taken_down_stays_for_its_grace(wares: Wares) -> None:
    """Pages that were loaded a moment ago still ask for it."""
    picture = keep_picture(upload())
    hang(wares, picture)
    age(*files_of(picture))
    take_down(wares, picture)
    assert sweep() == 0
    assert picture_named(name_in(picture.path))
    age(*files_of(picture))
    assert sweep() == 2


def test_a_banners_former_picture_goes(app: Flask) -> None:
    assert app.testing
    tree: Tree = plant()
    old, new = keep_picture(upload(1)), keep_picture(upload(2))
    number = put_up(tree.hall, picture=old)
    row = banner_desk.banner_file(number, tree.group, now=clock.now()).row
    data = BannerData(
        node_id=tree.hall,
        title="新图",
        picture=new,
        target=banner_desk.target_named(LeadsTo.SEARCH, "手机"),
        shown_from=row.banner.shown_from,
        shown_until=row.banner.shown_until,
    )
    retried(lambda: banner_desk.change(number, data, seen=1, node_id=tree.group))
    for each in (old, new):
        age(*files_of(each))
    assert sweep() == 2
    assert (is_there(old), is_there(new)) == (False, True)


def test_a_picture_that_is_gone_is_refused_with_a_word(wares: Wares) -> None:
    picture = keep_picture(upload())
    age(*files_of(picture))
    sweep()
    with pytest.raises(PictureGone, match="请重新选择图片"):
        hang(wares, picture)
    again = keep_picture(upload())
    assert again == picture
    hang(wares, again)
    assert sweep() == 0


def test_evidence_stays_and_what_was_never_noted_goes(counter: Counter) -> None:
    noted, lost = pictures.keep_picture(upload()), pictures.keep_picture(upload())
    order_id = counter.buy()
    chain = counter.chain(order_id)
    task_id = counter.tasks(chain)[0].id
    with transaction() as session:
        session.add(
            Evidence(
                task_id=task_id,
                kind="problem",
                value="破损",
                picture=noted,
                actor="rep:2",
                noted_at=clock.now(),
            )
        )
    folder = pictures.evidence_folder()
    age(*folder.glob("*.jpg"))
    assert sweep() == 1
    assert [file.stem for file in folder.glob("*.jpg")] == [noted]
    assert lost != noted


def test_one_that_is_let_go_while_the_sweep_waits_its_turn_stays_for_its_grace(
    wares: Wares, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert wares
    picture = keep_picture(upload())
    age(*files_of(picture))

    def let_go_first() -> None:
        album.in_turn()
        age(*files_of(picture), by=timedelta())

    monkeypatch.setattr(sweeping, "in_turn", let_go_first)
    assert sweep() == 0
    assert is_there(picture)


def test_a_file_that_vanishes_while_it_is_looked_at_ends_no_round(wares: Wares) -> None:
    assert wares
    folder = pictures.evidence_folder()
    folder.mkdir(parents=True)
    (folder / "0gone.jpg").symlink_to(folder / "nowhere.jpg")
    (folder / "0lost.jpg").touch()
    age(folder / "0lost.jpg")
    assert sweep() == 1


def test_the_database_is_asked_about_so_many_names_at_once(wares: Wares) -> None:
    assert wares
    folder = pictures.evidence_folder()
    folder.mkdir(parents=True)
    files = [folder / f"0{number:04d}.jpg" for number in range(sweeping.AT_ONCE * 2 + 1)]
    for each in files:
        each.touch()
    age(*files)
    asked = []

    def note(*arguments: Any) -> None:
        asked.append(len(arguments[3]))

    event.listen(db.engine, "before_cursor_execute", note)
    assert sweep() == len(files)
    event.remove(db.engine, "before_cursor_execute", note)
    assert max(asked) == sweeping.AT_ONCE


def test_a_save_beside_the_sweep_never_refers_to_nothing(app: Flask, wares: Wares) -> None:
    """Old pictures are hung up again while they are swept: each is there, or was refused."""
    kept = [keep_picture(upload(colour)) for colour in range(8)]
    for each in kept:
        age(*files_of(each))
    number = product_of(wares.phone_id)
    db.session.rollback()

    def hangs(picture: Picture) -> bool:
        try:
            retried(lambda: product_desk.hang(number, [picture], by=BY, now=clock.now()))
        except PictureGone:
            return False
        return True

    works: list[Callable[[], object]] = [
        work
        for turn, picture in enumerate(kept)
        for work in (lambda p=picture: hangs(p), lambda n=turn: (_round(n), _round(n + 8)))
    ]
    outcomes = race(app, lambda n: works[n](), times=len(works))
    db.session.rollback()
    product = db.session.query(Product).filter_by(number=number).one()
    hung = Showing.from_json(product.showing).album
    assert {each.path for each in hung} == {
        picture.path for picture, done in zip(kept, outcomes[::2], strict=True) if done
    }
    assert all(map(is_there, hung))
