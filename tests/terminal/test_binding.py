"""A WeChat person becomes a rep by an invitation: once, in time, and never by guessing."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from flows.binding import bind_by_invitation
from flows.parting import parted_from_phones
from members.joining import join_members
from members.models import LinkKind
from members.phone_joining import take_phone_turns
from members.queries import member_ids_of, member_of
from orders.models import SalesOrder
from org.invites import LIFETIME, AlreadyBound, InviteOutcome, create_invite
from org.models import RepBinding
from org.queries import rep_card, rep_of_member
from org.reps import disable_rep
from terminal.binding import PAUSED, REFUSED
from tests.console.world import Person, World, known, order, same_phone
from tests.racing import kept_waiting, race
from tests.simulator.stage import Stage
from tests.terminal.conftest import Phones
from tests.terminal.phone import RepPhone
from wx_backend import clock
from wx_backend.db import db, retried, transaction


def invitation(rep_id: int, ago: timedelta = timedelta()) -> str:
    with transaction():
        return create_invite(rep_id=rep_id, now=clock.now() - ago)


def open_bindings() -> int:
    db.session.rollback()
    query = select(func.count()).where(RepBinding.unbound_at.is_(None))
    return db.session.scalar(query) or 0


def test_an_invitation_opens_the_terminal(phone_of: Phones, world: World) -> None:
    phone = phone_of("Alice")
    assert phone.get("/terminal/").headers["Location"] == "/terminal/bind"
    assert phone.bind(world.alice_id).headers["Location"] == "/terminal/"
    page = phone.get("/terminal/").text
    assert "爱丽丝" in page
    assert "绑定成功" in page


def test_a_code_works_once(phone_of: Phones, world: World) -> None:
    code, number = invitation(world.alice_id), world.alice_number
    first = phone_of("Alice").send("/terminal/bind", number=number, code=code)
    assert first.status_code == 302
    second = phone_of("Mallory").send("/terminal/bind", number=number, code=code)
    assert second.status_code == 400
    assert REFUSED in second.text
    assert open_bindings() == 1


def test_the_picture_at_the_outlet_fills_the_number_in(
    app: Flask, wechat: Stage, world: World
) -> None:
    stranger = RepPhone(app, wechat, "Dave")
    page = stranger.follow(stranger.get(f"/terminal/bind?number={world.alice_number}"))
    assert f'value="{world.alice_number}"' in page.text


def test_people_may_write_it_as_they_hear_it(phone_of: Phones, world: World) -> None:
    code = invitation(world.alice_id).lower().replace("-", " ").replace("0", "o")
    number = world.alice_number.lower()
    assert phone_of("Alice").send("/terminal/bind", number=number, code=code).status_code == 302


def test_an_old_code_is_no_code(phone_of: Phones, world: World) -> None:
    code = invitation(world.alice_id, ago=LIFETIME)
    answer = phone_of("Alice").send("/terminal/bind", number=world.alice_number, code=code)
    assert answer.status_code == 400
    assert open_bindings() == 0


def test_guessing_kills_the_invitation(phone_of: Phones, world: World) -> None:
    code, mallory = invitation(world.alice_id), phone_of("Mallory")
    for _ in range(5):
        mallory.send("/terminal/bind", number=world.alice_number, code="0000-0000")
    answer = phone_of("Alice").send("/terminal/bind", number=world.alice_number, code=code)
    assert answer.status_code == 400


def test_an_unknown_number_is_answered_like_a_wrong_code(phone_of: Phones, world: World) -> None:
    mallory = phone_of("Mallory")
    unknown = mallory.send("/terminal/bind", number="RP0000", code="0000-0000")
    wrong = mallory.send("/terminal/bind", number=world.alice_number, code="0000-0000")
    assert unknown.status_code == wrong.status_code == 400
    assert REFUSED in unknown.text
    assert REFUSED in wrong.text


def test_nobody_is_two_reps(phone_of: Phones, world: World) -> None:
    phone = phone_of("Alice")
    phone.bind(world.alice_id)
    assert phone.bind(world.nils_id).status_code == 409
    assert open_bindings() == 1


def test_of_many_at_once_one_is_bound(app: Flask, world: World) -> None:
    code = invitation(world.alice_id)
    people = [known(f"P{n}").identity_id for n in range(8)]

    def try_it(n: int) -> InviteOutcome | None:
        try:
            return retried(
                lambda: bind_by_invitation(
                    rep_number=world.alice_number,
                    code=code,
                    identity_id=people[n],
                    now=clock.now(),
                )
            )
        except AlreadyBound:
            return None

    outcomes = race(app, try_it, times=8)
    assert outcomes.count(InviteOutcome.BOUND) == 1
    assert open_bindings() == 1


def test_a_new_rep_is_no_wechat_that_a_phone_joined_to_him(world: World) -> None:
    stranger, erin = known("Stranger"), known("Erin")
    same_phone(stranger, erin)
    assert member_of(erin.identity_id) == stranger.member_id
    code = invitation(world.alice_id)
    outcome = retried(
        lambda: bind_by_invitation(
            rep_number=world.alice_number,
            code=code,
            identity_id=erin.identity_id,
            now=clock.now(),
        )
    )
    assert outcome is InviteOutcome.BOUND
    assert rep_of_member(*member_ids_of(member_of(stranger.identity_id) or 0)) is None
    assert rep_of_member(*member_ids_of(member_of(erin.identity_id) or 0)) == world.alice_id
    same_phone(stranger, erin)
    assert member_of(erin.identity_id) != member_of(stranger.identity_id)


def bound_by(world: World, code: str, identity_id: int) -> InviteOutcome:
    return retried(
        lambda: bind_by_invitation(
            rep_number=world.alice_number, code=code, identity_id=identity_id, now=clock.now()
        )
    )


def test_what_the_other_wechat_ordered_goes_with_it(world: World) -> None:
    """It would read as the new rep's own otherwise, with the name and phone of who ordered."""
    erin, stranger = known("Erin"), known("Stranger")
    same_phone(erin, stranger)
    orders = [
        order(Person(erin.member_id, each.identity_id), world.wares, world.tree.hall, key)
        for each, key in ((erin, "submit-1"), (stranger, "submit-2"))
    ]
    assert bound_by(world, invitation(world.alice_id), erin.identity_id) is InviteOutcome.BOUND
    db.session.rollback()
    found = [db.session.get_one(SalesOrder, each).member_id for each in orders]
    assert found == [erin.member_id, stranger.member_id]
    assert member_of(stranger.identity_id) == stranger.member_id


