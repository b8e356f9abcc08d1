"""Stories that pass through the crash points, told here or in a process that is to end there.

A story is prepared, acted (that is where the process dies or hangs) and resumed as whoever
waited for it would: the platform repeats its push, a person submits again, the sweeper drains.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from flows.refund.agree import refund_whole_order
from ledger.models import AccountKind
from members.models import FollowEvent, Identity
from orders.models import OrderLine, SalesOrder
from orders.values import Item
from payments.errors import AlreadyPaid
from payments.models import Payment, PayNotice, Refund
from referral.models import Attribution, CodeKind, Receipt, Share, Touch
from referral.operations import plan_scene_code
from referral.proofs import broken_link, chain_receipts
from referral.replay import is_consistent
from settlement.queries import income_of
from templates_msg.models import Message
from tests.catalog.shelf import stock_of
from tests.flows.trade.letters import bind_alice, set_up_templates, template_messages
from tests.flows.trade.market import Market, open_kinds, total
from tests.handlers.conftest import desk_of
from tests.handlers.platform import Platform, follow
from tests.simulator.stage import SHOP
from wx_backend import clock, outbox
from wx_backend.backlog import backlog_of
from wx_backend.db import db, retried, transaction
from wx_backend.inbox import Push
from wx_backend.outbox import Job
from wx_backend.worker import drain_queue

Told = dict[str, Any]
Result = dict[str, Any]


def drain(market: Market) -> None:
    """What a worker does, or the sweeper where no bell has rung."""
    db.session.rollback()
    for _ in range(10):
        if not sum(drain_queue(market.app, queue) for queue in (outbox.WORK, outbox.CALL)):
            return


@dataclass(frozen=True)
class Story:
    """`prepare` comes before the crash and says what the others need to know."""

    prepare: Callable[[Market], Told]
    act: Callable[[Market, Told], None]
    resume: Callable[[Market, Told], None]
    result: Callable[[Market, Told], Result]


def _come(market: Market) -> Told:
    """Dave is about to follow through Alice's code."""
    at = int(clock.now().timestamp())
    market.stage.control("PUT", "/people/Dave", phone="13800000003", real_name="Dave")
    openid = market.stage.act("Dave", "follow", appid=SHOP)["openid"]
    with transaction() as session:
        share_id = session.scalars(select(Share.id)).one()
        plan_scene_code(
            kind=CodeKind.OA_PERMANENT,
            appid=SHOP,
            scene="alice",
            share_id=share_id,
            now=clock.now(),
        )
    return {"openid": openid, "at": at}


def _push(market: Market, told: Told) -> None:
    account = market.app.extensions["wx_config"].accounts[0]
    sent = Platform(account).safe(follow("alice", at=told["at"], openid=told["openid"]))
    answer = desk_of(market.app)(sent, account=account.name)
    assert answer.status_code == 200
    drain(market)


def _order(market: Market) -> Told:
    return {"order_id": market.order(*_basket(market), key="dave-1")}


def _basket(market: Market) -> tuple[Item, Item]:
    return Item(market.wares.phone, 1), Item(market.wares.plan, 1)


def _submit(market: Market, _told: Told) -> None:
    market.order(*_basket(market), key="submit-1")


def _ask_for_sheet(market: Market, told: Told) -> None:
    market.sheet(told["order_id"])


def _pay_after_all(market: Market, told: Told) -> None:
    try:
        sheet = market.sheet(told["order_id"])
    except AlreadyPaid:
        pass  # by whoever took over
    else:
        assert market.pay(sheet).endswith(":ok")
    _go_on_to_the_end(market, told)


def _paid(market: Market) -> Told:
    """Bob has paid and the notice is stored; buyer and rep can be written to."""
    set_up_templates(market.stage)
    bind_alice(market, market.stage)
    told = _order(market)
    assert market.pay(market.sheet(told["order_id"])).endswith(":ok")
    market.stage.settle()
    return told


def _refunding(market: Market) -> Told:
    """A paid order of which everything is to go back."""
    told = _order(market)
    assert market.pay(market.sheet(told["order_id"])).endswith(":ok")
    market.work()
    market.decide(told["order_id"], "passed")
    market.work()
    retried(
        lambda: refund_whole_order(
            order_id=told["order_id"],
            reason="全部退款",
            actor="staff:1",
            key="all",
            now=clock.now(),
        )
    )
    return told


def _drain(market: Market, _told: Told) -> None:
    drain(market)


def _go_on(market: Market, _told: Told) -> None:
    """The platform delivers what it has, the sweeper comes round, twice."""
    for _ in range(2):
        market.stage.settle()
        drain(market)


def _go_on_to_the_end(market: Market, told: Told) -> None:
    """The plan's user has shown who he is as well."""
    _go_on(market, told)
    market.decide(told["order_id"], "passed")
    _go_on(market, told)


def _business(market: Market, _told: Told) -> Result:
    """Everything about orders that may exist only once, in figures."""
    db.session.rollback()
    with transaction():
        chain_receipts(now=clock.now())
    receipts = [json.loads(body) for body in db.session.scalars(select(Receipt.body))]
    assert all(is_consistent(body) for body in receipts)
    assert broken_link() is None
    return {
        "orders": _counted(SalesOrder.status),
        "lines": len(_column(OrderLine.id)),
        "payments": _counted(Payment.status),
        "refunds": _counted(Refund.status),
        "there": [len(market.stage.facts(kind)) for kind in ("payment", "refund", "billing.order")],
        "books": {kind.value: total(kind) for kind in AccountKind if total(kind)},
        "income": income_of(market.alice_id),
        "stock": stock_of(market.wares.phone_id),
        "messages": _counted(Message.status),
        "heard": [template_messages(market.stage, name) for name in ("Bob", "Alice")],
        "attributions": (len(_column(Attribution.id)), len(receipts)),
        "touches": _counted(Touch.kind),
        "open": open_kinds(),
        "unfinished": unfinished(),
    }


def _arrived(_market: Market, told: Told) -> Result:
    """Everything about Dave that may exist only once."""
    db.session.rollback()
    dave = select(Identity.id).where(Identity.openid == told["openid"]).scalar_subquery()
    return {
        "identities": len(_column(Identity.openid)),
        "pushes": _counted(Push.status),
        "follows": len(_column(FollowEvent.id)),
        "touches": list(
            db.session.scalars(
                select(Touch.kind).where(Touch.identity_id == dave).order_by(Touch.id)
            )
        ),
        "unfinished": unfinished(),
    }


def _column(column: Any) -> list[Any]:
    return list(db.session.scalars(select(column)))


def _counted(column: Any) -> dict[str, int]:
    return dict(Counter(_column(column)))


def unfinished() -> int:
    """Work that gave up or should have been done by now, of every sort."""
    now = clock.now()
    return sum(
        backlog.dead + backlog.due
        for backlog in (backlog_of(table, now) for table in (Push, PayNotice, Job))
    )


STORIES: Final[Mapping[str, Story]] = {
    "follow": Story(_come, _push, _push, _arrived),
    "submit": Story(lambda _market: {}, _submit, _submit, _business),
    "sheet": Story(_order, _ask_for_sheet, _pay_after_all, _business),
    "paid": Story(_paid, _drain, _go_on_to_the_end, _business),
    "refund": Story(_refunding, _drain, _go_on, _business),
}
