"""A wrong claim was lifted: what each WeChat made while both were one customer is its own again."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from flows import lost_wechat, parting
from flows.parting import GivenBack, give_back
from flows.parting_books import left_where_it_is
from flows.resealing import SEALED
from flows.sealed import order_place, vault
from fulfilment.bookings import book as book_slot
from fulfilment.bookings import hand_bookings
from members.claim_models import ClaimKind, ClaimVerdict, MemberClaim
from members.models import Identity, Member
from members.phone_joining import prove_phone
from members.vault import CannotOpen
from orders.models import OrderStatus, SalesOrder
from orders.queries import lines_of_order, order_by_number
from org.queries import node_by_code
from payments.models import Refund
from referral.models import Dispute, Receipt
from referral.proofs import broken_link, chain_receipts
from referral.replay import is_consistent
from storefront import orders as storefront_orders
from storefront.homes import home_outlet
from tests.catalog.pool import FIRST, number_row
from tests.racing import race
from tests.rows import rows
from tests.simulator.stage import Stage
from tests.storefront.conftest import Mall, Phones
from tests.storefront.phone import Phone
from tests.storefront.program import APPID, Program
from tests.storefront.test_contact import HOME, PassTime, book, number_of
from tests.storefront.test_numbers import order_plan, take_numbers
from tests.storefront.test_orders import ordered, plan_line, wish, work
from tests.storefront.test_programs import config
from wx_backend import clock
from wx_backend.db import db, retried, transaction

__all__ = ["config"]
PHONE, OTHER, USER = "13800138000", "13900139000", "13987654321"
SECOND, THIRD = "submit-0000000002", "submit-0000000003"


@dataclass(frozen=True, slots=True)
class Two:
    """Bob's WeChat and Carol's, which the store takes for Bob's new one; with their identities."""

    bob: Phone
    carol: Phone
    bob_id: int
    carol_id: int


@pytest.fixture
def two(request: pytest.FixtureRequest, mall: Mall, phone_of: Phones) -> Two:
    """Both came by Alice's link; `carol_first` says who is known for longer."""
    is_carols_older = getattr(request, "param", "") == "carol_first"
    for name in ("Carol", "Bob") if is_carols_older else ("Bob", "Carol"):
        phone = phone_of(name)
        phone.open(mall.link(mall.alice_id, mall.product))
        phone.sign_in()
    known = db.session.scalars(select(Identity.id).order_by(Identity.id)).all()
    carol_id, bob_id = known if is_carols_older else reversed(known)
    bob, carol = phone_of("Bob"), phone_of("Carol")
    for each in (bob, carol):
        each.sign_in()
    return Two(bob, carol, bob_id, carol_id)


def row_of(identity_id: int) -> int:
    """The member an identity is."""
    db.session.rollback()
    member_id = db.session.get_one(Identity, identity_id).member_id
    assert member_id
    return member_id


def order_of(number: str) -> SalesOrder:
    db.session.rollback()
    found = order_by_number(number)
    assert found
    return found


def wrongly_claimed(two: Two, number: str) -> int:
    """Two of the store give Bob's orders to Carol's WeChat; the claim."""
    carol = row_of(two.carol_id)
    with transaction():
        prove_phone(member_id=carol, phone=PHONE, vault=vault(), now=clock.now())
    new = db.session.get_one(Member, carol).number
    group = node_by_code("G")
    assert group
    node_id = group.id
    retried(
        lambda: lost_wechat.ask(
            number, new=new, reason="x", node_id=node_id, actor="staff:1", now=clock.now()
        )
    )
    return agreed().claim_id


@dataclass(frozen=True, slots=True)
class Agreed:
    claim_id: int
    given: GivenBack


def agreed() -> Agreed:
    """The second person agrees to the newest claim."""
    group = node_by_code("G")
    claim_id = db.session.scalar(select(func.max(MemberClaim.id)))
    assert group
    assert claim_id
    node_id = group.id
    done = retried(
        lambda: lost_wechat.decide(
            claim_id,
            verdict=ClaimVerdict.APPROVED,
            note="",
            node_id=node_id,
            actor="staff:2",
            now=clock.now(),
        )
    )
    return Agreed(claim_id, done.given)


def lifted(claim_id: int, kind: ClaimKind = ClaimKind.WRONG) -> GivenBack:
    group = node_by_code("G")
    assert group
    node_id = group.id
    retried(
        lambda: lost_wechat.lift(
            claim_id, kind=kind, reason="x", node_id=node_id, actor="staff:1", now=clock.now()
        )
    )
    return agreed().given


