"""Abnormal refunds are worked off by a person: to the payer's other card, or to us to pay by hand.

Above the limit of all refunds a second person has to agree.
"""

import re
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from flows.refund.agree import limit_fen
from flows.refund.calls import ask_again
from orders.moves import locked_order
from payments.queries import order_of_attempt, refund_by_id
from payments.refunds import note_way_out, require_abnormal
from payments.ways_out import (
    decide_way_out,
    open_way_out,
    propose_way_out,
    refund_of_way_out,
    sent_alone_fen,
)
from wechat.pay.abnormal import Card, Way, apply_abnormal
from wx_backend import platform
from wx_backend.errors import BadInput
from wx_backend.outbox import Steps, defer, remote_job

_ACCOUNT: Final = re.compile(r"[0-9]{8,30}")
_BANK: Final = re.compile(r"[A-Z0-9_]{2,32}")


@dataclass(frozen=True, slots=True)
class PayerCard:
    """What the payer told us of his card; it is encrypted for WeChat Pay at once and never kept."""

    bank_type: str
    account: str
    name: str


def send_another_way(*, refund_id: int, card: PayerCard | None, actor: str, now: datetime) -> bool:
    """A person decides where an abnormal refund goes: to this card, or to us without one.

    At once (True), or above the limit once another person agrees; what one person alone sent
    another way of the same order before counts too. Raises NotAbnormal unless it is,
    WayOutProposed while a decision waits, BadInput for a card that cannot be one.
    """
    sealed = None if card is None else asdict(_sealed(card, now))
    way = Way.MERCHANT if card is None else Way.PAYER_CARD
    order_id = order_of_attempt(refund_by_id(refund_id).payment_id)
    locked_order(order_id)
    refund = require_abnormal(refund_id)
    if sent_alone_fen(order_id, but=refund_id) + refund.amount_fen > limit_fen():
        propose_way_out(refund=refund, way=way, card=sealed, actor=actor, now=now)
        return False
    _send(refund_id, way, sealed, actor)
    return True


def agree_to_way_out(*, way_out_id: int, is_agreed: bool, actor: str, now: datetime) -> None:
    """A second person agrees to where an abnormal refund goes, or declines it.

    Raises SecondPersonNeeded for the one who proposed, ProposalDecided, NotFound, and NotAbnormal
    for agreeing when it is not any more.
    """
    refund_id = refund_of_way_out(way_out_id)
    locked_order(order_of_attempt(refund_by_id(refund_id).payment_id))
    row = open_way_out(way_out_id, actor=actor)
    if is_agreed:
        _send(refund_id, Way(row.way), row.card, row.proposed_by)
    decide_way_out(row, is_agreed=is_agreed, actor=actor, now=now)


def _send(refund_id: int, way: Way, card: dict[str, str] | None, actor: str) -> None:
    note_way_out(refund_id=refund_id, way=way, actor=actor)
    defer(apply_way_out, refund_id=refund_id, way=way, card=card)


@remote_job("refund.apply_abnormal")
def apply_way_out(*, refund_id: int, way: str, card: dict[str, Any] | None) -> Steps:
    """Tell WeChat Pay; how it ends is asked like that of every refund."""
    refund = refund_by_id(refund_id)
    if refund.refund_id is None:
        return
    yield partial(
        apply_abnormal,
        platform.pay_client().calls,
        refund_id=refund.refund_id,
        out_refund_no=refund.out_refund_no,
        way=Way(way),
        card=Card(**card) if card else None,
    )
    ask_again(refund_id)


def _sealed(card: PayerCard, now: datetime) -> Card:
    account = card.account.replace(" ", "")
    faults = [
        name
        for name, is_good in (
            ("bank_type", bool(_BANK.fullmatch(card.bank_type))),
            ("account", bool(_ACCOUNT.fullmatch(account))),
            ("name", 0 < len(card.name) <= 30),
        )
        if not is_good
    ]
    if faults:
        raise BadInput("请核对开户银行、卡号和户名", fields=faults)
    merchant = platform.merchant()
    serial, sealed_account = merchant.seal(account, now=now)
    name_serial, sealed_name = merchant.seal(card.name, now=now)
    assert serial == name_serial  # noqa: S101 - sealed at the same moment
    return Card(card.bank_type, sealed_account, sealed_name, serial)