def test_who_is_joined_at_that_moment_is_parted_with_what_was_ordered(
    app: Flask, world: World
) -> None:
    erin, stranger = known("Erin"), known("Stranger")
    under_hers = Person(erin.member_id, stranger.identity_id)
    order_id = order(under_hers, world.wares, world.tree.hall)

    def part() -> None:
        retried(lambda: parted_from_phones(stranger.identity_id, now=clock.now()))

    with kept_waiting(app, part, by=take_phone_turns):
        both = {erin.member_id, stranger.member_id}
        join_members(both, into=erin.member_id, kind=LinkKind.PHONE, now=clock.now())
    db.session.rollback()
    assert member_of(stranger.identity_id) == stranger.member_id
    assert db.session.get_one(SalesOrder, order_id).member_id == stranger.member_id


def test_a_wrong_code_parts_nobody(world: World) -> None:
    erin, stranger = known("Erin"), known("Stranger")
    same_phone(erin, stranger)
    code = invitation(world.alice_id)
    assert bound_by(world, "WRONG-CODE", stranger.identity_id) is InviteOutcome.WRONG
    db.session.rollback()
    assert member_of(stranger.identity_id) == erin.member_id
    assert bound_by(world, code, stranger.identity_id) is InviteOutcome.BOUND
    db.session.rollback()
    assert member_of(stranger.identity_id) == stranger.member_id


def test_unbinding_closes_the_terminal(phone_of: Phones, world: World) -> None:
    phone = phone_of("Alice")
    phone.bind(world.alice_id)
    assert phone.send("/terminal/unbind").headers["Location"] == "/terminal/bind"
    assert phone.get("/terminal/").status_code == 302
    assert open_bindings() == 0


def test_a_disabled_rep_is_out_at_once_and_told(phone_of: Phones, world: World) -> None:
    phone = phone_of("Alice")
    phone.bind(world.alice_id)
    with transaction():
        disable_rep(rep_id=world.alice_id)
    assert phone.get("/terminal/income").headers["Location"] == "/terminal/bind"
    assert PAUSED in phone.get("/terminal/bind").text
    assert phone.post("/api/terminal/poster").status_code == 403


@pytest.mark.parametrize("path", ["/terminal/bind", "/terminal/unbind"])
def test_a_form_without_its_token_does_nothing(phone_of: Phones, world: World, path: str) -> None:
    phone, code = phone_of("Alice"), invitation(world.alice_id)
    phone.bind(world.nils_id)
    before = open_bindings()
    answer = phone.send(path, token="forged", number=world.alice_number, code=code)
    assert answer.status_code == 400
    assert open_bindings() == before


def test_her_name_is_on_the_first_page_and_her_showroom_a_step_away(
    phone_of: Phones, world: World
) -> None:
    phone = phone_of("Alice")
    phone.bind(world.alice_id)
    card = rep_card(world.alice_id)
    assert card.name in phone.get("/terminal/").text
    assert card.showroom_path in phone.get("/terminal/showroom").text
