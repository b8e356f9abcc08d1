"""After hours: slots of the next morning, queue codes, and last night's list, with the clock moved."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from catalog.queries import product_of_sku
from flows.bookings import book_visit, cancel_visit, tell_outlets, visit_page
from fulfilment.booking_models import Booking, VisitSlot
from fulfilment.bookings import SlotFull, set_terms
from orders.queries import order_by_id
from templates_msg.models import Message, Template
from tests.console.world import APPID, World, known, same_phone
from tests.org.cast import hire
from tests.racing import race
from tests.terminal.conftest import Phones
from tests.terminal.desk import ordered
from wx_backend import clock
from wx_backend.clock import SHANGHAI, business_on
from wx_backend.db import db, retried, transaction

AtTime = Callable[[int, int, int], None]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> AtTime:
    """Move the clock to a wall time in Shanghai, so many days from today."""
    today = business_on(clock.now())

    def move(days: int, hour: int, minute: int) -> None:
        day = today + timedelta(days=days)
        wanted = datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI)
        real = clock.now() - clock._offset.value
        monkeypatch.setattr(clock._offset, "value", wanted.astimezone(UTC) - real)

    return move


def slots(page: str) -> list[str]:
    return re.findall(r'name="starts_at" value="(\d+)" required>', page)


def booked() -> list[Booking]:
    db.session.rollback()
    return list(db.session.scalars(select(Booking).order_by(Booking.id)))


def test_after_closing_the_shop_still_works(phone_of: Phones, world: World, at: AtTime) -> None:
    bob = phone_of("Mallory")
    at(1, 12, 0)
    assert "已打烊" not in bob.get(f"/r/{world.alice_number}").text
    assert "可直接到店" in bob.get("/visits/new?outlet=SC1").text
    at(1, 20, 0)
    page = bob.get(f"/r/{world.alice_number}").text
    assert "营业厅已打烊，现在下单，明早 9:00 处理" in page
    product = bob.get(f"/p/{product_of_sku(world.wares.phone)}").text
    assert "营业厅已打烊" in product
    assert product.count("明早 9:00") == 1  # the promise says it once


def test_a_visit_has_a_slot_and_a_queue_code(phone_of: Phones, at: AtTime) -> None:
    bob = phone_of("Mallory")
    at(1, 20, 0)
    starts = slots(bob.get("/visits/new?outlet=SC1").text)
    assert len(starts) == 12  # three hours of quarters
    for _ in range(2):  # a double tap keeps the same code
        bob.send("/visits", outlet="SC1", starts_at=starts[2])
    [row] = booked()
    assert row.code == "0930-01"
    assert "0930-01" in bob.get("/visits").text
    wrong = str(int(starts[0]) - 900)
    other = phone_of("Dave")
    answer = other.follow(other.send("/visits", outlet="SC1", starts_at=wrong))
    assert "该时段不能预约" in answer.text
    assert other.send(f"/visits/{row.id}/cancel").status_code == 404
    bob.send(f"/visits/{row.id}/cancel")
    assert [row.status for row in booked()] == ["cancelled"]
    assert db.session.scalars(select(VisitSlot.taken)).all() == [0]


def test_who_booked_by_two_wechats_has_both_until_he_cancels(world: World, at: AtTime) -> None:
    """Each of them had a slot there before they were known to be one person."""
    assert world
    at(1, 20, 0)
    now = clock.now()
    opening = (now + timedelta(hours=13)).replace(minute=0, second=0, microsecond=0)
    lost, anew = known("Lost"), known("Anew")
    assert booked_code(lost.member_id, opening + timedelta(minutes=15)) == "0915-01"
    assert booked_code(anew.member_id, opening) == "0900-01"
    same_phone(lost, anew)
    person, later = lost.member_id, opening + timedelta(minutes=30)
    for code in ("0900-01", "0915-01"):
        assert booked_code(person, later) == code
        with transaction():
            shown = visit_page(member_id=person, outlet="SC1", now=now).booking
            assert shown
            assert shown.code == code
            cancel_visit(shown.id, member_id=person, now=now)
    assert booked_code(person, later) == "0930-01"


def booked_code(member_id: int, starts_at: datetime) -> str:
    """The queue code a person has at the outlet now: in this slot, or in the one he had."""
    return retried(
        lambda: (
            book_visit(member_id=member_id, outlet="SC1", starts_at=starts_at, now=clock.now()).code
        )
    )


def test_of_many_for_the_last_places_no_more_get_one(app: Flask, world: World, at: AtTime) -> None:
    at(1, 20, 0)
    now = clock.now()
    opening = (now + timedelta(hours=13)).replace(minute=0, second=0, microsecond=0)
    people = [known(f"P{n}").member_id for n in range(8)]
    with transaction():
        set_terms(world.tree.hall, minutes=30, capacity=3)

    def try_it(n: int) -> str:
        try:
            return retried(
                lambda: (
                    book_visit(member_id=people[n], outlet="SC1", starts_at=opening, now=now).code
                )
            )
        except SlotFull:
            return ""

    codes = race(app, try_it, times=8)
    assert sorted(filter(None, codes)) == ["0900-01", "0900-02", "0900-03"]


def test_the_outlet_finds_last_nights_list(phone_of: Phones, world: World, at: AtTime) -> None:
    alice, bob = phone_of("Alice"), phone_of("Mallory")
    alice.bind(world.alice_id)
    stranger = phone_of("Dave")
    stranger.bind(hire(world.tree.bay, "戴夫"))
    _template()
    at(1, 20, 0)
    order_id = ordered(world, world.bob, key="night-1")
    order = order_by_id(order_id)
    assert order
    starts = slots(bob.get("/visits/new?outlet=SC1").text)
    retried(
        lambda: book_visit(
            member_id=world.bob.member_id,
            order=order.number,
            starts_at=datetime.fromtimestamp(int(starts[0]), UTC),
            now=clock.now(),
        )
    )
    bob.send("/visits", outlet="SC1", starts_at=starts[1])
    assert bob.get(f"/visits/new?order={order.number}").status_code == 404  # not his order
    for minutes, told in ((29, 0), (30, 1), (45, 0)):
        at(2, 8, minutes)
        assert retried(lambda: tell_outlets(now=clock.now())) == told
    sent = db.session.scalars(select(Message).where(Message.purpose == "night_list")).all()
    assert len(sent) == 1  # Alice alone is bound at this outlet
    page = alice.get("/terminal/night").text
    assert "0900-01" in page
    assert "0915-01" in page
    assert order.number[-6:] in page
    assert "0900-01" not in stranger.get("/terminal/night").text
    first, second = booked()
    assert stranger.send(f"/terminal/night/{first.id}/arrived").status_code == 404
    for _ in range(2):
        said = alice.follow(alice.send(f"/terminal/night/{first.id}/arrived")).text
        assert "0900-01 已到店" in said
    alice.send(f"/terminal/night/{second.id}/missed")
    said = alice.follow(alice.send(f"/terminal/night/{second.id}/arrived")).text
    assert "已经登记过了" in said
    assert [row.status for row in booked()] == ["arrived", "missed"]
    assert booked()[0].ended_by == f"rep:{world.alice_id}"


def _template() -> None:
    with transaction():
        db.session.add(
            Template(
                appid=APPID,
                purpose="night_list",
                template_id="night-template",
                fields={"orders": "thing1", "visits": "thing2", "day": "time3"},
            )
        )
