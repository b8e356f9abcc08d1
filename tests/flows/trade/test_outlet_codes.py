"""An outlet's code and a campaign's link, from the scan to the line: whose the sale is."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select

from flows.outlet_codes import outlet_code
from flows.visit import Opened, touch_link
from members.joining import join_member
from members.models import Identity
from orders.values import Item
from org.models import OrgNode, Rep, Tier
from referral.models import Code, Place, Receipt, Subject
from referral.operations import Sharer, Sharing, open_share
from referral.proofs import as_values, broken_link, chain_receipts
from referral.queries import touches_of
from referral.replay import is_consistent, spoken
from referral.sentences import Names
from referral.values import Certainty
from referral.values import Touch as TouchValue
from tests.flows.trade.market import Market, lines
from tests.handlers.conftest import desk_of
from tests.handlers.platform import Platform, follow, scan
from tests.orders.buyers import Buyer
from wx_backend import cli, clock
from wx_backend.config import Config
from wx_backend.db import db, transaction
from wx_backend.outbox import done_here

DAVE = "oDave0000000000000000000000"


@pytest.fixture
def south(market: Market) -> int:
    """南门营业厅, beside the outlet that the account names for everything else."""
    with transaction() as session:
        node = OrgNode(tier=Tier.OUTLET, code="O2", name="南门营业厅")
        session.add(node)
        session.flush()
        assert market.bob
        return node.id


@pytest.fixture
def dave_sells(market: Market, south: int) -> int:
    """Dave is a rep at 南门营业厅."""
    assert market.bob
    with transaction() as session:
        rep = Rep(
            number="RPDAVE",
            name="Dave",
            outlet_id=south,
            channel_class="own_hall",
            joined_on=date(2026, 1, 1),
        )
        session.add(rep)
        session.flush()
        return rep.id


def scene_of(config: Config) -> str:
    """The scene of the code on 南门营业厅's counter."""
    code = done_here(outlet_code(outlet="O2", appid=config.accounts[0].appid))
    assert code.url is not None
    db.session.rollback()
    return db.session.scalars(select(Code.scene)).one() or ""


def dave_comes(app: Flask, config: Config, scene: str) -> Buyer:
    """Dave follows through a code and becomes a member."""
    desk = desk_of(app)
    at = int(clock.now().timestamp()) - 60
    sent = Platform(config.accounts[0]).safe(follow(scene, at=at, openid=DAVE))
    assert desk(sent, account=config.accounts[0].name).status_code == 200
    with transaction() as session:
        identity = session.scalars(select(Identity).where(Identity.openid == DAVE)).one()
        return Buyer(join_member(identity_id=identity.id, now=clock.now()), identity.id)


def dave_buys(market: Market, dave: Buyer) -> int:
    market.bob = dave
    return market.order(Item(market.wares.phone, 1), key="dave-1")


def receipts() -> list[dict[str, Any]]:
    db.session.rollback()
    return [
        json.loads(body) for body in db.session.scalars(select(Receipt.body).order_by(Receipt.id))
    ]


def test_who_scans_an_outlets_code_buys_from_that_outlet(
    app: Flask, market: Market, config: Config, south: int
) -> None:
    dave = dave_comes(app, config, scene_of(config))
    (line,) = lines(dave_buys(market, dave))

    assert (line.outlet_id, line.developer_rep_id) == (south, None)
    (body,) = receipts()
    assert body["result"]["reason"] == "outlet_of_code"
    assert is_consistent(body)
    said = spoken(body, Names(outlets={south: "南门营业厅"}))
    assert said["touches"][0]["path_sentence"] == "南门营业厅"
    with transaction():
        chain_receipts(now=clock.now())
    assert broken_link() is None


def test_a_reps_customer_stays_hers_whichever_outlet_he_scans(
    app: Flask, market: Market, config: Config, south: int
) -> None:
    desk, account = desk_of(app), config.accounts[0]
    openid = db.session.get_one(Identity, market.bob.identity_id).openid or ""
    at = int(clock.now().timestamp()) - 60
    sent = Platform(account).safe(scan(scene_of(config), at=at, openid=openid))
    assert desk(sent, account=account.name).status_code == 200

    (line,) = lines(market.order())
    assert line.developer_rep_id == market.alice_id
    assert line.outlet_id != south


