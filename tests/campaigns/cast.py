"""Who is in a campaign: customers of Alice with a paid order, others, and the staff."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from campaigns import operations
from campaigns.counts import kept_groups
from campaigns.models import Campaign, Recipient, RecipientStatus
from campaigns.operations import Plan
from campaigns.queries import groups_of
from campaigns.rules import is_control
from catalog.models import Product, Sku
from flows.campaign import running
from flows.campaign.freezing import start_freezing
from members.consents import Answer, record_consents
from members.joining import join_member
from members.models import Identity
from members.operations import follow
from orders.models import OrderLine, SalesOrder
from org.models import OrgNode, Role, Staff
from referral.models import Place, Subject
from referral.operations import Contact, Sharer, Sharing, open_share, record_touch
from referral.values import Certainty, TouchKind
from templates_msg.library import Listed, note_library
from templates_msg.models import MessageKind
from tests.catalog.shelf import put_on_shelf
from tests.jobs import run_jobs
from tests.org.cast import Tree, hire, plant
from wx_backend import clock, outbox
from wx_backend.db import db, transaction

CITY = "wx5ad0c1ee0a2b3f4d"
NOON = datetime.fromisoformat("2026-03-02T12:00:00+08:00")
DAY = timedelta(days=1)
NOTICE, OFFER = "TPL-NOTICE", "SUB-OFFER"
CONTENT = "商品：{{thing1.DATA}}\n提示：{{thing2.DATA}}"
FIELDS = {"thing1": "您购买的手机", "thing2": "{员工}提醒您领取发票"}


@dataclass(frozen=True, slots=True)
class Cast:
    tree: Tree
    alice_id: int
    sku: str
    writer: int
    reader: int


def make_cast() -> Cast:
    """The tree, Alice, two staff at the top, and the account's templates."""
    tree = plant()
    wares = put_on_shelf()
    alice_id = hire(tree.hall, "爱丽丝")
    with transaction():
        db.session.get_one(OrgNode, tree.corner).code = "O1"  # the account's own outlet
        staff = [
            Staff(
                login=login, name=login, password_hash="-", role=Role.MARKETER, node_id=tree.group
            )
            for login in ("writer", "reader")
        ]
        db.session.add_all(staff)
        db.session.flush()
        writer, reader = (each.id for each in staff)
    notices_in()
    return Cast(tree, alice_id, wares.phone, writer, reader)


def notices_in() -> None:
    """The account has a template message and a subscription notice."""
    with transaction():
        for kind, template_id in (
            (MessageKind.TEMPLATE, NOTICE),
            (MessageKind.SUBSCRIPTION, OFFER),
        ):
            listed = [Listed(template_id, template_id, CONTENT)]
            note_library(appid=CITY, kind=kind, listed=listed, now=NOON)


def followers(names: list[str], *, now: datetime = NOON) -> list[int]:
    """People who follow the account; their identities."""
    with transaction():
        return [
            follow(
                key=f"follow:{name:>9}".encode()[:16],
                appid=CITY,
                openid=f"o{name}",
                event_at=now - 2 * DAY,
                known_at=now - 2 * DAY,
            )
            for name in names
        ]


def crowd(count: int, *, now: datetime = NOON) -> list[int]:
    """Many followers who each paid an order yesterday."""
    ids = followers([f"{n:05d}" for n in range(count)], now=now)
    with transaction():
        what = sold()
        for identity_id in ids:
            _order(identity_id, what, now)
    return ids


def paid(identity_id: int, *, now: datetime = NOON) -> None:
    """Somebody paid an order a day ago."""
    with transaction():
        _order(identity_id, sold(), now)


def order_paid_at(identity_id: int, at: datetime) -> None:
    """Somebody paid an order at an instant; in a transaction."""
    _order(identity_id, sold(), at + DAY)


def _order(identity_id: int, what: dict[str, Any], now: datetime) -> None:
    """Rows as the checkout leaves them, in short."""
    order = SalesOrder(
        number=f"OD{identity_id:08d}{int(now.timestamp())}",
        member_id=join_member(identity_id=identity_id, now=now),
        identity_id=identity_id,
        client_key=f"k{identity_id}{now:%d%H}",
        content=b"c" * 16,
        status="paid",
        total_fen=100,
        discount_fen=0,
        payable_fen=100,
        delivery="none",
        placed_at=now - DAY,
        expires_at=now,
        paid_at=now - DAY,
    )
    db.session.add(order)
    db.session.flush()
    db.session.add(OrderLine(order_id=order.id, position=1, quantity=1, **what))


def sold() -> dict[str, Any]:
    """An order line's product and money, of whatever is on the shelf."""
    sku = db.session.scalars(select(Sku).limit(1)).one()
    product = db.session.get_one(Product, sku.product_id)
    return {
        "sku_id": sku.id,
        "product_id": product.id,
        "category_id": product.category_id,
        "product_kind": "goods",
        "name": "手机",
        "unit_price_fen": 100,
        "list_fen": 100,
        "discount_fen": 0,
        "paid_fen": 100,
    }


