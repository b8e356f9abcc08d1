"""The mall's rows: one outlet of a town with two reps, and goods on the shelf."""

from dataclasses import dataclass

from sqlalchemy import select

from catalog.models import Product, Sku
from org.hours import OpeningHours
from org.models import ChannelClass, Tier
from org.operations import create_node, set_opening_hours
from org.queries import rep_card
from org.reps import hire_rep
from referral.models import Place, Subject
from referral.operations import Sharer, Sharing, open_share
from referral.signing import sign_share
from tests.catalog.shelf import NOON, Wares, put_on_shelf
from wx_backend import clock
from wx_backend.db import db, transaction

WEEK = {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}


@dataclass(frozen=True, slots=True)
class Mall:
    """Ids and numbers of what the tests talk about."""

    outlet_id: int
    alice_id: int
    alice_number: str
    dave_id: int
    dave_number: str
    wares: Wares
    product: str

    def link(self, rep_id: int, product: str = "", place: Place = Place.CHAT) -> str:
        """The path of a rep's share link: of his showroom, or of a product."""
        subject = Subject.PRODUCT if product else Subject.SHOWROOM
        with transaction():
            share = open_share(
                sharer=Sharer(rep_id=rep_id),
                sharing=Sharing(subject=subject, place=place, subject_key=product),
                now=clock.now(),
            )
            return f"/s/{sign_share(share.id)}"


def make_mall() -> Mall:
    """The town's outlet with Alice and Dave, a phone and a plan."""
    wares = put_on_shelf()
    with transaction():
        group = create_node(tier=Tier.GROUP, code="G", name="集团")
        province = create_node(tier=Tier.PROVINCE, code="P", name="省", parent_id=group)
        city = create_node(tier=Tier.CITY, code="C", name="城市", parent_id=province)
        outlet = create_node(tier=Tier.OUTLET, code="O1", name="中山路营业厅", parent_id=city)
        set_opening_hours(outlet_id=outlet, hours=OpeningHours.from_json(WEEK))
        alice, dave = (
            hire_rep(
                name=name,
                outlet_id=outlet,
                channel_class=ChannelClass.OWN_HALL,
                title="客户经理",
                greeting="您好，选机办卡随时找我",
                now=NOON,
            )
            for name in ("爱丽丝", "戴夫")
        )
    return Mall(
        outlet_id=outlet,
        alice_id=alice,
        alice_number=rep_card(alice).number,
        dave_id=dave,
        dave_number=rep_card(dave).number,
        wares=wares,
        product=product_of(wares.phone_id),
    )


def product_of(sku_id: int) -> str:
    """The public number of a variant's product."""
    query = select(Product.number).join(Sku, Sku.product_id == Product.id).where(Sku.id == sku_id)
    return db.session.scalars(query).one()