def paid(phone: Phone, wechat: Stage, number: str) -> None:
    sheet = phone.post(f"/api/orders/{number}/pay").get_json()
    assert wechat.act(phone.owner, "pay", **sheet)["err_msg"].endswith(":ok")
    phone.post(f"/api/orders/{number}/ask")
    work()


def refund(phone: Phone, number: str) -> TestResponse:
    asked = {"client_key": THIRD, "reason": "不想要了"}
    return phone.post(f"/api/orders/{number}/refund", **asked)


def assert_nobodys_but(owner: Phone, other: Phone, number: str) -> None:
    """One sees an order in every place, and the other nowhere."""
    for path in ("/orders", "/api/orders"):
        assert number in owner.get(path).text
        assert number not in other.get(path).text
    for path in ("/orders/{}", "/orders/{}/pay", "/api/orders/{}", "/api/orders/{}/details"):
        assert owner.get(path.format(number)).status_code == 200
        assert other.get(path.format(number)).status_code == 404


def nonces() -> list[bytes]:
    """Every sealed value there is opens where it stands; what each was sealed with."""
    db.session.rollback()
    found = []
    for sealed in SEALED:
        for row in db.session.scalars(select(sealed.table)):
            for column, place in sealed.places.items():
                if (value := getattr(row, column)) is not None:
                    vault().open(value, place=place(row))
                    found.append(bytes(value[:13]))
    return found


@pytest.mark.parametrize("two", ["bob_first", "carol_first"], indirect=True)
def test_each_has_what_it_ordered_and_nothing_of_the_other(
    mall: Mall, two: Two, wechat: Stage
) -> None:
    """Bob's WeChat was found in between, so that both ordered as one customer for a while."""
    first = ordered(two.bob, mall)
    claim_id = wrongly_claimed(two, first)
    plan = plan_line(mall, user_name="金丝雀", user_phone=USER)
    hers = ordered(two.carol, mall, client_key=SECOND, lines=[*wish(mall)["lines"], plan])
    paid(two.carol, wechat, hers)
    assert lifted(claim_id, ClaimKind.FOUND) == GivenBack()
    two.bob.sign_in()
    his = ordered(two.bob, mall, client_key=THIRD)
    for phone in (two.bob, two.carol):
        assert all(number in phone.get("/orders").text for number in (first, hers, his))
    before = nonces()

    assert lifted(claim_id).orders == 1

    for number in (first, his):
        assert_nobodys_but(two.bob, two.carol, number)
    assert_nobodys_but(two.carol, two.bob, hers)
    after = nonces()
    assert len(after) == len(before) == len({*after})
    page = two.carol.get(f"/orders/{hers}").text
    assert ("中山路 1 号" in page, "138****8000" in page) == (True, True)
    assert "申请退款" in page
    assert refund(two.bob, hers).status_code == 404
    assert refund(two.carol, hers).status_code == 202
    assert "申请退款" not in two.carol.get(f"/orders/{hers}").text
    assert order_of(hers).member_id == row_of(two.carol_id)


def test_what_was_sealed_for_the_one_opens_for_the_other_no_more(mall: Mall, two: Two) -> None:
    claim_id = wrongly_claimed(two, ordered(two.bob, mall))
    number = ordered(two.carol, mall, client_key=SECOND)
    order = order_of(number)
    old = order.contact_name
    assert old
    old_place = order_place(order.member_id, order.client_key, "contact_name")
    lifted(claim_id)
    order = order_of(number)
    new = order.contact_name
    assert new
    place = order_place(order.member_id, order.client_key, "contact_name")
    assert vault().open(new, place=place) == "鲍勃"
    for sealed, wrong in ((old, place), (new, old_place)):
        with pytest.raises(CannotOpen):
            vault().open(sealed, place=wrong)


def test_credit_proof_and_money_are_as_they_were(mall: Mall, two: Two, wechat: Stage) -> None:
    claim_id = wrongly_claimed(two, ordered(two.bob, mall))
    number = ordered(two.carol, mall, client_key=SECOND)
    paid(two.carol, wechat, number)
    with transaction():
        chain_receipts(now=clock.now())
    moved = {"sales_order", "order_line", "member_claim", "identity", "identity_link", "member"}
    passing = {*moved, "job", "staff_session", "audit_entry", "message"}
    before = rows(but=passing)
    lifted(claim_id)
    assert rows(but=passing) == before
    assert broken_link() is None
    bodies = [json.loads(body) for body in db.session.scalars(select(Receipt.body))]
    assert all(is_consistent(body) for body in bodies)
    receipt = db.session.scalars(select(Receipt.number).order_by(Receipt.id.desc())).first()
    assert "爱丽丝" in two.carol.get(f"/orders/{number}/why/{receipt}").text
    assert two.bob.get(f"/orders/{number}/why/{receipt}").status_code in {302, 404}


