"""The first page tells whoever may decide what waits for his word, and nobody of what he asked for himself."""

import re

from sqlalchemy import update

from campaigns.models import Campaign, CampaignStatus
from tests.campaigns.cast import NOTICE, notices_in
from tests.console.campaigns.conftest import made
from tests.console.conftest import Desks
from tests.console.desk import Desk
from tests.console.owned import flagged
from tests.console.test_claims import claimed
from tests.console.test_money_out import propose, rich
from tests.console.test_rates import proposed
from tests.console.test_refunds import ask, config
from tests.console.world import World
from tests.storefront.mall import product_of
from wx_backend.db import db, transaction

__all__ = ["config", "rich"]
_TOLD = re.compile(
    r'<a class="btn btn-outline-primary" href="([^"]+)">(\S+) <strong>(\d+)</strong>'
)


def told(desk: Desk) -> dict[str, int]:
    """What waits for whoever looks, each found where it leads to."""
    shown = _TOLD.findall(desk.get("/").text)
    for path, name, _ in shown:
        assert desk.get(path.removeprefix("/console")).status_code == 200, name
    return {name: int(count) for _, name, count in shown}


def test_nothing_waits(desk_of: Desks, world: World) -> None:
    assert world
    assert told(desk_of("root")) == {}
    assert "等您处理" not in desk_of("root").get("/").text


def test_whoever_may_decide_is_told(desk_of: Desks, rich: World) -> None:
    manager, finance, south = (desk_of(login) for login in ("manager", "finance", "south"))
    product = product_of(rich.wares.phone_id)
    db.session.rollback()
    path = f"/products/{product}/skus/{rich.wares.phone}/price"
    assert manager.post(path, price="999", prepaid="0").status_code == 302
    assert ask(finance, f"/orders/{rich.southern.number}/refund", "1500") == 302
    claimed(desk_of("clerk"), rich)
    propose(finance, rich.tree.south)
    proposed(desk_of("root"))
    notices_in()
    made(desk_of("marketer"), template_id=NOTICE)
    with transaction() as session:
        session.execute(update(Campaign).values(status=CampaignStatus.SUBMITTED, submitted_by=1))

    shared = {"退款": 1, "微信换绑": 1, "活动": 1}
    assert told(south) == shared | {"改价": 1, "佣金发放": 1}
    assert told(manager) == shared  # his own change of price is another's to decide
    assert told(finance) == {}  # what she asked for herself
    assert told(desk_of("clerk")) == {}
    assert told(desk_of("head")) == {"退款": 1, "微信换绑": 1}
    assert told(desk_of("north")) == {"改价": 1}  # goods are everybody's, the rest is not his
    assert "佣金规则" not in told(desk_of("root"))
    assert told(desk_of("root2"))["佣金规则"] == 1


def test_what_looks_like_farming_waits_for_whoever_leads_the_reps(
    desk_of: Desks, world: World
) -> None:
    flag_id = flagged(world.nils_id)
    assert told(desk_of("north")) == told(desk_of("root")) == {"推广核查": 1}
    for login in ("south", "manager", "finance", "marketer", "clerk"):
        assert told(desk_of(login)) == {}, login
    north = desk_of("north")
    assert north.post(f"/farming/{flag_id}/looked_into", reason="核对", rows="1").status_code == 302
    assert told(north) == {}
