"""Who is meant, which link he gets, and what comes back: clicks, orders, commission, lift."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from campaigns.models import Campaign
from campaigns.segments import Segment
from catalog.models import Product
from flows.campaign.audience import wanted
from flows.campaign.people import Asked, people_shown
from flows.campaign.report import Report, RepResult, report
from flows.visit import Opened, touch_link
from members.audience import people as meant
from members.operations import seen
from members.queries import member_of
from orders.buyers import Bought
from orders.models import Fulfilment, OrderLine, SalesOrder
from org.invites import bind_rep
from org.queries import rep_card
from referral.models import Share
from referral.operations import Contact, record_touch
from referral.reach import push_shares
from referral.values import Certainty, TouchKind
from settlement.accruals import accrue
from settlement.models import ShareRole
from settlement.rates import add_rate
from settlement.rules import ANYTHING, LineFacts
from settlement.rules import Share as Part
from tests.campaigns.cast import (
    CITY,
    DAY,
    NOON,
    Cast,
    approved,
    begin,
    brought,
    crowd,
    drafted,
    followers,
    order_paid_at,
    paid,
    people,
    plan,
    state,
    work,
)
from tests.campaigns.platform import Platform
from tests.org.cast import hire
from wx_backend.db import db, transaction

HOUR = timedelta(hours=1)


def chosen(cast: Cast, **conditions: Any) -> list[int]:
    """Who a segment means, by identity."""
    campaign_id = drafted(cast, plan(segment=Segment(**conditions).as_json()))
    db.session.rollback()
    return [each.id for each in meant(wanted(state(campaign_id), now=NOON), after=0, limit=100)]


def test_every_condition_chooses_its_people(cast: Cast) -> None:
    bob, dan, eve = followers(["Bob", "Dan", "Eve"])
    (old,) = followers(["Old"], now=NOON - 60 * DAY)
    with transaction():
        quiet = seen(
            appid=CITY, openid="oQuiet", event_at=NOON - 50 * DAY, known_at=NOON - 50 * DAY
        )
        seen(appid="wxOther", openid="oElse", event_at=NOON, known_at=NOON)
    paid(bob)
    brought(dan, cast.alice_id)
    everybody = [bob, dan, eve, old, quiet]

    assert chosen(cast) == everybody
    assert chosen(cast, ordered="paid") == [bob]
    assert chosen(cast, ordered="never") == [dan, eve, old, quiet]
    assert chosen(cast, ordered="paid", ordered_days=1) == [bob]
    assert chosen(cast, rep_number=rep_card(cast.alice_id).number) == [dan]
    assert chosen(cast, rep_number="RP0") == []
    assert chosen(cast, outlet_id=cast.tree.hall) == [dan]
    assert chosen(cast, outlet_id=cast.tree.south) == [dan]
    assert chosen(cast, outlet_id=cast.tree.north) == []
    assert chosen(cast, outlet_id=cast.tree.frost) == []
    assert chosen(cast, followed_days=7) == [bob, dan, eve]
    assert chosen(cast, seen_days=7) == [bob, dan, eve]
    assert chosen(cast, quiet_days=40) == [old, quiet]
    assert chosen(cast, ordered="paid", quiet_days=40) == []
    assert chosen(cast, scanned_days=30) == []


def test_what_was_bought_and_scanned_and_who_is_a_rep_choose_too(cast: Cast) -> None:
    bob, dan, eve = followers(["Bob", "Dan", "Eve"])
    paid(bob)
    paid(dan)
    with transaction() as session:
        phone, plan_ = session.scalars(select(Product).order_by(Product.id)).all()
        of_dan = select(SalesOrder.id).where(SalesOrder.identity_id == dan)
        session.scalars(
            select(OrderLine).where(OrderLine.order_id.in_(of_dan))
        ).one().product_id = plan_.id
        phone_number, plan_number, member_id = phone.number, plan_.number, member_of(dan)
        assert member_id
        bind_rep(rep_id=cast.alice_id, member_id=member_id, now=NOON)
        record_touch(
            Contact(
                key=b"scan of eve".ljust(16),
                kind=TouchKind.SCAN,
                certainty=Certainty.PLATFORM,
                event_at=NOON - 3 * DAY,
                known_at=NOON,
                identity_id=eve,
                appid=CITY,
                scene="channel-7",
            )
        )

    assert chosen(cast, product_number=phone_number) == [bob]
    assert chosen(cast, product_number=plan_number) == [dan]
    assert chosen(cast, shelf="phones") == [bob, dan]
    assert chosen(cast, shelf="nothing-there") == []
    assert chosen(cast, shelf="phones", product_number=plan_number) == [dan]
    assert chosen(cast, ordered="never", product_number=phone_number) == [dan, eve]
    assert chosen(cast, is_rep=True) == [dan]
    assert chosen(cast, scanned_days=4) == [eve]
    assert chosen(cast, scanned_days=2) == []
    assert chosen(cast, scene="channel-7") == [eve]
    assert chosen(cast, scene="channel-8") == []


@pytest.mark.parametrize(
    ("active_for", "months", "ends_within"),
    [
        (700, 24, True),
        (715, 24, True),
        (735, 24, False),
        (600, 24, False),
        (350, 12, True),
        (350, 0, False),
    ],
)
def test_whose_contract_ends_soon_is_chosen_by_activation_and_months(
    cast: Cast, active_for: int, months: int, ends_within: bool
) -> None:
    """Two years are 731 days here, a year 365; asked for is what ends within 31 days."""
    bob, _ = followers(["Bob", "Dan"])
    paid(bob)
    with transaction():
        plan_product = db.session.scalars(select(Product).where(Product.kind == "plan")).one()
        plan_product.plan = {**(plan_product.plan or {}), "contract_months": months}
        line = db.session.scalars(select(OrderLine)).one()
        line.product_id, line.fulfilment = plan_product.id, Fulfilment.ACTIVATED
        line.fulfilled_at = NOON - active_for * DAY

    assert chosen(cast, plan_ends_days=31) == ([bob] if ends_within else [])


@pytest.fixture
def sent(cast: Cast, platform: Platform) -> int:
    """A campaign with two texts and a control group, sent to forty, half of them Alice's."""
    texts = [
        {"name": name, "fields": {"thing1": name, "thing2": "您好"}, "text": ""} for name in "AB"
    ]
    for number, identity_id in enumerate(crowd(40)):
        if number % 2:
            brought(identity_id, cast.alice_id)
    with time_machine.travel(NOON, tick=False):
        what = plan(content={"variants": texts}, control_bp=2_500)
        campaign_id = approved(cast, what)
        begin()
        work()
    assert platform.calls
    return campaign_id


