"""A third WeChat joined the customer of a wrong claim: whose addresses, phones and visits are when."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from flows.phone_proof import proven_phone
from flows.sealed import vault
from fulfilment.booking_models import Booking
from fulfilment.bookings import book
from members.addresses import book_of
from members.phone_joining import prove_phone
from members.queries import member_ids_of
from tests.console.conftest import Desks
from tests.console.test_claims import new_wechat, page_of
from tests.console.test_lifts import (
    agreed_to,
    asked,
    identity_of,
    keep,
    let_in,
    member_of,
    person_of,
)
from tests.console.world import Person, World
from wx_backend import clock
from wx_backend.db import db, transaction

OWN, HERS = "13600136000", "13900139000"


def leave(world: World, member_id: int, *, street: str, phone: str) -> None:
    """Whoever is this member leaves an address, a proven phone, and an appointment at the hall."""
    keep(Person(member_id, 0), street=street)
    now = clock.now()
    with transaction():
        prove_phone(member_id=member_id, phone=phone, vault=vault(), now=now)
        book(
            outlet_id=world.tree.hall,
            member_id=member_id,
            order_id=None,
            starts_at=now + timedelta(days=1),
            now=now,
        )


def left_by(member_id: int) -> tuple[list[str], str, int]:
    """The streets of a person's book, his phone, and how many appointments he has."""
    db.session.rollback()
    rows = member_ids_of(member_id)
    streets = [each.address.street for each in book_of(rows, vault())]
    visits = db.session.scalars(select(Booking.id).where(Booking.member_id.in_(rows))).all()
    return streets, proven_phone(member_id), len(visits)


def test_what_who_came_later_had_left_before_is_his_own(desk_of: Desks, world: World) -> None:
    """The customer's other WeChat, or a relative's, which came by a phone once his was found."""
    clerk, manager, new = desk_of("clerk"), desk_of("manager"), new_wechat(world)
    new_wechat(world, name="BobThird")
    own = person_of("BobThird")
    path = agreed_to(clerk, manager, world, new)
    leave(world, own, street="his own", phone=OWN)
    leave(world, world.bob.member_id, street="hers", phone=HERS)
    manager.post(f"{asked(clerk, path)}/approved")
    let_in(world, "BobThird")
    assert manager.post(f"{asked(clerk, path, 'wrong')}/approved").status_code == 302
    assert left_by(member_of(new)) == (["hers"], HERS, 1)
    assert left_by(own) == (["his own"], OWN, 1)
    assert "无法判断由哪个微信留下" not in manager.get(page_of(world)).text


@pytest.mark.parametrize("name", ["Carl", "BobThird"])
def test_of_whom_the_claiming_wechat_let_in_only_what_came_then_is_hers(
    desk_of: Desks, world: World, name: str
) -> None:
    """Also where it lies under the row of that one, who has been known for longest."""
    clerk, manager, new = desk_of("clerk"), desk_of("manager"), new_wechat(world)
    new_wechat(world, name=name)
    own = person_of(name)
    path = agreed_to(clerk, manager, world, new)
    keep(Person(own, 0), street="his own")
    let_in(world, name)
    leave(world, person_of("BobAnew"), street="hers", phone=HERS)
    assert manager.post(f"{asked(clerk, path, 'wrong')}/approved").status_code == 302
    assert left_by(member_of(new)) == (["hers"], HERS, 1)
    streets, phone, visits = left_by(own)
    assert (streets, phone == HERS, visits) == (["his own"], False, 0)
    assert left_by(world.bob.member_id) == ([], "", 0)
    assert identity_of(name).member_id == own
