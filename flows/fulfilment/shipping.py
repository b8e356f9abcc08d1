"""A mini-program's platform hears that an order was shipped: until then it keeps the money."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Final

from flows.sealed import shown_phone
from fulfilment.models import Chain, ChainStatus, ReportStatus
from fulfilment.nodes import OUR_OWN, Node, Proof, Way
from fulfilment.queries import chains_of_order, evidence_of, has_passed, passed_at
from fulfilment.reports import end_report, open_report, reopen_report, report_of
from members.queries import appid_of, identity_by_id
from orders.models import SalesOrder
from orders.queries import line_by_id, order_by_id
from payments.exceptions import open_exception
from payments.models import ExceptionKind, Payment
from payments.queries import winner_of
from wechat.error_codes import NOT_SHIPPABLE, Kind, kind_of
from wechat.shipping import (
    ASK_FOR_PHONE,
    PARCELS_MAX,
    Logistics,
    Parcel,
    is_trade_managed,
    upload_shipping_info,
)
from wx_backend import clock, platform
from wx_backend.errors import Conflict, PlatformError
from wx_backend.outbox import Steps, defer, remote_job

_OUT: Final = {
    Way.PLAN: (Node.OPENED, Logistics.virtual),
    Way.GOODS_PICKUP: (Node.DELIVERED, Logistics.pickup),
    Way.SIM_PICKUP: (Node.DELIVERED, Logistics.pickup),
    Way.GOODS_COURIER: (Node.HANDED_OVER, Logistics.express),
    Way.SIM_COURIER: (Node.HANDED_OVER, Logistics.express),
}
"""The node by which a line has left our hands, and how the platform calls that."""

_MONEY_WAITS: Final = "货款冻结在微信，排除原因后重新上报，或在小程序后台「发货信息管理」补录"
_WEIGHT: Final = {Logistics.virtual: 0, Logistics.pickup: 1, Logistics.express: 2}


class NotRefused(Conflict):
    code, message = "not_refused", "这个订单的发货信息没有被拒绝，或已经重新上报"


def tell_when_out(order_id: int, *, now: datetime) -> None:
    """Have the shipment reported once all lines of a mini-program's order have left us.

    The platform takes one report per payment, and one correction: so nothing is told before.
    """
    order = order_by_id(order_id)
    if order is None:
        return
    appid = appid_of(order.identity_id)
    running = [c for c in chains_of_order(order_id) if c.status != ChainStatus.ENDED]
    account = platform.config().account_of(appid)
    if account is None or not account.is_mini_program or not all(map(_is_out, running)):
        return
    logistics = _logistics(running)
    if logistics is not None and open_report(
        order_id=order_id, appid=appid, logistics=logistics.name, now=now
    ):
        defer(report_shipping, key=order.number, order_id=order_id)


def report_again(order_id: int, *, now: datetime) -> None:
    """Have a refused report made once more, what it was refused for having been mended. Raises NotRefused."""
    if not reopen_report(order_id=order_id, now=now):
        raise NotRefused
    defer(report_shipping, order_id=order_id)


@remote_job("fulfilment.report_shipping")
def report_shipping(*, order_id: int) -> Steps:
    """Ask whether the account has to report, then report; repeated until it is known.

    A payment is unknown there for its first minute; what was reported before counts as done.
    """
    report, order = report_of(order_id), order_by_id(order_id)
    payment, chains = winner_of(order_id), _shipped(order_id)
    if report is None or order is None or payment is None or payment.transaction_id is None:
        return
    if report.status != ReportStatus.WAITING:
        return
    openid = identity_by_id(order.identity_id).openid
    caller, appid = platform.client(report.appid).caller, report.appid
    asked_at = report.asked_at
    logistics, parcels = _shipment(order, chains, Logistics[report.logistics])
    upload = partial(
        upload_shipping_info,
        caller,
        transaction_id=payment.transaction_id,
        payer_openid=openid or "",
        logistics=logistics,
        parcels=parcels,
        uploaded_at=clock.now(),
    )
    is_managed = yield partial(is_trade_managed, caller, appid)
    if not is_managed:
        end_report(order_id=order_id, status=ReportStatus.NOT_NEEDED, now=clock.now())
        return
    try:
        yield upload
    except PlatformError as error:
        _note_refusal(order, payment, error, asked_at)
        return
    end_report(order_id=order_id, status=ReportStatus.REPORTED, now=clock.now())


def _note_refusal(
    order: SalesOrder, payment: Payment, error: PlatformError, asked_at: datetime
) -> None:
    """Done before is done, and what was all given back waits for nothing; refused for good is put before a
    person each time it was asked for; anything else comes again.
    """
    kind, now = kind_of(int(error.code)) if error.code.isdigit() else Kind.transient, clock.now()
    if kind is Kind.duplicate:
        end_report(order_id=order.id, status=ReportStatus.REPORTED, now=now)
    elif error.code == str(NOT_SHIPPABLE) and payment.refund_reserved_fen == payment.amount_fen:
        end_report(order_id=order.id, status=ReportStatus.NOT_NEEDED, now=now)
    elif error.permanent:
        reason = f"{error.code} {error.message}".strip()[:200]
        end_report(order_id=order.id, status=ReportStatus.REFUSED, now=now, reason=reason)
        open_exception(
            kind=ExceptionKind.SHIPPING_REFUSED,
            key=f"{order.number}:{int(asked_at.timestamp())}",
            details={"order": order.number, "reason": reason, "todo": _MONEY_WAITS},
            now=now,
            payment_id=payment.id,
        )
    else:
        raise error


def _shipped(order_id: int) -> Sequence[Chain]:
    """The lines that left us; what was given back before that is in no shipment."""
    chains = chains_of_order(order_id)
    return [chain for chain in chains if _is_out(chain)] or chains


def _is_out(chain: Chain) -> bool:
    return has_passed(chain, _OUT[Way(chain.way)][0])


def _logistics(chains: Sequence[Chain]) -> Logistics | None:
    """The heaviest of the ways the lines went: a parcel counts more than a plan."""
    found = [_OUT[Way(chain.way)][1] for chain in chains]
    return max(found, key=lambda each: _WEIGHT[each], default=None)


def _shipment(
    order: SalesOrder, chains: Sequence[Chain], logistics: Logistics
) -> tuple[Logistics, list[Parcel]]:
    """How an order went, and one parcel per waybill for express, else one entry that names what was bought.

    What our own people brought has no carrier the platform knows: beside a carrier's it is no parcel. Of
    more parcels than it takes the first are told.
    """
    by_waybill = _by_waybill(chains) if logistics is Logistics.express else {}
    known = {key: inside for key, inside in by_waybill.items() if key[0] != OUR_OWN}
    if by_waybill and not known:
        logistics = Logistics.same_city
    parcels = [
        Parcel(
            _names(inside),
            tracking_no=waybill,
            express_company=carrier,
            masked_phone=shown_phone(order) if carrier in ASK_FOR_PHONE else "",
        )
        for (carrier, waybill), inside in known.items()
    ]
    return logistics, parcels[:PARCELS_MAX] or [Parcel(_names(chains))]


def _by_waybill(chains: Sequence[Chain]) -> Mapping[tuple[str, str], list[Chain]]:
    """The lines in each parcel, by its carrier and waybill."""
    found: dict[tuple[str, str], list[Chain]] = {}
    for chain in chains:
        task = passed_at(chain, Node.HANDED_OVER)
        if task is None:
            continue
        proofs = {each.kind: each.value for each in evidence_of([task.id]).get(task.id, [])}
        if Proof.WAYBILL in proofs:
            key = (proofs.get(Proof.CARRIER, ""), proofs[Proof.WAYBILL])
            found.setdefault(key, []).append(chain)
    return found


def _names(chains: Sequence[Chain]) -> str:
    lines = (line_by_id(chain.order_line_id) for chain in chains)
    return "、".join(line.name for line in lines if line is not None)
