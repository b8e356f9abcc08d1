"""The receipt of a line: A shared to B, B passed it on to C, and C's order is A's, provably."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from flows.receipt_pages import ReceiptBroken, filed_receipt, receipt_page
from referral.chain import chain_place
from referral.models import Receipt
from referral.proofs import chain_receipts
from referral.replay import is_consistent
from referral.values import TouchKind
from tests.console.conftest import Desks
from tests.console.world import World, buy, known, passed_on, share, touch
from tests.org.cast import hire
from wx_backend import clock
from wx_backend.db import db, transaction


def chain() -> None:
    with transaction():
        chain_receipts(now=clock.now())


def test_the_page_draws_the_path_and_says_why_she_won(desk_of: Desks, world: World) -> None:
    page = desk_of("south").get(f"/receipts/{world.southern.receipt}").text
    path = page[page.index('class="path"') :]
    assert path.index("爱丽丝") < path.index("聊天") < path.index("客户转发") < path.index("朋友圈")
    for words in (
        "下单前最后一次有效接触来自该销售人员的分享",
        "发展人爱丽丝（天河营业厅）100%",
        "是30天有效期内最后一次有效接触，本单归爱丽丝",
        "没有这次接触，结果会不同",
        "保护期",
        "尚未编入凭证链",
    ):
        assert words in page


def test_who_lost_is_told_why(desk_of: Desks, world: World) -> None:
    dave = hire(world.tree.corner, "戴夫")
    erin, carl = known("Erin"), known("Carl")
    touch(erin, share(dave), kind=TouchKind.LINK_OPENED, ago=timedelta(hours=3))
    touch(erin, passed_on(world.alice_id, carl), kind=TouchKind.LINK_OPENED)
    sold = buy(erin, world.wares, world.tree.hall)
    assert sold.rep_number == world.alice_number
    page = desk_of("south").get(f"/receipts/{sold.receipt}").text
    assert page.index("戴夫") < page.index("有效，但之后还有有效接触，以最后一次为准")
    assert page.count("胜出") == 1


def test_inside_a_colleagues_protection_nobody_else_wins(desk_of: Desks, world: World) -> None:
    dave, erin = hire(world.tree.corner, "戴夫"), known("Erin")
    touch(erin, share(world.alice_id), kind=TouchKind.SUBSCRIBE, ago=timedelta(days=2))
    touch(erin, share(dave), kind=TouchKind.LINK_OPENED)
    sold = buy(erin, world.wares, world.tree.hall)
    page = desk_of("south").get(f"/receipts/{sold.receipt}").text
    assert "当时客户在爱丽丝的保护期内" in page


def test_the_same_for_machines_follows_from_itself(desk_of: Desks, world: World) -> None:
    chain()
    answer = desk_of("south").get(f"/receipts/{world.southern.receipt}.json")
    said = json.loads(answer.text)
    assert said["number"] == world.southern.receipt
    assert said["stands"]
    assert said["chain"]["holds"]
    assert len(said["chain"]["digest"]) == 64
    assert is_consistent(said["body"])


def test_the_chain_is_shown(desk_of: Desks, world: World) -> None:
    chain()
    page = desk_of("south").get(f"/receipts/{world.southern.receipt}").text
    assert "校验通过" in page
    assert receipt_row(world).digest.hex() in page  # type: ignore[union-attr]  # chained above


def test_a_changed_body_does_not_fit_the_chain(world: World) -> None:
    chain()
    row = receipt_row(world)
    place = chain_place(Receipt(body=changed(row, world), position=row.position, digest=row.digest))
    assert place
    assert not place.holds


def test_a_receipt_that_contradicts_itself_is_not_shown(world: World) -> None:
    filed = filed_receipt(world.southern.receipt)
    forged = Receipt(number=filed.receipt.number, body=changed(filed.receipt, world))
    with pytest.raises(ReceiptBroken):
        receipt_page(replace(filed, receipt=forged))


def receipt_row(world: World) -> Receipt:
    db.session.rollback()
    query = select(Receipt).where(Receipt.number == world.southern.receipt)
    return db.session.scalars(query).one()


def changed(row: Receipt, world: World) -> str:
    """The body as somebody with rights on the database would like it: the line is Nils's."""
    body = json.loads(row.body)
    body["result"]["developer_rep_id"] = world.nils_id
    return json.dumps(body)