def reported(campaign_id: int) -> Report:
    found = report(state(campaign_id))
    assert found is not None
    return found


def clicks(
    identity_id: int, share_id: int, at: datetime, kind: TouchKind = TouchKind.LINK_OPENED
) -> None:
    with transaction():
        touch_link(Opened(share_id, Certainty.SIGNED), identity_id=identity_id, kind=kind, now=at)


def test_clicks_orders_and_lift_come_back_to_person_text_and_rep(cast: Cast, sent: int) -> None:
    stands = people(sent)
    written = [openid for openid, (status, _, _) in stands.items() if status == "sent"]
    control = [openid for openid, (status, _, _) in stands.items() if status == "control"]
    with transaction():
        share_id = push_shares(state(sent).number, [cast.alice_id])[cast.alice_id]
        ids = {
            openid: seen(appid=CITY, openid=openid, event_at=NOON, known_at=NOON)
            for openid in (*written, *control)
        }
    for openid in written[:5]:
        clicks(ids[openid], share_id, NOON + HOUR)
        clicks(ids[openid], share_id, NOON + 2 * HOUR)
    clicks(ids[control[0]], share_id, NOON + HOUR, TouchKind.LAUNCHED)

    found = reported(sent)
    assert (found.audience, found.written) == (40, len(written))
    assert found.messages == {"sent": len(written)}
    assert (found.clicked, found.openings) == (5, 11), "a link passed on is no click of his"
    assert found.control.of == len(control)
    assert sum(each.clicked.of for each in found.variants) == len(written)
    assert sum(each.clicked.hits for each in found.variants) == 5
    assert [(each.name, each.people) for each in found.reps] == [("爱丽丝", 6)]
    assert (found.treated.hits, found.control.hits, found.lift_bp) == (0, 0, 0)


