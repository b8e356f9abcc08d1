"""Whose customer somebody is, asked without an order: by the same rules that decide one."""

from datetime import timedelta

import pytest

from flows.attribution import customer_of
from flows.visit import MINE, Opened, my_page, owned
from org.models import ChannelClass, Rep
from referral.models import Place, PolicyVersion, Share, Subject
from referral.operations import Sharer, Sharing, open_share
from referral.values import Certainty, TouchKind
from tests.console.conftest import Desks
from tests.console.test_imports import brought_in
from tests.console.test_imports_older import BINDINGS
from tests.console.world import World, buy, known, share, touch
from wx_backend import clock
from wx_backend.db import db, transaction

DAY = timedelta(days=1)


def article(world: World) -> Opened:
    """A campaign's link that is the same for everybody."""
    with transaction():
        made = open_share(
            sharer=Sharer(outlet_id=world.tree.corner),
            sharing=Sharing(subject=Subject.CAMPAIGN, place=Place.PUSH, subject_key="CP1"),
            now=clock.now(),
        )
        return Opened(made.id, Certainty.SIGNED)


@pytest.mark.parametrize("ago", [2 * DAY, 30 * DAY + timedelta(hours=2)])
def test_a_colleague_inside_a_protection_never_gets_the_customer_by_a_mass_send(
    world: World, ago: timedelta
) -> None:
    """Nils opened his link on a protected customer: neither during the protection nor after it."""
    dora = known("Dora")
    touch(dora, share(world.alice_id), kind=TouchKind.SUBSCRIBE, ago=ago)
    touch(dora, share(world.nils_id), kind=TouchKind.LINK_OPENED, ago=ago - DAY)
    now, opened = clock.now(), article(world)
    owner = world.alice_id if ago < 30 * DAY else None
    assert customer_of(dora.identity_id, now=now) == owner
    with transaction():
        mine = owned(opened, identity_id=dora.identity_id, now=now)
    assert db.session.get_one(Share, mine.share_id).root_rep_id == owner
    page = my_page(dora.identity_id, now)
    assert page == (f"/r/{world.alice_number}" if owner else "/")
    assert page != MINE


def test_an_import_of_a_stricter_channel_sets_no_terms_for_what_happened_here(
    desk_of: Desks, world: World
) -> None:
    """Nils scanned Dora ten days ago; in Alice's channel that would be too long."""
    dora = known("Dora")
    with transaction():
        db.session.get_one(Rep, world.alice_id).channel_class = ChannelClass.FRANCHISE
        strict = {"channel_class": ChannelClass.FRANCHISE, "window_days": 7}
        db.session.add(
            PolicyVersion(
                version=99, settings={"overrides": [strict]}, valid_from=clock.now() - 60 * DAY
            )
        )
    touch(dora, share(world.nils_id), kind=TouchKind.SCAN, ago=10 * DAY)
    brought_in(desk_of("south"), f"{BINDINGS}city,oDora,{world.alice_number},\n", "bindings")
    assert customer_of(dora.identity_id, now=clock.now()) == world.nils_id
    assert buy(dora, world.wares, world.tree.hall).rep_number == world.nils_number
