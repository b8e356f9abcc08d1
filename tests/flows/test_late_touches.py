"""What becomes known of a buyer after he paid: a dispute where it matters, found without asking about anybody else."""

from datetime import timedelta
from hashlib import blake2s

import pytest
from flask import Flask
from sqlalchemy import select

from flows.attribution import LEARNT_LATE
from flows.checkout import check_out
from flows.late_touches import SETTLED, dispute_late_touches
from members.models import LinkKind
from members.visitors import link_visitor, new_visitor
from orders.models import OrderLine
from orders.values import Item, Wish
from referral.disputes import close_dispute, open_dispute
from referral.models import Attribution, Dispute, LateLook, Touch
from referral.operations import Contact, record_touch
from referral.values import Certainty, TouchKind
from tests.console.world import (
    Person,
    World,
    known,
    make_world,
    pay,
    same_phone,
    share,
    touch,
)
from tests.counting import questions
from wx_backend import clock
from wx_backend.db import db, retried, transaction

HALF_AN_HOUR = timedelta(minutes=30)


@pytest.fixture
def world(app: Flask) -> World:
    with app.app_context():
        return make_world()


@pytest.fixture
def dora(world: World) -> Person:
    """A customer of Alice's: an hour ago she opened her link."""
    person = known("Dora")
    touch(person, share(world.alice_id), kind=TouchKind.LINK_OPENED)
    return person


def learn(
    rep_id: int,
    person: Person | None = None,
    *,
    visitor_id: int | None = None,
    kind: TouchKind = TouchKind.SCAN,
    ago: timedelta = HALF_AN_HOUR,
) -> int:
    """A contact by a rep's code that comes to our knowledge now; the touch's id."""
    now = clock.now()
    key = blake2s(f"{rep_id}:{person}:{now}".encode(), digest_size=16).digest()
    share_id = share(rep_id)
    with transaction() as session:
        record_touch(
            Contact(
                key=key,
                kind=kind,
                certainty=Certainty.PLATFORM,
                event_at=now - ago,
                known_at=now,
                identity_id=person.identity_id if person else None,
                visitor_id=visitor_id,
                share_id=share_id,
            )
        )
        return session.scalars(select(Touch.id).where(Touch.key == key)).one()


def ordered(world: World, person: Person) -> int:
    """A phone ordered five minutes ago; the order's id."""
    wish = Wish(
        person.member_id,
        person.identity_id,
        "submit-1",
        (Item(world.wares.phone, 1),),
        outlet_id=world.tree.hall,
    )
    return retried(lambda: check_out(wish=wish, now=clock.now() - timedelta(minutes=5)).order.id)


def bought(world: World, person: Person) -> int:
    """The same, and paid now."""
    order_id = ordered(world, person)
    pay(order_id)
    return order_id


def look(*, later: timedelta = SETTLED + timedelta(seconds=1)) -> int:
    """The clock looks, once what was just written down is settled; at how many touches."""
    db.session.rollback()
    return retried(lambda: dispute_late_touches(now=clock.now() + later))


def disputes() -> list[tuple[int, int | None, str]]:
    """Order, touch and reason of each."""
    db.session.rollback()
    rows = db.session.execute(
        select(OrderLine.order_id, Dispute.touch_id, Dispute.reason)
        .join(OrderLine, OrderLine.id == Dispute.order_line_id)
        .order_by(Dispute.id)
    )
    return [(order_id, touch_id, reason) for order_id, touch_id, reason in rows]


def developers(order_id: int) -> list[int | None]:
    """Whom each version of a line's attribution credits."""
    db.session.rollback()
    return list(
        db.session.scalars(
            select(Attribution.developer_rep_id)
            .join(OrderLine, OrderLine.id == Attribution.order_line_id)
            .where(OrderLine.order_id == order_id)
            .order_by(Attribution.version)
        )
    )


def test_a_contact_learnt_after_the_payment_opens_a_dispute_once(
    world: World, dora: Person
) -> None:
    order_id = bought(world, dora)
    late = learn(world.nils_id, dora)
    assert look()
    assert disputes() == [(order_id, late, LEARNT_LATE)]
    assert developers(order_id) == [world.alice_id]

    assert look() == 0
    with transaction() as session:
        session.get_one(LateLook, 1).touch_id = 0
    assert look()
    assert len(disputes()) == 1


def test_a_dispute_names_who_would_have_the_line_and_not_what_comes_for_him_again(
    world: World, dora: Person
) -> None:
    bought(world, dora)
    first = learn(world.nils_id, dora)
    learn(world.alice_id, dora, ago=timedelta(minutes=40))
    look()
    learn(world.nils_id, dora, ago=timedelta(minutes=50))
    look()
    assert [touch_id for _, touch_id, _ in disputes()] == [first]