def test_orders_count_for_both_groups_within_the_same_days(cast: Cast, sent: int) -> None:
    assert cast
    stands = people(sent)
    first = next(openid for openid, (status, _, _) in stands.items() if status == "sent")
    with transaction():
        buyer = seen(appid=CITY, openid=first, event_at=NOON, known_at=NOON)
        share = db.session.scalars(select(Share).where(Share.subject == "campaign")).first()
        assert share
        share_id = share.id
    clicks(buyer, share_id, NOON + HOUR)
    paid_again(buyer, NOON + 3 * HOUR)
    paid_again(buyer, NOON + 8 * DAY)

    found = reported(sent)
    assert (found.treated.hits, found.control.hits) == (1, 0)
    assert (found.by_clickers.orders, found.by_clickers.kept_fen) == (1, 100)
    assert found.commission_fen == 0
    assert found.lift_bp == 10_000 // found.treated.of


def test_the_commission_on_what_they_bought_is_the_cost(cast: Cast, sent: int) -> None:
    stands = people(sent)
    buyer, other = [who for who, (status, _, _) in stands.items() if status == "sent"][:2]
    with transaction():
        ids = [seen(appid=CITY, openid=who, event_at=NOON, known_at=NOON) for who in (buyer, other)]
        share_id = push_shares(state(sent).number, [cast.alice_id])[cast.alice_id]
        add_rate(valid_from=date(2026, 1, 1), rate_bp=1_000, scope=ANYTHING)
    clicks(ids[0], share_id, NOON + HOUR)
    for (
        identity_id
    ) in ids:  # the other one did not open the link: what he brings is not the campaign's
        paid_again(identity_id, NOON + 2 * HOUR)
    paid_again(ids[0], NOON + 3 * HOUR)
    with transaction() as session:
        lines = select(OrderLine).join(SalesOrder, SalesOrder.id == OrderLine.order_id)
        for line in session.scalars(lines.where(SalesOrder.paid_at > NOON)).all():
            earn(line, cast.alice_id)

    found = reported(sent)
    assert (found.by_clickers.orders, found.by_clickers.buyers) == (2, 1)
    assert (found.commission_fen, found.cost_per_order_fen) == (20, 10)


def test_what_they_bought_comes_back_to_whom_it_is_credited_to_and_to_the_person(
    cast: Cast, sent: int
) -> None:
    buyer, other = [who for who, (status, _, _) in people(sent).items() if status == "sent"][:2]
    carol_id = hire(cast.tree.hall, "卡罗尔")
    with transaction():
        ids = [seen(appid=CITY, openid=who, event_at=NOON, known_at=NOON) for who in (buyer, other)]
        share_id = push_shares(state(sent).number, [cast.alice_id])[cast.alice_id]
        add_rate(valid_from=date(2026, 1, 1), rate_bp=1_000, scope=ANYTHING)
    clicks(ids[0], share_id, NOON + HOUR)
    for identity_id, hours in ((ids[0], 2), (ids[0], 3), (ids[1], 2)):
        paid_again(identity_id, NOON + hours * HOUR)
    with transaction() as session:
        lines = select(OrderLine).join(SalesOrder, SalesOrder.id == OrderLine.order_id)
        mine = lines.where(SalesOrder.identity_id == ids[0], SalesOrder.paid_at > NOON)
        for line, rep_id in zip(
            session.scalars(mine.order_by(OrderLine.id)), (cast.alice_id, carol_id), strict=True
        ):
            line.developer_rep_id = rep_id
            earn(line, rep_id)

    by_rep = {each.name: each for each in reported(sent).reps}
    assert by_rep["爱丽丝"] == RepResult(cast.alice_id, "爱丽丝", 1, Bought(1, 1, 100), 10)
    assert by_rep["卡罗尔"] == RepResult(carol_id, "卡罗尔", 0, Bought(1, 1, 100), 10)
    shown = people_shown(Asked(state(sent).number, cast.tree.group, status="sent"), limit=20)
    by_person = {each.row.identity_id: each for each in shown}
    who, else_ = by_person[ids[0]], by_person[ids[1]]
    assert (who.has_clicked, who.bought, who.commission_fen) == (True, Bought(1, 2, 200), 20)
    assert (else_.has_clicked, else_.bought.orders, else_.commission_fen) == (False, 1, 0)


