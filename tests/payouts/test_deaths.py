"""Whoever releases or books a pay-out may break, be killed or hang: each receiver is paid once."""

import pytest
from flask import Flask

from flows.payout.batches import AFTER_RELEASE, chase_releases
from ledger.models import AccountKind
from ledger.values import of_merchant
from settlement.payouts.ending import AFTER_BOOKS
from settlement.payouts.models import PayoutStatus, Rail
from tests.dying import Deed, Fate, meet
from tests.payouts.test_transfers import collect
from tests.payouts.world import (
    World,
    approve,
    assert_books_balance,
    free,
    on,
    payout_to,
    propose,
    released,
    transit,
)
from tests.simulator.stage import MCHID, Stage
from wx_backend import clock, outbox
from wx_backend.db import db, retried
from wx_backend.worker import drain_queue

FUNDS = of_merchant(AccountKind.PAYOUT_FUNDS, MCHID)

pytestmark = pytest.mark.processes


def drain(app: Flask, _given: None) -> None:
    """What workers do, one of each queue."""
    for queue in (outbox.WORK, outbox.CALL):
        drain_queue(app, queue)


def deed(world: World, point: str) -> Deed:
    db.session.rollback()
    return Deed(world.app.extensions["wx_config"], point, drain)


@pytest.mark.parametrize("fate", Fate)
def test_a_batch_is_released_once(world: World, fate: Fate) -> None:
    approve(world, propose(world))
    meet(deed(world, AFTER_RELEASE), fate, lambda: world.pass_time(minutes=11))
    world.pass_time(minutes=11)
    retried(lambda: chase_releases(now=clock.now()))
    world.work()
    assert (free(world.alice), transit(world.alice)) == (0, 5_000)
    assert retried(lambda: chase_releases(now=clock.now())) == 0
    assert_books_balance()


@pytest.mark.parametrize("fate", Fate)
def test_a_transfer_that_arrived_is_booked_once(paying: World, stage: Stage, fate: Fate) -> None:
    released(paying, rail=Rail.TRANSFER)
    collect(paying, stage)
    stage.settle()
    meet(deed(paying, AFTER_BOOKS), fate, lambda: paying.pass_time(minutes=3))
    for _ in range(3):
        paying.pass_time(minutes=40)
        paying.work()
    assert payout_to("爱丽丝").status == PayoutStatus.PAID
    assert on(FUNDS) == -5_000
    assert len(stage.facts("transfer")) == 1
    assert_books_balance()