def test_what_counted_when_a_dispute_was_opened_for_the_same_rep_opens_no_other(
    world: World, dora: Person
) -> None:
    """The version before named the last contact, and not the one by which the line would be his."""
    order_id = bought(world, dora)
    named = learn(world.nils_id, dora, ago=timedelta(minutes=50))
    learn(world.nils_id, dora)
    with transaction() as session:
        line_id = session.scalars(select(OrderLine.id).filter_by(order_id=order_id)).one()
        open_dispute(
            order_line_id=line_id,
            key=f"touch:{named}",
            reason=LEARNT_LATE,
            touch_id=named,
            now=clock.now(),
        )
        dispute_id = session.scalars(select(Dispute.id)).one()
        close_dispute(dispute_id=dispute_id, resolution="x", by="staff:1", now=clock.now())
    assert look()
    assert [touch_id for _, touch_id, _ in disputes()] == [named]

    newer = learn(world.nils_id, dora, ago=timedelta(minutes=10))
    assert look()
    assert [touch_id for _, touch_id, _ in disputes()] == [named, newer]


def test_what_was_learnt_in_time_is_decided_again_and_not_disputed(
    world: World, dora: Person
) -> None:
    order_id = ordered(world, dora)
    learn(world.nils_id, dora)
    pay(order_id)
    assert developers(order_id) == [world.alice_id, world.nils_id]
    assert look()
    assert disputes() == []


@pytest.mark.parametrize("ago", [timedelta(days=31), timedelta(0)])
def test_a_contact_out_of_the_window_or_after_the_order_disputes_nothing(
    world: World, dora: Person, ago: timedelta
) -> None:
    bought(world, dora)
    learn(world.nils_id, dora, ago=ago)
    assert look()
    assert disputes() == []


def test_late_contacts_for_whoever_has_the_line_or_of_other_people_dispute_nothing(
    world: World, dora: Person
) -> None:
    bought(world, dora)
    learn(world.alice_id, dora)
    learn(world.nils_id, known("Eva"))
    assert look()
    assert disputes() == []


def test_what_was_learnt_before_we_knew_of_the_money_is_counted_and_not_disputed(
    world: World, dora: Person
) -> None:
    """WeChat says that she had paid by then; its notice came after the contact, by which the line was decided."""
    order_id = ordered(world, dora)
    paid_at = clock.now()
    learn(world.nils_id, dora)
    pay(order_id, at=paid_at)
    assert developers(order_id) == [world.alice_id, world.nils_id]
    assert look()
    assert disputes() == []

    other = learn(world.alice_id, dora, ago=timedelta(minutes=10))
    look()
    assert disputes() == [(order_id, other, LEARNT_LATE)]


def test_late_contacts_count_with_what_was_known_and_changed_nothing(
    world: World, dora: Person
) -> None:
    """That she follows Alice was learnt in time, and protects her from Nils, whose code was scanned later."""
    order_id = ordered(world, dora)
    learn(world.alice_id, dora, kind=TouchKind.SUBSCRIBE, ago=timedelta(hours=2))
    pay(order_id)
    assert developers(order_id) == [world.alice_id]
    learn(world.nils_id, dora)
    assert look()
    assert disputes() == []


def test_a_late_contact_at_another_account_of_the_buyer_is_hers(world: World, dora: Person) -> None:
    order_id, other = bought(world, dora), known("Dora2")
    same_phone(dora, other)
    late = learn(world.nils_id, other)
    look()
    assert disputes() == [(order_id, late, LEARNT_LATE)]


def test_a_late_contact_of_a_browser_of_the_buyer_is_hers(world: World, dora: Person) -> None:
    order_id = bought(world, dora)
    now, identity_id = clock.now(), dora.identity_id
    with transaction():
        visitor_id, _ = new_visitor(now=now)
        link_visitor(visitor_id=visitor_id, identity_id=identity_id, kind=LinkKind.OAUTH, now=now)
    late = learn(world.nils_id, visitor_id=visitor_id)
    look()
    assert disputes() == [(order_id, late, LEARNT_LATE)]


def test_what_was_written_down_this_moment_is_looked_at_when_it_is_settled(
    world: World, dora: Person
) -> None:
    """Ids are given out before rows can be seen: whoever looked at once might pass over one."""
    order_id = bought(world, dora)
    look()
    late = learn(world.nils_id, dora)
    assert look(later=timedelta(0)) == 0
    assert look() == 1
    assert disputes() == [(order_id, late, LEARNT_LATE)]


def test_orders_nobody_touched_late_are_not_asked_about(world: World) -> None:
    """As many questions for one buyer as for six, however many contacts are looked at."""
    look()
    counts = []
    for number in (1, 6):
        for each in range(number):
            buyer = known(f"{number}-{each}")
            learn(world.alice_id, buyer)
            assert developers(bought(world, buyer)) == [world.alice_id]
        with questions() as statements:
            assert look() == 2 * number
        counts.append(len(statements))
    assert counts[0] == counts[1]
    assert disputes() == []
