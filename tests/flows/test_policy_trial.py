"""A policy tried out on the lines of the last days: who would have them, and that nothing of them changes."""

from datetime import datetime, timedelta

import pytest
from flask import Flask

from flows import policy_trial
from flows.policy_trial import Change, Trial, try_policy
from referral.policy import Policy
from referral.values import TouchKind
from tests.console.world import Sold, World, buy, known, make_world, share, touch
from tests.rows import rows
from wx_backend import clock

DAY = timedelta(days=1)


@pytest.fixture
def world(app: Flask) -> World:
    """Bob opened Alice's link a little while ago, Nora followed Nils; both paid."""
    assert app
    return make_world()


def policy(**numbers: int) -> Policy:
    return Policy.from_mapping({"version": 2, **numbers})


def tried(now: datetime, **numbers: int) -> Trial:
    """These numbers, compared with the first policy."""
    return try_policy(policy(), policy(**numbers), now=now)


def taken_from_alice(world: World) -> Sold:
    """Dora followed Alice ten days ago and scanned Nils today: under seven days she is his."""
    dora = known("Dora")
    touch(dora, share(world.alice_id), kind=TouchKind.SUBSCRIBE, ago=10 * DAY)
    touch(dora, share(world.nils_id), kind=TouchKind.SCAN, ago=DAY / 2)
    return buy(dora, world.wares, world.tree.hall)


def known_for_long(world: World) -> Sold:
    """Eve opened Alice's link twenty days ago."""
    eve = known("Eve")
    touch(eve, share(world.alice_id), kind=TouchKind.LINK_OPENED, ago=20 * DAY)
    return buy(eve, world.wares, world.tree.hall)


def forgotten(world: World) -> Sold:
    """Finn opened Nils' link forty days ago: out of the window."""
    finn = known("Finn")
    touch(finn, share(world.nils_id), kind=TouchKind.LINK_OPENED, ago=40 * DAY)
    return buy(finn, world.wares, world.tree.hall)


def test_the_policy_in_force_changes_nothing(world: World) -> None:
    taken_from_alice(world)
    found = tried(clock.now())
    assert (found.lines, found.is_cut, found.changed, found.examples) == (3, False, 0, [])


def test_each_line_that_would_be_anothers_is_counted_and_named_and_nothing_changes(
    world: World,
) -> None:
    protected, short, long = taken_from_alice(world), known_for_long(world), forgotten(world)
    before = rows()
    now = clock.now()
    longer = tried(now, protection_days=14)
    assert (longer.lines, longer.counts) == (5, {Change.ANOTHER: 1})
    (told,) = longer.examples
    assert (told.receipt, told.change) == (protected.receipt, Change.ANOTHER)
    assert told.before.startswith("尼尔斯 100%")
    assert told.after.startswith("爱丽丝 100%")
    shorter = tried(now, window_days=14)
    assert shorter.counts == {Change.NOBODY: 1}
    (told,) = shorter.examples
    assert told.receipt == short.receipt
    assert told.after.startswith("网点公共池")
    wider = tried(now, window_days=60)
    assert wider.counts == {Change.SOMEBODY: 1}
    assert [each.receipt for each in wider.examples] == [long.receipt]
    assert rows() == before


def test_what_an_earlier_version_changed_is_not_told_of_a_later_one(world: World) -> None:
    """Dora's line was decided under seven days; fourteen to come or in force are not the draft's."""
    taken_from_alice(world)
    sold = known_for_long(world)
    now, longer = clock.now(), policy(protection_days=14)
    same = policy(protection_days=14, flash_recent_minutes=20)
    assert try_policy(longer, same, now=now).changed == 0
    both = try_policy(longer, policy(protection_days=14, window_days=14), now=now)
    assert both.counts == {Change.NOBODY: 1}
    assert [each.receipt for each in both.examples] == [sold.receipt]
    back = try_policy(longer, policy(), now=now)
    assert [(each.change, each.before[:3]) for each in back.examples] == [
        (Change.ANOTHER, "爱丽丝")
    ]


def test_an_exception_is_tried_on_its_own_lines_only(world: World) -> None:
    taken_from_alice(world)
    for channel, changed in (("own_hall", 1), ("partner", 0)):
        special = {"channel_class": channel, "protection_days": 14}
        wish = Policy.from_mapping({"version": 2, "overrides": [special]})
        assert try_policy(policy(), wish, now=clock.now()).changed == changed


def test_older_lines_are_left_out_and_of_many_the_newest_are_looked_at(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = taken_from_alice(world)
    assert tried(clock.now() + 31 * DAY).lines == 0
    monkeypatch.setattr(policy_trial, "LINES_MAX", 1)
    found = tried(clock.now(), protection_days=14)
    assert (found.lines, found.is_cut) == (1, True)
    assert [each.receipt for each in found.examples] == [newest.receipt]
