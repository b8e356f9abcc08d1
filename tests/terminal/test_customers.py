"""A rep's customers: by the rules that decide, with the way each came, and what he writes down himself."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from catalog.models import Product, Sku
from customers.models import CustomerCard, CustomerNote, PageSeen
from flows.following import forget_identity, forget_member
from flows.my_customers import who_needs_him
from flows.resealing import reseal
from org.queries import rep_card
from org.reps import part_with_rep
from referral.figures import identities_reached
from referral.models import Place, Share, Subject, Touch
from referral.operations import Sharer, Sharing, open_share
from referral.values import TouchKind
from tests.console.world import Person, World, known, passed_on, share, touch
from tests.counting import questions
from tests.org.cast import hire
from tests.storefront.phone import Phone
from tests.terminal.conftest import Phones, bound
from tests.terminal.phone import RepPhone
from wx_backend import clock
from wx_backend.clock import business_on
from wx_backend.config import Config, PrivacyKey
from wx_backend.db import db, transaction

DAY = timedelta(days=1)


@pytest.fixture
def alice(phone_of: Phones, world: World) -> RepPhone:
    return bound(phone_of, "Alice", world.alice_id)


def page_of(person: Person) -> str:
    return f"/terminal/customers/{person.identity_id}"


def rows(table: type) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def phone_product(world: World) -> Product:
    return db.session.scalars(
        select(Product)
        .join(Sku, Sku.product_id == Product.id)
        .where(Sku.id == world.wares.phone_id)
    ).one()


def test_customers_are_those_the_next_order_would_credit(
    alice: RepPhone, phone_of: Phones, world: World
) -> None:
    dave, erin = hire(world.tree.corner, "戴夫"), known("Erin")
    touch(erin, share(world.alice_id), kind=TouchKind.SUBSCRIBE, ago=timedelta(days=8))
    assert alice.get("/terminal/customers").text.count("最近接触") == 2  # Bob and Erin
    touch(erin, share(dave), kind=TouchKind.LINK_OPENED)
    assert alice.get("/terminal/customers").text.count("最近接触") == 1
    assert bound(phone_of, "Dave", dave).get("/terminal/customers").text.count("最近接触") == 1


def test_the_list_asks_no_more_for_many_than_for_few(alice: RepPhone, world: World) -> None:
    asked = []
    for more in range(2):
        with questions() as statements:
            alice.get("/terminal/customers")
        asked.append(len(statements))
        for number in range(8 if not more else 0):
            person = known(f"P{number}")
            mine = share(world.alice_id)
            touch(person, mine, kind=TouchKind.SUBSCRIBE, ago=timedelta(days=number))
            touch(person, passed_on(world.alice_id, person), kind=TouchKind.LINK_OPENED)

    assert asked[1] <= asked[0] + 1 < 40  # a longer path is one question more


def test_whoever_was_met_last_comes_first_on_every_page(world: World) -> None:
    """The last hours and days are looked at by themselves; what is shown is as if all had been."""
    now = clock.now()
    for days in (0, 0.2, 0.25, 0.4, 1, 2, 4, 9, 15, 20, 29, 31):
        person = known(f"P{days}")
        touch(
            person,
            share(world.alice_id),
            kind=TouchKind.LINK_OPENED,
            ago=timedelta(days=days, minutes=5),
        )
    db.session.rollback()
    since = now - timedelta(days=30)
    met: dict[int, datetime] = {}
    for identity_id, at in db.session.execute(
        select(Touch.identity_id, Touch.event_at)
        .join(Share, Share.id == Touch.share_id)
        .where(Share.root_rep_id == world.alice_id, Touch.event_at >= since)
    ):
        assert identity_id is not None
        met[identity_id] = max(at, met.get(identity_id, at))
    whole = sorted(met, key=lambda each: (-met[each].timestamp(), each))
    assert len(whole) == 12  # Bob among them, and nobody of before the window
    for after in range(13):
        for limit in (1, 3, 20):
            page = identities_reached(
                [world.alice_id], since=since, now=now, after=after, limit=limit
            )
            assert page == whole[after : after + limit]


def test_protection_is_counted_down_while_it_lasts(phone_of: Phones, world: World) -> None:
    page = bound(phone_of, "Dave", world.nils_id).get("/terminal/customers").text
    assert "保护中，剩 6 天" in page
    assert "1 单已付款，1,999.00 元" in page


def test_an_heir_has_the_customers_of_who_left_and_not_his_words(
    alice: RepPhone, phone_of: Phones, world: World
) -> None:
    alice.send(f"{page_of(world.bob)}/remark", remark="老同学")
    dave = hire(world.tree.hall, "戴夫")
    with transaction():
        part_with_rep(rep_id=world.alice_id, now=clock.now(), heir_id=dave)
    page = bound(phone_of, "Dave", dave).get("/terminal/customers").text
    assert page.count("最近接触") == 1
    assert "老同学" not in page


def test_the_way_of_a_customer_is_shown_hop_by_hop(alice: RepPhone, world: World) -> None:
    page = alice.get(page_of(world.bob)).text
    for words in ("我</span>", "客户转发", "朋友圈", "打开链接", "支付订单"):
        assert words in page


def test_a_remark_names_him_everywhere_and_finds_him(alice: RepPhone, world: World) -> None:
    erin = known("Erin")
    touch(erin, share(world.alice_id), kind=TouchKind.SUBSCRIBE)
    alice.send(f"{page_of(erin)}/remark", remark="王姐 5栋")
    assert "王姐 5栋" in alice.get("/terminal/customers").text
    found = alice.get("/terminal/customers?text=王姐").text
    assert found.count("最近接触") == 1
    assert "没有备注含“李”的客户" in alice.get("/terminal/customers?text=李").text
    db.session.rollback()
    stored = db.session.scalars(select(CustomerCard.remark)).one()
    assert stored
    assert "王姐".encode() not in stored


def test_notes_carry_their_time_and_a_double_tap_is_one(alice: RepPhone, world: World) -> None:
    for _ in range(2):
        alice.send(f"{page_of(world.bob)}/notes", text="想换大屏\n下周发工资", client_key="k1")
    alice.send(f"{page_of(world.bob)}/notes", text="已到店看样机", client_key="k2")
    page = alice.get(page_of(world.bob)).text
    assert page.index("已到店看样机") < page.index("想换大屏")
    assert f"{clock.now().astimezone(clock.SHANGHAI):%Y-%m-%d}" in page
    db.session.rollback()
    sealed = db.session.scalars(select(CustomerNote.sealed)).all()
    assert len(sealed) == 2
    assert all("到店".encode() not in each for each in sealed)


def test_a_visit_that_is_due_is_on_the_first_page(alice: RepPhone, world: World) -> None:
    today = business_on(clock.now())
    for on, shown in ((today + DAY, False), (today, True)):
        alice.send(f"{page_of(world.bob)}/visit", visit_on=on.isoformat())
        assert ("今天要回访" in alice.get("/terminal/").text) is shown
    for wrong in ("2020-01-01", "soon", (today + 400 * DAY).isoformat()):
        alice.send(f"{page_of(world.bob)}/visit", visit_on=wrong)
        assert "bad" in alice.get(page_of(world.bob)).text
    db.session.rollback()
    assert db.session.scalars(select(CustomerCard.visit_on)).one() == today


def test_the_page_looked_at_last_is_known(alice: RepPhone, phone_of: Phones, world: World) -> None:
    assert "还没有浏览记录" in alice.get(page_of(world.bob)).text
    dave: Phone = phone_of("Dave")
    dave.post("/api/shares", subject="showroom", key=world.alice_number)
    dave.post("/api/shares", subject="product", key=phone_product(world).number)
    db.session.rollback()
    seen = db.session.scalars(select(PageSeen)).one()
    assert (seen.subject, seen.subject_key) == (Subject.PRODUCT, phone_product(world).number)
    person = Person(0, seen.identity_id)
    touch(person, share(world.alice_id), kind=TouchKind.LINK_OPENED)
    assert "星河手机" in alice.get(page_of(person)).text


def test_who_is_a_colleagues_now_is_not_there_with_all_that_was_written(
    alice: RepPhone, phone_of: Phones, world: World
) -> None:
    dave, erin = hire(world.tree.corner, "戴夫"), known("Erin")
    touch(erin, share(world.alice_id), kind=TouchKind.LINK_OPENED, ago=2 * DAY)
    alice.send(f"{page_of(erin)}/remark", remark="小李")
    touch(erin, share(dave), kind=TouchKind.SUBSCRIBE)
    assert alice.get(page_of(erin)).status_code == 404
    assert alice.send(f"{page_of(erin)}/remark", remark="抢回来").status_code == 404
    assert alice.send(f"{page_of(erin)}/notes", text="x", client_key="k").status_code == 404
    assert "没有备注含" in alice.get("/terminal/customers?text=小李").text
    assert "小李" not in bound(phone_of, "Dave", dave).get(page_of(erin)).text
    assert alice.get("/terminal/customers/999999").status_code == 404
    assert rows(CustomerNote) == 0


def test_what_was_written_is_forgotten_with_the_person(alice: RepPhone, world: World) -> None:
    erin = known("Erin")
    touch(erin, share(world.alice_id), kind=TouchKind.SUBSCRIBE)
    for person, key in ((world.bob, "b"), (erin, "e")):
        alice.send(f"{page_of(person)}/remark", remark="熟客")
        alice.send(f"{page_of(person)}/notes", text="要发票", client_key=key)
    with transaction():
        forget_member(member_id=erin.member_id, now=clock.now())
    assert (rows(CustomerCard), rows(CustomerNote)) == (1, 1)
    with transaction():
        left_at = (clock.now() - DAY).isoformat()
        forget_identity(identity_id=world.bob.identity_id, for_good=False, until=left_at)
    assert rows(CustomerNote) == 1  # written since he came back
    with transaction():
        forget_identity(identity_id=world.bob.identity_id, for_good=False)
    assert (rows(CustomerCard), rows(CustomerNote)) == (0, 0)


def test_what_was_written_moves_to_a_newer_key(app: Flask, alice: RepPhone, world: World) -> None:
    alice.send(f"{page_of(world.bob)}/remark", remark="熟客")
    alice.send(f"{page_of(world.bob)}/notes", text="要发票", client_key="b")
    config: Config = app.extensions["wx_config"]
    (old,), newer = config.privacy.keys, PrivacyKey("newer", "7c" * 31 + "01")
    for keys in ((newer, old), (newer,)):
        app.extensions["wx_config"] = replace(config, privacy=replace(config.privacy, keys=keys))
        db.session.rollback()
        assert [sum(changed for _, changed in reseal())] == [2 if old in keys else 0]
    page = alice.get(page_of(world.bob)).text
    assert "熟客" in page
    assert "要发票" in page


def test_whose_protection_ends_soon_is_told_until_it_is_renewed(
    alice: RepPhone, world: World
) -> None:
    erin, frank = known("Erin"), known("Frank")
    for person in (erin, frank):
        touch(person, share(world.alice_id), kind=TouchKind.SUBSCRIBE, ago=6 * DAY)
    touch(frank, passed_on(world.alice_id, erin), kind=TouchKind.SUBSCRIBE)
    db.session.rollback()
    ending = who_needs_him(rep_card(world.alice_id), now=clock.now()).ending
    assert [each.identity_id for each in ending] == [erin.identity_id]
    assert "保护期即将结束" in alice.get("/terminal/").text


def test_no_more_than_a_page_of_ending_protections_is_looked_at(
    alice: RepPhone, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert alice
    monkeypatch.setattr("flows.my_customers.FOUND_MAX", 1)
    erin, frank = known("Erin"), known("Frank")
    for person, ago in ((frank, 5.5 * DAY), (erin, 6 * DAY)):
        touch(person, share(world.alice_id), kind=TouchKind.SUBSCRIBE, ago=ago)
    db.session.rollback()
    ending = who_needs_him(rep_card(world.alice_id), now=clock.now()).ending
    assert [each.identity_id for each in ending] == [erin.identity_id]


@pytest.mark.parametrize("gone", [0, 3])
def test_the_first_page_names_the_five_that_end_first_and_leads_to_all(
    alice: RepPhone, world: World, gone: int
) -> None:
    dave = hire(world.tree.corner, "戴夫")
    people = [known(f"P{number}") for number in range(9)]
    for number, person in enumerate(people):
        ago = timedelta(days=6.5, hours=-number)
        touch(person, share(world.alice_id), kind=TouchKind.SUBSCRIBE, ago=ago)
    for person in people[:gone]:  # their protection is over, and renewed
        touch(person, share(world.alice_id), kind=TouchKind.SUBSCRIBE)
    touch(people[8], share(dave), kind=TouchKind.SUBSCRIBE, ago=timedelta(hours=1))  # in vain
    db.session.rollback()
    needing = who_needs_him(rep_card(world.alice_id), now=clock.now())
    expected = [each.identity_id for each in people[gone:]]
    assert [each.identity_id for each in needing.ending] == expected[:5]
    first, whole = alice.get("/terminal/").text, alice.get("/terminal/customers/ending").text
    links = [f'href="/terminal/customers/{each}"' for each in expected]
    assert [link in first for link in links] == [True] * 5 + [False] * (len(links) - 5)
    assert sorted(links, key=whole.index) == links
    assert whole.count("最近接触") == len(links)


def test_what_we_sent_out_renews_no_protection(alice: RepPhone, world: World) -> None:
    erin, frank = known("Erin"), known("Frank")
    with transaction():
        sent = open_share(
            sharer=Sharer(rep_id=world.alice_id),
            sharing=Sharing(subject=Subject.CAMPAIGN, place=Place.PUSH, subject_key="C1"),
            now=clock.now() - 9 * DAY,
        ).id
    for person, again in ((erin, sent), (frank, share(world.alice_id))):
        touch(person, share(world.alice_id), kind=TouchKind.SUBSCRIBE, ago=6 * DAY)
        touch(person, again, kind=TouchKind.PAID)
    page = alice.get("/terminal/customers/ending").text
    assert f'"/terminal/customers/{erin.identity_id}"' in page
    assert page.count("最近接触") == 1


def test_nobody_whose_protection_ends_is_said_and_not_left_blank(alice: RepPhone) -> None:
    assert "两天内没有客户的保护期结束" in alice.get("/terminal/customers/ending").text


def test_a_long_or_empty_text_is_refused_with_a_reason(alice: RepPhone, world: World) -> None:
    alice.send(f"{page_of(world.bob)}/remark", remark="长" * 21)
    assert "备注最多 20 个字" in alice.get(page_of(world.bob)).text
    alice.send(f"{page_of(world.bob)}/notes", text=" \n ", client_key="k")
    assert "请填写跟进内容" in alice.get(page_of(world.bob)).text
    assert (rows(CustomerCard), rows(CustomerNote)) == (0, 0)
