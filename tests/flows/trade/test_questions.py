"""What an order asks of the database: no more because more reps have met its buyer."""

from datetime import timedelta

from flows.attribution import attribute_again
from org.models import ChannelClass, Rep
from org.reps import hire_rep
from referral.models import Place, Subject
from referral.operations import Contact, Sharer, Sharing, open_share, record_touch
from referral.values import Certainty, TouchKind
from tests.counting import questions
from tests.flows.trade.market import Market, lines
from wx_backend import clock
from wx_backend.db import db, transaction

KNOWN_AGAIN = 8
"""Order, person and his contacts, line and its receipt: all that nothing new costs before payment."""


def asked_by(market: Market, key: str) -> tuple[int, int]:
    """How many questions placing an order took, and looking at its credit again before payment."""
    db.session.rollback()
    with questions() as placing:
        order_id = market.order(key=key)
    with questions() as again, transaction():
        attribute_again(order_id=order_id, now=clock.now())
    assert lines(order_id)[0].developer_rep_id is not None
    return len(placing), len(again)


def meet_reps(market: Market, many: int) -> None:
    """Bob opens a link of each of so many reps."""
    at = clock.now() - timedelta(minutes=5)
    with transaction() as session:
        outlet_id = session.get_one(Rep, market.alice_id).outlet_id
        for number in range(many):
            rep_id = hire_rep(
                name=f"员工{number}",
                outlet_id=outlet_id,
                channel_class=ChannelClass.OWN_HALL,
                now=at,
            )
            sharing = Sharing(subject=Subject.SHOWROOM, place=Place.CHAT)
            share = open_share(sharer=Sharer(rep_id=rep_id), sharing=sharing, now=at)
            record_touch(
                Contact(
                    key=b"touch-of-rep-%03d" % number,
                    kind=TouchKind.LINK_OPENED,
                    certainty=Certainty.SIGNED,
                    event_at=at,
                    known_at=at,
                    identity_id=market.bob.identity_id,
                    share_id=share.id,
                )
            )


def test_who_met_many_reps_asks_no_more_when_he_orders_and_pays(market: Market) -> None:
    by_one = asked_by(market, "by-one")
    meet_reps(market, 9)

    assert asked_by(market, "by-ten") == by_one
    assert by_one[1] <= KNOWN_AGAIN