@pytest.mark.parametrize("two", ["bob_first", "carol_first"], indirect=True)
def test_where_the_others_contacts_decided_the_credit_it_stays_and_is_disputed(
    mall: Mall, two: Two, pass_time: PassTime
) -> None:
    """Dave brought Bob, whom Carol was taken for: her order is credited to him until somebody has looked."""
    claim_id = wrongly_claimed(two, ordered(two.bob, mall))
    two.carol.open(mall.link(mall.alice_id))
    of_her_own = ordered(two.carol, mall, client_key=SECOND)
    lifted(claim_id, ClaimKind.FOUND)
    pass_time(5)  # of contacts of one second chance decides
    signed_in(two.bob).open(mall.link(mall.dave_id))
    of_his = ordered(two.carol, mall, client_key=THIRD)
    assert credited_for(of_her_own, of_his) == [mall.alice_id, mall.dave_id]
    given = lifted(claim_id)
    assert (given.orders, given.disputed) == (2 if two.bob_id < two.carol_id else 0, 1)
    assert credited_for(of_her_own, of_his) == [mall.alice_id, mall.dave_id]
    disputed = db.session.scalars(select(Dispute.order_line_id)).all()
    assert disputed == [lines_of_order(order_of(of_his).id)[0].id]


def test_over_an_order_that_was_never_paid_there_is_no_dispute(
    mall: Mall, two: Two, pass_time: PassTime
) -> None:
    claim_id = wrongly_claimed(two, ordered(two.bob, mall))
    two.carol.open(mall.link(mall.alice_id))
    lifted(claim_id, ClaimKind.FOUND)
    pass_time(5)
    signed_in(two.bob).open(mall.link(mall.dave_id))
    number = ordered(two.carol, mall, client_key=THIRD)
    assert credited_for(number) == [mall.dave_id]
    two.carol.post(f"/api/orders/{number}/cancel")
    work()
    assert order_of(number).status == OrderStatus.CLOSED
    assert lifted(claim_id) == GivenBack(orders=1)


def credited_for(*numbers: str) -> list[int | None]:
    return [lines_of_order(order_of(each).id)[0].developer_rep_id for each in numbers]


def test_a_submit_repeated_afterwards_is_the_same_order(mall: Mall, two: Two) -> None:
    claim_id = wrongly_claimed(two, ordered(two.bob, mall))
    number = ordered(two.carol, mall, client_key=SECOND)
    lifted(claim_id)
    assert ordered(two.carol, mall, client_key=SECOND) == number


def test_one_key_used_before_and_in_between_stays_two_orders(mall: Mall, two: Two) -> None:
    first = ordered(two.carol, mall, client_key=SECOND)
    claim_id = wrongly_claimed(two, ordered(two.bob, mall))
    second = ordered(two.carol, mall, client_key=SECOND)
    assert first != second
    assert lifted(claim_id).orders == 1
    for number in (first, second):
        assert two.carol.get(f"/orders/{number}").status_code == 200
    assert ordered(two.carol, mall, client_key=SECOND) == first
    assert len(nonces()) == len({*nonces()})


def test_an_order_of_the_mini_program_goes_with_the_wechat_it_is_of(
    app: Flask, mall: Mall, two: Two, wechat: Stage
) -> None:
    claim_id = wrongly_claimed(two, ordered(two.bob, mall))
    program = Program(app, wechat, "Carol")
    program.sign_in()
    with transaction() as session:
        mini = session.scalars(select(Identity).where(Identity.appid == APPID)).one()
        mini_id = mini.id
        session.execute(
            update(Identity).where(Identity.id == two.carol_id).values(unionid=mini.unionid)
        )
    program.sign_in()
    assert row_of(mini_id) == row_of(two.carol_id)
    number = program.post("/api/orders", **wish(mall, client_key=SECOND)).get_json()["number"]
    assert lifted(claim_id).orders == 1
    details = program.get(f"/api/orders/{number}/details").get_json()
    assert details["address"] == "广东省 广州市 中山路 1 号"
    assert_nobodys_but(two.carol, signed_in(two.bob), number)