def test_what_a_customer_passes_on_from_an_outlet_is_still_the_outlets(
    market: Market, south: int
) -> None:
    now = clock.now()
    with transaction():
        at_counter = Sharing(subject=Subject.SHOWROOM, place=Place.PRINT)
        outlet = open_share(sharer=Sharer(outlet_id=south), sharing=at_counter, now=now)
        again = open_share(
            sharer=Sharer(identity_id=market.bob.identity_id),
            sharing=Sharing(subject=Subject.SHOWROOM, place=Place.CHAT),
            parent_id=outlet.id,
            now=now,
        )
        share_id = again.id
    touch = touch_by(market, share_id)
    assert (touch.outlet_id, touch.root_rep_id, touch.is_push) == (south, None, False)


def test_a_campaigns_link_that_we_sent_takes_nobodys_customer(
    market: Market, dave_sells: int
) -> None:
    pushed = touch_by(market, campaign_share(dave_sells, Place.PUSH))
    assert pushed.is_push

    (line,) = lines(market.order())
    assert line.developer_rep_id == market.alice_id
    (body,) = receipts()
    reasons = [touch["verdict"]["reason"] for touch in body["touches"]]
    assert reasons == ["won", "push_to_a_colleagues_customer"]
    assert is_consistent(body)


@pytest.mark.parametrize("place", [Place.POSTER, Place.MOMENTS, Place.CHAT])
def test_a_campaign_that_a_rep_shares_himself_is_his_own_act(
    market: Market, dave_sells: int, place: Place
) -> None:
    assert not touch_by(market, campaign_share(dave_sells, place)).is_push
    (line,) = lines(market.order())
    assert line.developer_rep_id == dave_sells


def test_what_a_customer_makes_of_our_push_is_no_push(market: Market, dave_sells: int) -> None:
    pushed = campaign_share(dave_sells, Place.PUSH)
    with transaction():
        again = open_share(
            sharer=Sharer(identity_id=market.bob.identity_id),
            sharing=Sharing(subject=Subject.CAMPAIGN, place=Place.CHAT, subject_key="CA1"),
            parent_id=pushed,
            now=clock.now(),
        ).id
    touch = touch_by(market, again)
    assert (touch.is_push, touch.root_rep_id) == (False, dave_sells)


def test_the_command_makes_an_outlets_code_once(
    config: Config, south: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert south
    monkeypatch.setattr(cli, "_config", lambda: config)
    monkeypatch.setattr("wx_backend.log.configure", lambda: None)
    db.session.rollback()
    picture = tmp_path / "code.svg"
    command = ["outlet-code", "O2", "--svg", str(picture)]
    first, second = (CliRunner().invoke(cli.main, command) for _ in range(2))

    assert first.output == second.output
    assert first.output.startswith("http")
    assert picture.read_text().startswith("<svg")
    assert len(db.session.scalars(select(Code)).all()) == 1
    for wrong in (["O9"], ["O2", "--account", "nobody"]):
        assert CliRunner().invoke(cli.main, ["outlet-code", *wrong]).exit_code


def touch_by(market: Market, share_id: int) -> TouchValue:
    """Bob opens a share's link; his touch as the rules take it."""
    with transaction():
        opened = Opened(share_id, Certainty.SIGNED)
        touch_link(opened, identity_id=market.bob.identity_id, now=clock.now())
    rows = touches_of(identity_ids=[market.bob.identity_id], visitor_ids=[])
    return next(touch for touch in as_values(rows) if touch.share_id == share_id)


def campaign_share(rep_id: int, place: Place) -> int:
    with transaction():
        sharing = Sharing(subject=Subject.CAMPAIGN, place=place, subject_key="CA1")
        return open_share(sharer=Sharer(rep_id=rep_id), sharing=sharing, now=clock.now()).id
