"""The order chain as data: what each node is, who owns it, when it opens and ends, its clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final


class Node(StrEnum):
    """The stations of an order line, in the order they are usually passed."""

    CONFIGURED = "configured"
    PAID = "paid"
    DISPATCHED = "dispatched"
    OPENED = "opened"
    PACKED = "packed"
    HANDED_OVER = "handed_over"
    DELIVERED = "delivered"
    SIGNED = "signed"
    REVIEWED = "reviewed"
    ARCHIVED = "archived"
    RETURNED = "returned"


class Way(StrEnum):
    """Which chain a line follows: by what it is and how it gets to the buyer."""

    PLAN = "plan"
    GOODS_COURIER = "goods_courier"
    GOODS_PICKUP = "goods_pickup"
    SIM_COURIER = "sim_courier"
    SIM_PICKUP = "sim_pickup"


class Owner(StrEnum):
    """Who has to act at a node."""

    CUSTOMER = "customer"
    POOL = "pool"
    OUTLET = "outlet"
    BILLING = "billing"
    CARRIER = "carrier"


class Counts(StrEnum):
    """Which time a clock counts: every minute, the outlet's open hours, or the pool's."""

    WALL = "wall"
    OUTLET = "outlet"
    POOL = "pool"


class Proof(StrEnum):
    """Kinds of evidence a node is closed with, or that are noted on the way."""

    CHECK = "check"
    SERIAL = "serial"
    WAYBILL = "waybill"
    CARRIER = "carrier"
    RECEIPT = "receipt"
    PICKUP_CODE = "pickup_code"
    SIGNATURE = "signature"
    CALL = "call"
    PROBLEM = "problem"


class Condition(StrEnum):
    """What has to hold outside of the chain before a node opens."""

    REAL_NAME = "real_name"


@dataclass(frozen=True, slots=True)
class Clock:
    """How long a node may take: minutes of the time it counts."""

    minutes: int
    counts: Counts


@dataclass(frozen=True, slots=True)
class Step:
    """One node of one way.

    It opens once every node in `after` is done and `needs` hold; it ends with all of `proofs`.
    `at_desk` nodes are on the outlet's list. `by_itself` is how long after its entry the system
    closes it when nobody else does.
    """

    node: Node
    owner: Owner
    clock: Clock
    after: tuple[Node, ...] = ()
    needs: frozenset[Condition] = frozenset()
    proofs: tuple[Proof, ...] = ()
    at_desk: bool = False
    by_itself: timedelta | None = None


_HOUR: Final = 60
_DAY: Final = 24 * _HOUR
_REAL_NAME: Final = frozenset({Condition.REAL_NAME})
_WALL, _OUTLET, _POOL = Counts.WALL, Counts.OUTLET, Counts.POOL


def _start() -> tuple[Step, ...]:
    return (
        Step(Node.CONFIGURED, Owner.CUSTOMER, Clock(0, _WALL)),
        Step(Node.PAID, Owner.CUSTOMER, Clock(30, _WALL), (Node.CONFIGURED,)),
        Step(Node.DISPATCHED, Owner.POOL, Clock(30, _POOL), (Node.PAID,)),
    )


def _opened() -> Step:
    return Step(
        Node.OPENED,
        Owner.BILLING,
        Clock(2 * _HOUR, _OUTLET),
        (Node.PAID,),
        needs=_REAL_NAME,
        proofs=(Proof.RECEIPT,),
        at_desk=True,
    )


def _packed(*after: Node) -> Step:
    return Step(
        Node.PACKED,
        Owner.OUTLET,
        Clock(_HOUR, _OUTLET),
        (Node.DISPATCHED, *after),
        proofs=(Proof.CHECK, Proof.SERIAL),
        at_desk=True,
    )


def _by_courier() -> tuple[Step, ...]:
    return (
        Step(
            Node.HANDED_OVER,
            Owner.OUTLET,
            Clock(_HOUR, _OUTLET),
            (Node.PACKED,),
            proofs=(Proof.CARRIER, Proof.WAYBILL),
            at_desk=True,
        ),
        Step(
            Node.DELIVERED,
            Owner.CARRIER,
            Clock(2 * _DAY, _WALL),
            (Node.HANDED_OVER,),
            by_itself=timedelta(days=10),
        ),
    )


def _by_pickup() -> tuple[Step, ...]:
    return (
        Step(
            Node.DELIVERED,
            Owner.CUSTOMER,
            Clock(7 * _DAY, _WALL),
            (Node.PACKED,),
            proofs=(Proof.PICKUP_CODE,),
            at_desk=True,
        ),
    )


def _end(*after: Node) -> tuple[Step, ...]:
    return (
        Step(
            Node.REVIEWED,
            Owner.CUSTOMER,
            Clock(15 * _DAY, _WALL),
            after,
            by_itself=timedelta(days=15),
        ),
        Step(
            Node.ARCHIVED,
            Owner.POOL,
            Clock(7 * _DAY, _WALL),
            (Node.REVIEWED,),
            by_itself=timedelta(days=1),
        ),
    )


def _signed() -> Step:
    return Step(
        Node.SIGNED,
        Owner.CUSTOMER,
        Clock(7 * _DAY, _WALL),
        (Node.DELIVERED,),
        proofs=(Proof.SIGNATURE,),
        by_itself=timedelta(days=7),
    )


CHAINS: Final[Mapping[Way, tuple[Step, ...]]] = {
    Way.PLAN: (*_start(), _opened(), *_end(Node.DISPATCHED, Node.OPENED)),
    Way.GOODS_COURIER: (
        *_start(), _packed(), *_by_courier(), _signed(), *_end(Node.SIGNED),
    ),
    Way.GOODS_PICKUP: (
        *_start(), _packed(), *_by_pickup(), _signed(), *_end(Node.SIGNED),
    ),
    Way.SIM_COURIER: (
        *_start(), _opened(), _packed(Node.OPENED), *_by_courier(), _signed(), *_end(Node.SIGNED),
    ),
    Way.SIM_PICKUP: (
        *_start(), _opened(), _packed(Node.OPENED), *_by_pickup(), _signed(), *_end(Node.SIGNED),
    ),
}  # fmt: skip
"""Read it downwards: one line per way, each step opens after those it names."""

PICKUPS: Final = frozenset({Way.GOODS_PICKUP, Way.SIM_PICKUP})
"""The ways that end at a counter, by the customer's code."""

