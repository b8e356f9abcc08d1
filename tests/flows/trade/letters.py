"""Messages of the market: templates for buyer and rep, Alice able to get hers, who got how many."""

from flows.thanks import TO_BUYER, TO_REP
from members.joining import join_member
from members.models import Identity
from org.invites import bind_rep
from templates_msg.operations import set_template
from tests.flows.trade.market import Market
from tests.simulator.stage import SHOP, Stage
from wx_backend import clock
from wx_backend.db import transaction

FIELDS = {"number": "character_string1", "goods": "thing2", "amount": "amount3", "paid_at": "time4"}


def set_up_templates(stage: Stage) -> None:
    content = "\n".join(f"{{{{{key}.DATA}}}}" for key in FIELDS.values())
    for purpose in (TO_BUYER, TO_REP):
        stage.control(
            "PUT", f"/accounts/{SHOP}/templates/T-{purpose}", title="通知", content=content
        )
        with transaction():
            set_template(appid=SHOP, purpose=purpose, template_id=f"T-{purpose}", fields=FIELDS)


def bind_alice(market: Market, stage: Stage) -> None:
    openid = stage.act("Alice", "follow", appid=SHOP)["openid"]
    now = clock.now()
    with transaction() as session:
        identity = Identity(
            appid=SHOP, openid=openid, is_followed=True, seen_at=now, created_at=now
        )
        session.add(identity)
        session.flush()
        member_id = join_member(identity_id=identity.id, now=now)
        bind_rep(rep_id=market.alice_id, member_id=member_id, now=now)


def template_messages(stage: Stage, person: str) -> int:
    return sum(line["kind"] == "template" for line in stage.chat(person))