def brought(identity_id: int, rep_id: int, *, now: datetime = NOON) -> None:
    """Somebody came by a rep's link yesterday."""
    with transaction():
        share = open_share(
            sharer=Sharer(rep_id=rep_id),
            sharing=Sharing(subject=Subject.SHOWROOM, place=Place.CHAT),
            now=now - DAY,
        )
        record_touch(
            Contact(
                key=f"t{identity_id:>15}".encode(),
                kind=TouchKind.LINK_OPENED,
                certainty=Certainty.SIGNED,
                event_at=now - DAY,
                known_at=now - DAY,
                identity_id=identity_id,
                share_id=share.id,
            )
        )


def agreed(identity_id: int, *, now: datetime = NOON, times: int = 1) -> None:
    """Somebody says yes to the notice of offers."""
    with transaction():
        for number in range(times):
            record_consents(
                push_key=f"{identity_id:>12}{number:>4}".encode(),
                identity_id=identity_id,
                answers=[Answer(OFFER, True)],
                event_at=now - DAY,
                known_at=now - DAY,
            )


def plan(**changes: Any) -> Plan:
    """A notice about paid orders, to be sent at once."""
    usual: dict[str, Any] = {
        "name": "发票提醒",
        "campaign_class": "service",
        "purpose": "提醒已购机客户领取发票",
        "service_event": "order_paid",
        "event_days": 30,
        "template_id": NOTICE,
        "content": {"variants": [{"name": "A", "fields": FIELDS, "text": ""}]},
        "segment": {},
        "product_number": None,
        "starts_at": None,
        "rate_per_second": 1_000,
        "control_bp": 0,
        "cap_messages": 4,
        "cap_days": 7,
    }
    return Plan(**{**usual, **changes})


def offer(**changes: Any) -> Plan:
    """A promotion by subscription notice, else by customer service."""
    text = {
        "name": "A",
        "fields": {"thing1": "春季好机", "thing2": "满减进行中"},
        "text": "春季满减",
    }
    usual: dict[str, Any] = {
        "campaign_class": "promotion",
        "service_event": None,
        "template_id": OFFER,
        "content": {"variants": [text]},
    }
    return plan(**{**usual, **changes})


ARTICLE = {
    "title": "春季好机",
    "digest": "到店看看",
    "content": "<p>新款到店</p>",
    "thumb_media_id": "cover",
}


def article(**changes: Any) -> Plan:
    """A mass send of one article to everybody who follows."""
    usual: dict[str, Any] = {
        "campaign_class": "mass",
        "service_event": None,
        "template_id": None,
        "content": {"variants": [], "article": ARTICLE},
    }
    return plan(**{**usual, **changes})


def drafted(cast: Cast, what: Plan | None = None, *, now: datetime = NOON) -> int:
    """A draft by the writer."""
    with transaction():
        return operations.create_campaign(
            what or plan(), appid=CITY, node_id=cast.tree.group, staff_id=cast.writer, now=now
        ).id


def frozen(cast: Cast, what: Plan | None = None, *, now: datetime = NOON) -> int:
    """A campaign put before the reader, its audience frozen."""
    campaign_id = drafted(cast, what, now=now)
    with transaction():
        start_freezing(operations.submit(campaign_id, staff_id=cast.writer, now=now))
    run_jobs(outbox.BULK)
    return campaign_id


def approved(cast: Cast, what: Plan | None = None, *, now: datetime = NOON) -> int:
    """One the reader agreed to."""
    campaign_id = frozen(cast, what, now=now)
    with transaction():
        operations.approve(campaign_id, revision=1, staff_id=cast.reader, now=now)
    return campaign_id


def begin() -> int:
    """What the clock does every minute."""
    with transaction():
        return running.begin_due(now=clock.now())


def work() -> None:
    """What the sender does."""
    run_jobs(outbox.BULK)


def one_job() -> None:
    """One turn of the sender."""
    for held in outbox.claim(outbox.BULK, limit=1):
        outbox.run(held)


def state(campaign_id: int) -> Campaign:
    """The campaign as it stands."""
    db.session.rollback()
    return db.session.get_one(Campaign, campaign_id, populate_existing=True)


def people(campaign_id: int) -> dict[str, tuple[str, str | None, str | None]]:
    """Everybody of a campaign by openid: status, way, reason."""
    db.session.rollback()
    rows = db.session.execute(
        select(Identity.openid, Recipient.status, Recipient.way, Recipient.reason)
        .join(Recipient, Recipient.identity_id == Identity.id)
        .where(Recipient.campaign_id == campaign_id)
    )
    return {openid or "": (status, way, reason) for openid, status, way, reason in rows}


def stands(campaign_id: int) -> Counter[str]:
    """How many people of a campaign stand where."""
    return Counter(status for status, _, _ in people(campaign_id).values())


def control_is_the_lots(campaign_id: int) -> bool:
    """Whether those held out to compare with are exactly those whom the lot names."""
    campaign = state(campaign_id)
    query = select(Recipient.identity_id, Recipient.status)
    rows = db.session.execute(query.where(Recipient.campaign_id == campaign_id)).all()
    held_out = {who for who, status in rows if status == RecipientStatus.CONTROL}
    drawn = {who for who, _ in rows if is_control(campaign.number, who, campaign.control_bp)}
    return held_out == drawn


def counts_agree(campaign_id: int) -> bool:
    """Whether what is kept of how many stand where is what counting finds."""
    db.session.rollback()
    return {*kept_groups(campaign_id)} == {*groups_of(campaign_id)}