RETURN_CLOCK: Final = Clock(2 * _DAY, Counts.WALL)
"""How long a return may stay at one stage."""

NAMES: Final[Mapping[Node, str]] = {
    Node.CONFIGURED: "在线订购",
    Node.PAID: "下单付款",
    Node.DISPATCHED: "受理派单",
    Node.OPENED: "开户确认",
    Node.PACKED: "稽核封装",
    Node.HANDED_OVER: "物流交接",
    Node.DELIVERED: "配送自提",
    Node.SIGNED: "验货签收",
    Node.REVIEWED: "客户评价",
    Node.ARCHIVED: "档案归档",
    Node.RETURNED: "退单处理",
}

OWNERS: Final[Mapping[Owner, str]] = {
    Owner.CUSTOMER: "客户",
    Owner.POOL: "省订单中心",
    Owner.OUTLET: "营业厅",
    Owner.BILLING: "计费系统",
    Owner.CARRIER: "承运商",
}

OUR_OWN: Final = "CITY"
CARRIERS: Final[Mapping[str, str]] = {
    "SF": "顺丰速运",
    "EMS": "中国邮政",
    "JD": "京东物流",
    "ZTO": "中通快递",
    "YTO": "圆通速递",
    "STO": "申通快递",
    "YD": "韵达快递",
    OUR_OWN: "同城专送",
}
"""Carriers by the code the platform's shipping management knows them by; the last is our own."""

CHECKS: Final[Mapping[str, Mapping[str, str]]] = {
    "goods": {
        "papers": "订单与商品、数量一致",
        "goods": "外观完好，配件齐全",
        "seal": "封装完好，附凭证",
    },
    "sim": {
        "papers": "订单与卡、号码一致",
        "goods": "卡体完好，卡号清晰",
        "seal": "封装完好，附凭证",
    },
}
"""The check-list of the packing desk by product kind: key of the item, and what it asks."""


def step_of(way: Way, node: Node) -> Step | None:
    """The step of a way at a node; None where the way does not pass it."""
    return next((step for step in CHAINS[way] if step.node is node), None)


def before(way: Way, node: Node) -> frozenset[Node]:
    """The nodes a way passes before this one."""
    nodes = [step.node for step in CHAINS[way]]
    return frozenset(nodes[: nodes.index(node)])
