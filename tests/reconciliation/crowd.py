"""A day of trade of any size, written straight into the database, with its bills and planted differences.

Everything follows from the seed. What is planted is known by kind and subject, so that a
comparison can be held against it: all found, and nothing else.
"""

import gzip
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from ledger.models import Account, AccountKind, Entry, OwnerKind, Posting
from members.models import Identity, Member
from orders.models import HandOver, OrderLine, SalesOrder
from org.models import OrgNode, Tier
from payments.models import Payment, Refund
from reconciliation.models import DifferenceClass as Kind
from tests.catalog.shelf import Wares, put_on_shelf
from tests.wechat.pay.test_bills import FUND_HEADER, FUND_SUMMARY, TRADE_HEADER, TRADE_SUMMARY
from wx_backend.clock import SHANGHAI
from wx_backend.db import Model, db, transaction
from wx_backend.numbers import CROCKFORD

MCHID, APPID = "1900000109", "wx5ad0c1ee0a2b3f4d"
KINDS = tuple(Kind)
OF_PAYMENTS = {Kind.MISSING_THERE, Kind.AMOUNT_DIFFERS, Kind.DUPLICATE, Kind.FEE_DIFFERS}
BATCH = 2_000


@dataclass(frozen=True, slots=True)
class Sale:
    """One order of the day: paid, perhaps with a plan for billing, perhaps refunded in full."""

    id: int
    number: str
    payment: str
    transaction_id: str
    amount_fen: int
    paid_at: datetime
    has_plan: bool
    refund: str = ""

    @property
    def refund_id(self) -> str:
        return f"5030000{self.id:021d}"

    @property
    def fee_fen(self) -> int:
        return (self.amount_fen * 60 + 5_000) // 10_000