def test_a_picked_number_and_a_visit_go_with_their_order(mall: Mall, two: Two) -> None:
    take_numbers(mall)
    claim_id = wrongly_claimed(two, ordered(two.bob, mall))
    answer = order_plan(two.carol, mall, key=SECOND, number=FIRST)
    assert answer.status_code == 201, answer.text
    visit(mall, row_of(two.bob_id), order_of(answer.get_json()["number"]).id)
    lifted(claim_id)
    both = (two.carol, signed_in(two.bob))
    assert [len(each.get("/api/visits").get_json()["visits"]) for each in both] == [1, 0]
    db.session.rollback()
    assert number_row(FIRST).member_id == row_of(two.carol_id)


def test_what_breaks_on_the_way_leaves_everything_as_it_was(
    mall: Mall, two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim_id = wrongly_claimed(two, ordered(two.bob, mall))
    for key in (SECOND, THIRD):
        ordered(two.carol, mall, client_key=key)
    last = order_of(ordered(two.carol, mall, client_key=THIRD)).id

    def breaks(*, order_id: int, member_id: int) -> None:
        if order_id == last:
            raise RuntimeError
        hand_bookings(order_id=order_id, member_id=member_id)

    monkeypatch.setattr(parting, "hand_bookings", breaks)
    before = rows(but={"member_claim", "audit_entry"})
    with pytest.raises(RuntimeError):
        lifted(claim_id)
    assert rows(but={"member_claim", "audit_entry"}) == before
    monkeypatch.undo()
    assert agreed().given.orders == 2


def test_again_there_is_nothing_to_give(mall: Mall, two: Two) -> None:
    claim_id = wrongly_claimed(two, ordered(two.bob, mall))
    ordered(two.carol, mall, client_key=SECOND)
    two.carol.post("/api/addresses", **HOME)
    lifted(claim_id)
    before = rows()
    both = {row_of(two.bob_id), row_of(two.carol_id)}
    now = clock.now()
    given = retried(lambda: give_back(db.session.get_one(MemberClaim, claim_id), both, now=now))
    assert (given, rows()) == (GivenBack(), before)


def test_what_is_submitted_while_they_are_parted_is_whose_wechat_it_is(
    mall: Mall, two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request had looked who is signed in; then the claim was lifted; then it went on."""
    claim_id = wrongly_claimed(two, ordered(two.bob, mall))

    def meanwhile() -> str:
        found = home_outlet()
        lifted(claim_id)
        return found

    monkeypatch.setattr(storefront_orders, "home_outlet", meanwhile)
    number = ordered(two.carol, mall, client_key=SECOND)
    monkeypatch.undo()
    assert_nobodys_but(two.carol, signed_in(two.bob), number)


def test_of_a_submit_and_a_lifting_at_one_moment_nothing_goes_astray(
    app: Flask, mall: Mall, two: Two, phone_of: Phones
) -> None:
    claim_id = wrongly_claimed(two, ordered(two.bob, mall))
    browsers = [signed_in(phone_of("Carol")) for _ in range(3)]
    tokens = [each.page_token() for each in browsers]

    def act(n: int) -> str:
        if n == len(browsers):
            lifted(claim_id)
            return ""
        sent = wish(mall, client_key=f"race-{n:012d}")
        answer = browsers[n].post("/api/orders", tokens[n], **sent)
        assert answer.status_code == 201, answer.text
        return str(answer.get_json()["number"])

    db.session.rollback()
    numbers = race(app, act, times=len(browsers) + 1)[:-1]
    signed_in(two.bob)
    for number in numbers:
        assert_nobodys_but(two.carol, two.bob, number)
    assert len(nonces()) == len({*nonces()})


def test_of_a_refund_and_a_lifting_at_one_moment_both_happen(
    app: Flask, mall: Mall, two: Two, wechat: Stage
) -> None:
    claim_id = wrongly_claimed(two, ordered(two.bob, mall))
    number = ordered(two.carol, mall, client_key=SECOND)
    paid(two.carol, wechat, number)
    token = two.carol.page_token()

    def act(n: int) -> None:
        if n:
            lifted(claim_id)
            return
        asked = {"client_key": THIRD, "reason": "不想要了"}
        answer = two.carol.post(f"/api/orders/{number}/refund", token, **asked)
        assert answer.status_code == 202, answer.text

    db.session.rollback()
    race(app, act, times=2)
    work()
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(Refund)) == 1
    assert_nobodys_but(two.carol, signed_in(two.bob), number)


def signed_in(phone: Phone) -> Phone:
    phone.sign_in()
    return phone


def keep(phone: Phone, **changes: Any) -> None:
    assert phone.post("/api/addresses", **(HOME | changes)).status_code == 201


def streets(phone: Phone) -> list[str]:
    return [street for street, _ in book(phone)]


def test_what_was_kept_while_the_other_was_lost_is_the_new_ones(mall: Mall, two: Two) -> None:
    keep(two.bob, street="his")
    keep(two.carol, street="hers before")
    claim_id = wrongly_claimed(two, ordered(two.bob, mall))
    corrected = number_of(two.carol, "his")
    two.carol.post(f"/api/addresses/{corrected}", **(HOME | {"street": "his, corrected"}))
    keep(two.carol, street="hers", is_default=True)
    at = {"region": "广东省 广州市", "street": "of her order"}
    ordered(two.carol, mall, client_key=SECOND, address=at, keeps_address=True)
    assert lifted(claim_id).addresses == 2
    assert streets(two.carol) == ["hers", "of her order", "hers before"]
    assert streets(signed_in(two.bob)) == ["his, corrected"]
    assert len(nonces()) == len({*nonces()})
    keep(two.bob, street="hers")  # each has its own book again
    assert len(streets(two.carol)) == 3


def test_what_both_could_have_kept_stays_and_is_shown(mall: Mall, two: Two) -> None:
    """Once his WeChat was found, only an order says who was at the checkout."""
    claim_id = wrongly_claimed(two, ordered(two.bob, mall))
    keep(two.carol, street="hers while he was out")
    lifted(claim_id, ClaimKind.FOUND)
    for phone in (signed_in(two.bob), two.carol):
        keep(phone, street=f"{phone.owner} typed")
    for phone, key in ((two.bob, SECOND), (two.carol, THIRD)):
        at = {"region": "广东省 广州市", "street": f"{phone.owner} ordered"}
        ordered(phone, mall, client_key=key, address=at, keeps_address=True)
    visit(mall, row_of(two.bob_id))
    assert lifted(claim_id) == GivenBack(orders=1, addresses=2)
    assert streets(two.carol) == ["hers while he was out", "Carol ordered"]
    assert streets(two.bob) == ["Bob ordered", "Carol typed", "Bob typed"]
    left = left_where_it_is(db.session.get_one(MemberClaim, claim_id), clock.now())
    assert [each.what for each in left] == ["收货地址", "收货地址", "到店预约"]
    assert {each.member_id for each in left} == {row_of(two.bob_id)}


def test_a_phone_proven_in_between_is_the_new_ones(mall: Mall, two: Two) -> None:
    claim_id = wrongly_claimed(two, ordered(two.bob, mall))
    with transaction():
        prove_phone(member_id=row_of(two.carol_id), phone=OTHER, vault=vault(), now=clock.now())
    assert lifted(claim_id).phones == 1
    phones = [
        each.get("/api/phone").get_json()["phone"] for each in (two.carol, signed_in(two.bob))
    ]
    assert phones == ["139****9000", ""]
    assert len(nonces()) == len({*nonces()})


@pytest.mark.parametrize("two", ["carol_first"], indirect=True)
def test_where_the_new_ones_row_is_the_older_everything_lies_right(mall: Mall, two: Two) -> None:
    claim_id = wrongly_claimed(two, ordered(two.bob, mall))
    number = ordered(two.carol, mall, client_key=SECOND)
    keep(two.carol, street="hers")
    assert lifted(claim_id) == GivenBack()
    assert streets(two.carol) == ["hers"]
    assert_nobodys_but(two.carol, signed_in(two.bob), number)


def test_a_visit_booked_in_between_is_the_new_ones(mall: Mall, two: Two) -> None:
    claim_id = wrongly_claimed(two, ordered(two.bob, mall))
    visit(mall, row_of(two.carol_id))
    lifted(claim_id)
    both = (two.carol, signed_in(two.bob))
    assert [len(each.get("/api/visits").get_json()["visits"]) for each in both] == [1, 0]


def visit(mall: Mall, member_id: int, order_id: int | None = None) -> None:
    """An appointment of a person for the next day."""
    now = clock.now()
    with transaction():
        book_slot(
            outlet_id=mall.outlet_id,
            member_id=member_id,
            order_id=order_id,
            starts_at=now + timedelta(days=1),
            now=now,
        )