def test_a_place_reads_no_names_and_no_sales_of_another(cast: Cast, sent: int) -> None:
    """Who was brought here buys there too: what he paid there is a sum without a name, or nothing."""
    buyer = next(who for who, (status, _, _) in people(sent).items() if status == "sent")
    there = hire(cast.tree.frost, "奈尔斯")
    with transaction():
        identity_id = seen(appid=CITY, openid=buyer, event_at=NOON, known_at=NOON)
        state_of = db.session.get_one(Campaign, sent)
        state_of.node_id = cast.tree.south
        number = state_of.number
        share_id = push_shares(number, [cast.alice_id])[cast.alice_id]
        add_rate(valid_from=date(2026, 1, 1), rate_bp=1_000, scope=ANYTHING)
    clicks(identity_id, share_id, NOON + HOUR)
    for hours in (2, 3):
        paid_again(identity_id, NOON + hours * HOUR)
    with transaction() as session:
        lines = select(OrderLine).join(SalesOrder, SalesOrder.id == OrderLine.order_id)
        mine = lines.where(SalesOrder.identity_id == identity_id, SalesOrder.paid_at > NOON)
        sold = ((cast.alice_id, cast.tree.hall), (there, cast.tree.frost))
        for line, (rep_id, outlet_id) in zip(
            session.scalars(mine.order_by(OrderLine.id)), sold, strict=True
        ):
            line.developer_rep_id, line.outlet_id = rep_id, outlet_id
            session.get_one(SalesOrder, line.order_id).outlet_id = outlet_id
            earn(line, rep_id)

    found = reported(sent).reps
    assert {each.name for each in found} == {"爱丽丝", ""}
    (elsewhere,) = (each for each in found if each.is_elsewhere)
    assert (elsewhere.bought.orders, elsewhere.commission_fen) == (1, 10)
    for node_id, orders in ((cast.tree.south, 1), (cast.tree.group, 2)):
        shown = people_shown(Asked(number, node_id, status="sent"), limit=40)
        (who,) = (each for each in shown if each.row.identity_id == identity_id)
        assert (who.bought.orders, who.commission_fen) == (orders, 10 * orders)


def earn(line: OrderLine, rep_id: int) -> None:
    """The commission on a line, all of it one rep's; in a transaction."""
    facts = LineFacts(
        order_line_id=line.id,
        product_id=line.product_id,
        category_id=line.category_id,
        channel_class="own_hall",
        paid_fen=line.paid_fen,
        product_kind="goods",
        paid_at=NOON,
    )
    shares = [Part(rep_id, ShareRole.DEVELOPER, 10_000)]
    assert accrue(line=facts, shares=shares, now=NOON + 3 * HOUR)


def paid_again(identity_id: int, at: datetime) -> None:
    """One more order paid at an instant."""
    with transaction():
        order_paid_at(identity_id, at)


def test_a_push_opens_what_the_campaign_shows(
    app: Flask, cast: Cast, platform: Platform, client: FlaskClient
) -> None:
    assert app
    bob, _ = crowd(2)
    brought(bob, cast.alice_id)
    with time_machine.travel(NOON, tick=False):
        approved(cast)
        begin()
        work()
        path = next(b["url"] for b in platform.bodies if b["touser"] == "o00000")
        answer = client.get(
            path.removeprefix("http://wx.test"), headers={"User-Agent": "Mozilla/5.0"}
        )

    assert answer.headers["Location"].endswith(rep_card(cast.alice_id).showroom_path)