@dataclass
class Crowd:
    """The day: how many rows its trade bill has about, and what is planted, by subject."""

    on: date
    rows: int
    planted: int
    seed: int = 1
    plants: dict[str, Kind] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.since = datetime.combine(self.on, time(), SHANGHAI)
        self.random = random.Random(self.seed)  # noqa: S311 - a repeatable day
        self.count = self.rows * 10 // 11  # every tenth is refunded
        self._by_sale = self._chosen()

    def sales(self) -> Iterator[Sale]:
        """Every sale, the same at every call."""
        chance = random.Random(self.seed + 1)  # noqa: S311 - repeatable
        for n in range(1, self.count + 1):
            yield Sale(
                id=n,
                number=self._number("OD", chance),
                payment=self._number("PY", chance),
                transaction_id=f"4200{n:024d}",
                amount_fen=chance.randrange(100, 900_000),
                paid_at=self.since + timedelta(seconds=chance.randrange(80_000)),
                has_plan=n % 5 == 0,
                refund=self._number("RF", chance) if n % 10 == 0 else "",
            )

    def _number(self, kind: str, chance: random.Random) -> str:
        return f"{kind}{self.on:%y%m%d}{''.join(chance.choices(CROCKFORD, k=13))}"

    def _chosen(self) -> dict[int, Kind]:
        """Which sale shows which difference: each at most one, of a sale that can show it."""
        chosen: dict[int, Kind] = {}
        for n in range(self.planted):
            kind = KINDS[n % len(KINDS)]
            step = {Kind.STATE_DIFFERS: 10, Kind.NOT_ACKNOWLEDGED: 5}.get(kind, 1)
            while True:
                sale = self.random.randrange(1, self.count // step + 1) * step
                if sale not in chosen:
                    break
            chosen[sale] = kind
        return chosen

    def kind_of(self, sale: Sale) -> Kind | None:
        """What is planted at a sale; noted under the subject it will be found by."""
        kind = self._by_sale.get(sale.id)
        if kind is not None:
            self.plants[self._subject(kind, sale)] = kind
        return kind

    def _subject(self, kind: Kind, sale: Sale) -> str:
        if kind is Kind.MISSING_HERE:
            return f"payment:{unknown_to_us(sale)}"
        if kind is Kind.STATE_DIFFERS:
            return f"refund:{sale.refund}"
        if kind is Kind.FEE_DIFFERS:
            return f"fund:{sale.transaction_id}"
        if kind is Kind.NOT_ACKNOWLEDGED:
            return f"order:{sale.number}"
        return f"payment:{sale.payment}"


def unknown_to_us(sale: Sale) -> str:
    """A number as we make them that nobody here has made."""
    return f"{sale.payment[:-1]}{'1' if sale.payment[-1] == '0' else '0'}"


def fill(crowd: Crowd) -> None:
    """Write the day into the database: orders, payments, refunds, hand-overs, postings."""
    wares = put_on_shelf()
    world = _world(crowd)
    sales = crowd.sales()
    while part := list(islice(sales, BATCH)):
        with transaction():
            for table, rows in _rows(crowd, part, wares, world).items():
                if rows:
                    db.session.execute(insert(table), rows)


def _world(crowd: Crowd) -> Mapping[str, int]:
    """Buyer, outlet and accounts; their ids."""
    with transaction():
        outlet = OrgNode(tier=Tier.OUTLET, code="O1", name="中山路营业厅")
        member = Member(number="MB2611200000000000000", name="Bob", created_at=crowd.since)
        db.session.add_all([outlet, member])
        db.session.flush()
        times = {"seen_at": crowd.since, "created_at": crowd.since}
        buyer = Identity(appid=APPID, openid="oBob", member_id=member.id, **times)
        accounts = [
            Account(
                kind=AccountKind.WECHAT_CLEARING,
                owner_kind=OwnerKind.MERCHANT,
                owner_id=int(MCHID),
                currency="CNY",
            ),
            Account(
                kind=AccountKind.RECEIVABLE,
                owner_kind=OwnerKind.COMPANY,
                owner_id=0,
                currency="CNY",
            ),
        ]
        db.session.add_all([buyer, *accounts])
        db.session.flush()
        return {
            "outlet": outlet.id,
            "member": member.id,
            "identity": buyer.id,
            "clearing": accounts[0].id,
            "receivable": accounts[1].id,
        }


def _rows(
    crowd: Crowd, sales: Iterable[Sale], wares: Wares, world: Mapping[str, int]
) -> dict[type[Model], list[dict[str, Any]]]:
    """What a part of the sales is in each table, in the order of the references."""
    tables: tuple[type[Model], ...] = (
        SalesOrder,
        OrderLine,
        Payment,
        Refund,
        HandOver,
        Posting,
        Entry,
    )
    found: dict[type[Model], list[dict[str, Any]]] = {table: [] for table in tables}
    for sale in sales:
        kind = crowd.kind_of(sale)
        found[SalesOrder].append(_order(sale, world))
        found[OrderLine].append(_line(sale, wares, world))
        found[Payment].append(_payment(sale, world))
        if sale.refund:
            found[Refund].append(_refund(sale))
        if sale.has_plan:
            found[HandOver].append(_hand_over(sale, is_open=kind is Kind.NOT_ACKNOWLEDGED))
        if kind is not Kind.LEDGER_DIFFERS:
            _post(found, sale, 2 * sale.id, f"payment:{sale.payment}", sale.amount_fen, world)
        if sale.refund:
            number = f"refund_paid:{sale.refund}"
            _post(found, sale, 2 * sale.id + 1, number, -sale.amount_fen, world)
    return found


def _order(sale: Sale, world: Mapping[str, int]) -> dict[str, Any]:
    return {
        "id": sale.id,
        "number": sale.number,
        "member_id": world["member"],
        "identity_id": world["identity"],
        "client_key": f"key-{sale.id}",
        "content": bytes(16),
        "status": "paid",
        "total_fen": sale.amount_fen,
        "discount_fen": 0,
        "payable_fen": sale.amount_fen,
        "delivery": "none",
        "outlet_id": world["outlet"],
        "placed_at": sale.paid_at - timedelta(minutes=1),
        "expires_at": sale.paid_at + timedelta(minutes=29),
        "paid_at": sale.paid_at,
    }


def _line(sale: Sale, wares: Wares, world: Mapping[str, int]) -> dict[str, Any]:
    return {
        "id": sale.id,
        "order_id": sale.id,
        "position": 1,
        "sku_id": wares.plan_id if sale.has_plan else wares.phone_id,
        "product_id": 2 if sale.has_plan else 1,
        "category_id": wares.category_id,
        "product_kind": "plan" if sale.has_plan else "goods",
        "name": "商品, 一件",
        "quantity": 1,
        "unit_price_fen": sale.amount_fen,
        "list_fen": sale.amount_fen,
        "discount_fen": 0,
        "paid_fen": sale.amount_fen,
        "outlet_id": world["outlet"],
        "fulfilment": "activated" if sale.has_plan else "received",
        "fulfilled_at": sale.paid_at,
    }


def _payment(sale: Sale, world: Mapping[str, int]) -> dict[str, Any]:
    return {
        "id": sale.id,
        "out_trade_no": sale.payment,
        "order_id": sale.id,
        "identity_id": world["identity"],
        "mchid": MCHID,
        "appid": APPID,
        "amount_fen": sale.amount_fen,
        "currency": "CNY",
        "description": "商品",
        "status": "succeeded",
        "is_winner": True,
        "transaction_id": sale.transaction_id,
        "payer_total_fen": sale.amount_fen,
        "source": "notice",
        "success_at": sale.paid_at,
        "settled_at": sale.paid_at + timedelta(seconds=1),
        "created_at": sale.paid_at - timedelta(minutes=1),
        "expires_at": sale.paid_at + timedelta(minutes=29),
        "refund_reserved_fen": sale.amount_fen if sale.refund else 0,
        "refunded_fen": sale.amount_fen if sale.refund else 0,
        "refund_count": 1 if sale.refund else 0,
    }


def _refund(sale: Sale) -> dict[str, Any]:
    return {
        "id": sale.id,
        "out_refund_no": sale.refund,
        "key": f"refund-{sale.id}",
        "payment_id": sale.id,
        "amount_fen": sale.amount_fen,
        "reason": "不想要了",
        "actor": "staff:1",
        "status": "succeeded",
        "refund_id": sale.refund_id,
        "asked_at": _refunded_at(sale),
        "success_at": _refunded_at(sale),
        "ended_at": _refunded_at(sale),
    }


def _hand_over(sale: Sale, *, is_open: bool) -> dict[str, Any]:
    return {
        "id": sale.id,
        "order_id": sale.id,
        "positions": [1],
        "status": "unknown" if is_open else "accepted",
        "receipt_no": None if is_open else f"BR{sale.id}",
        "asked_at": sale.paid_at,
        "ended_at": None if is_open else sale.paid_at,
    }


def _post(
    found: dict[type[Model], list[dict[str, Any]]],
    sale: Sale,
    posting_id: int,
    key: str,
    amount_fen: int,
    world: Mapping[str, int],
) -> None:
    found[Posting].append(
        {
            "id": posting_id,
            "kind": key.partition(":")[0],
            "key": key,
            "memo": "",
            "posted_at": sale.paid_at,
            "business_on": sale.paid_at.astimezone(SHANGHAI).date(),
            "total_fen": 0,
            "entries": 2,
        }
    )
    for place, account, fen in ((0, "clearing", amount_fen), (1, "receivable", -amount_fen)):
        entry = {"id": 2 * posting_id + place, "posting_id": posting_id}
        found[Entry].append({**entry, "account_id": world[account], "amount_fen": fen})


def _refunded_at(sale: Sale) -> datetime:
    return sale.paid_at + timedelta(minutes=10)


def trade_bill(crowd: Crowd) -> Iterator[str]:
    """The lines of the day's trade bill, summary included; foreign numbers among them."""
    yield f"\ufeff{TRADE_HEADER}"
    count = refunded = 0
    for sale in crowd.sales():
        for line, refund_fen in _trade_lines(crowd, sale):
            count, refunded = count + 1, refunded + refund_fen
            yield line
    yield TRADE_SUMMARY
    yield _ticked(f"{count}.0", "0.00", _yuan(refunded), "0.00", "0.00", "0.00", "0.00")


def fund_bill(crowd: Crowd) -> Iterator[str]:
    """The lines of the day's fund flow: each trade, each fee, each refund less its fee."""
    yield f"\ufeff{FUND_HEADER}"
    incomes: list[int] = []
    expenses: list[int] = []
    for sale in crowd.sales():
        for line, fen in _fund_lines(crowd, sale):
            (incomes if fen > 0 else expenses).append(abs(fen))
            yield line
    yield FUND_SUMMARY
    yield _ticked(
        f"{len(incomes) + len(expenses)}.0",
        f"{len(incomes)}.0", _yuan(sum(incomes)), f"{len(expenses)}.0", _yuan(sum(expenses)),
    )  # fmt: skip


def write(lines: Iterable[str], path: Path) -> Path:
    """A bill's file as it comes: packed, CRLF."""
    with gzip.open(path, "wt", encoding="utf-8", newline="", compresslevel=1) as file:
        file.writelines(f"{line}\r\n" for line in lines)
    return path


def _trade_lines(crowd: Crowd, sale: Sale) -> Iterator[tuple[str, int]]:
    kind = crowd.kind_of(sale)
    paid = _billed_fen(sale, kind)
    line = _trade(sale, sale.payment, sale.transaction_id, paid, sale.fee_fen)
    if kind is not Kind.MISSING_THERE:
        yield line, 0
    if kind is Kind.DUPLICATE:
        yield line, 0
    if kind is Kind.MISSING_HERE:
        yield _trade(sale, unknown_to_us(sale), f"4299{sale.id:024d}", 700, 0), 0
    if sale.id % 500 == 0:  # an old mall sells on the same merchant number
        yield _trade(sale, f"MALL{sale.id:012d}", f"4277{sale.id:024d}", 300, 0), 0
    if sale.refund:
        state = "FAIL" if kind is Kind.STATE_DIFFERS else "SUCCESS"
        yield _refund_line(sale, state), sale.amount_fen


def _fund_lines(crowd: Crowd, sale: Sale) -> Iterator[tuple[str, int]]:
    kind = crowd.kind_of(sale)
    moved = [
        (sale.transaction_id, "F1", _billed_fen(sale, kind)),
        (sale.transaction_id, "F2", -(sale.fee_fen + (1 if kind is Kind.FEE_DIFFERS else 0))),
    ]
    if kind is Kind.MISSING_HERE:
        moved.append((f"4299{sale.id:024d}", "F3", 700))
    if sale.id % 500 == 0:
        moved.append((f"4277{sale.id:024d}", "F4", 300))
    if sale.refund:
        moved.append((sale.refund_id, "F5", -sale.amount_fen))
    for number, name, fen in moved:
        way = "收入" if fen > 0 else "支出"
        yield _ticked(
            _when(sale.paid_at), number, f"{name}{sale.id:016d}", "交易", "交易", way,
            _yuan(abs(fen)), "0.00", "system", "", "",
        ), fen  # fmt: skip


def _billed_fen(sale: Sale, kind: Kind | None) -> int:
    return sale.amount_fen + (100 if kind is Kind.AMOUNT_DIFFERS else 0)


def _trade(sale: Sale, number: str, transaction_id: str, fen: int, fee_fen: int) -> str:
    return _ticked(
        _when(sale.paid_at), APPID, MCHID, "0", "", transaction_id, number, "oBob", "JSAPI",
        "SUCCESS", "OTHERS", "CNY", _yuan(fen), "0.00", "0", "0", "0.00", "0.00", "", "",
        "商品, 一件", "", f"{_yuan(fee_fen)}000", "0.60%", _yuan(fen), "0.00", "",
    )  # fmt: skip


def _refund_line(sale: Sale, state: str) -> str:
    amount = _yuan(sale.amount_fen)
    return _ticked(
        _when(_refunded_at(sale)), APPID, MCHID, "0", "", sale.transaction_id, sale.payment, "oBob",
        "JSAPI", "REFUND", "OTHERS", "CNY", "0.00", "0.00", sale.refund_id, sale.refund, amount,
        "0.00", "ORIGINAL", state, "商品, 一件", "", "0.00000", "0.60%", "0.00", amount, "",
    )  # fmt: skip


def _ticked(*values: str) -> str:
    return "`" + ",`".join(values)


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def _when(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"
