"""A rep's picks: his order, only what there is, and of it only what is on sale."""

import pytest

from catalog.models import Sku
from catalog.operations import list_product
from catalog.picks import BadPicks, picks_of, set_picks
from org.models import ChannelClass, Tier
from org.operations import create_node
from org.reps import hire_rep
from tests.catalog.shelf import NOON, Wares, put_on_shelf
from wx_backend.db import db, transaction
from wx_backend.errors import NotFound


@pytest.fixture
def wares(app: object) -> Wares:
    assert app
    return put_on_shelf()


@pytest.fixture
def rep_id(wares: Wares) -> int:
    assert wares
    with transaction():
        group = create_node(tier=Tier.GROUP, code="G", name="集团")
        outlet = create_node(tier=Tier.OUTLET, code="O1", name="营业厅", parent_id=group)
        return hire_rep(
            name="爱丽丝", outlet_id=outlet, channel_class=ChannelClass.OWN_HALL, now=NOON
        )


def product_of(sku_id: int) -> int:
    return db.session.get_one(Sku, sku_id).product_id


def test_picks_keep_their_order_and_are_replaced_as_a_whole(wares: Wares, rep_id: int) -> None:
    phone, plan = product_of(wares.phone_id), product_of(wares.plan_id)
    for wanted in ([plan, phone], [phone, plan], [plan], []):
        with transaction():
            set_picks(rep_id=rep_id, product_ids=wanted)
        assert [product.id for product in picks_of(rep_id)] == wanted


def test_what_is_off_the_shelf_is_picked_but_not_shown(wares: Wares, rep_id: int) -> None:
    phone = product_of(wares.phone_id)
    with transaction():
        set_picks(rep_id=rep_id, product_ids=[phone])
        list_product(product_id=phone, is_listed=False)
    assert [product.id for product in picks_of(rep_id)] == [phone]
    assert picks_of(rep_id, now=NOON) == []


def test_only_some_different_products_that_exist_can_be_picked(wares: Wares, rep_id: int) -> None:
    phone = product_of(wares.phone_id)
    for wrong in ([phone, phone], [phone, 10**9], [phone] * 13):
        with pytest.raises(BadPicks), transaction():
            set_picks(rep_id=rep_id, product_ids=wrong)
    with pytest.raises(NotFound), transaction():
        set_picks(rep_id=rep_id + 1, product_ids=[phone])
