"""A whole market in one place: our app, a pretend WeChat Pay, Alice who refers and Bob who buys."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select

from billing.real_name import Decision
from flows.checkout import check_out
from flows.payment.address import NOTICE_PATH
from flows.payment.notices import read_notice, store_notice, work_off
from flows.payment.prepay import pay
from flows.real_name import take_decision
from ledger.balances import compare_balances
from ledger.models import AccountKind
from ledger.queries import balances, trial_balance, unbalanced_postings
from members.models import Identity, Member
from orders.models import OrderLine, SalesOrder
from orders.values import Item
from org.models import OperatorIdentity, OrgNode, OrgPath, Rep, Tier
from payments import notices
from payments.attempts import close_attempt
from payments.models import ExceptionItem, Payment, Refund
from referral.models import Place, Subject
from referral.operations import Contact, Sharer, Sharing, open_share, record_touch
from referral.values import Certainty, TouchKind
from settlement.models import Milestone
from settlement.rates import add_rate, set_vesting
from tests.catalog.shelf import Wares, assert_stock_conserved
from tests.jobs import run_jobs
from tests.orders.buyers import Buyer, assert_histories_hold
from tests.simulator.receiver import Answer, Received
from tests.simulator.stage import SHOP, Stage
from wechat.pay.merchant import NotAuthentic
from wx_backend import clock, numbers, outbox
from wx_backend.clock import business_on
from wx_backend.db import db, retried, transaction


@dataclass
class Market:
    """Everything a story of trade needs; ids only, rows are read anew."""

    app: Flask
    stage: Stage
    wares: Wares
    bob: Buyer
    alice_id: int
    offset: float = 0.0
    refused: list[str] = field(default_factory=list)

    def order(self, *items: Item, key: str = "submit-1") -> int:
        """Bob checks out; the order's id."""
        wish = self.bob.wishes(*(items or (Item(self.wares.phone, 1),)), key=key)
        return retried(lambda: check_out(wish=wish, now=clock.now()).order.id)

    def sheet(self, order_id: int) -> dict[str, str]:
        """What the page gets to pay with."""
        db.session.rollback()
        return pay(order_id=order_id, member_id=self.bob.member_id)

    def pay(self, sheet: dict[str, str]) -> str:
        """Bob confirms on the pay sheet; what the bridge says."""
        return str(self.stage.act("Bob", "pay", **sheet)["err_msg"])

    def buy(self, *items: Item, key: str = "submit-1", is_known: bool = True) -> int:
        """Order, pay, show who will use it, and wait until everything has followed."""
        order_id = self.order(*items, key=key)
        assert self.pay(self.sheet(order_id)).endswith(":ok")
        self.work()
        if is_known and self.decide(order_id, "passed"):
            self.work()
        return order_id

    def decide(self, order_id: int, decision: str, decision_id: str = "D") -> list[bool]:
        """The real-name service's word on every line that needs one; which of them changed it."""
        references = [line.real_name_reference for line in lines(order_id)]
        return [
            self.decide_one(reference, decision, decision_id)
            for reference in references
            if reference is not None
        ]

    def decide_one(self, reference: str | None, decision: str, decision_id: str = "D") -> bool:
        """The real-name service's word on one line; whether it changed anything."""
        said = Decision(
            reference=reference or "",
            decision_id=f"{decision_id}-{reference}",
            decision=decision,
            decided_at=clock.now(),
            reason="",
        )
        db.session.rollback()
        return retried(lambda: take_decision(said, now=clock.now()))

    def forget_attempts(self, order_id: int) -> None:
        """Our side believes that the attempts have ended; the platform was not told."""
        with transaction():
            for payment in payments(order_id):
                close_attempt(payment_id=payment.id, now=clock.now())

    def work(self) -> None:
        """Let the platform deliver what it has, then do everything that is due."""
        self.stage.settle()
        self.work_here()

    def work_here(self) -> None:
        """Do everything that is due here, notices first."""
        for _ in range(10):
            done = sum(notices.run(held, work_off) for held in notices.claim(limit=50))
            done += run_jobs(outbox.WORK) + run_jobs(outbox.CALL)
            if not done:
                return

    def work_without_calls(self) -> None:
        """Do what is due here, but let no call leave the house."""
        for held in notices.claim(limit=50):
            notices.run(held, work_off)
        run_jobs(outbox.WORK)

    def pass_time(self, **length: float) -> None:
        """Move both clocks."""
        seconds = timedelta(**length).total_seconds()
        self.offset += seconds
        self.stage.advance(seconds)
        folder = self.app.extensions["wx_config"].service.data_dir
        (folder / "clock-offset").write_text(str(self.offset))
        clock.follow(folder / "clock-offset")

    def door(self, request: Received) -> Answer:
        """The notice door as the handlers will keep it."""
        if request.path != NOTICE_PATH:
            return 200, b"success"
        with self.app.app_context():
            now = clock.now()
            try:
                arrived = read_notice(request.headers, request.body, now=now)
            except NotAuthentic as refusal:
                self.refused.append(str(refusal.reason))
                return 401, b'{"code":"FAIL","message":""}'
            retried(lambda: store_notice(arrived, now=now))
            db.session.remove()
        return 204, b""


def open_market(app: Flask, stage: Stage, wares: Wares) -> Market:
    """With the goods on the shelf: terms, Alice with a touch by Bob, and Bob with money."""
    openid = stage.act("Bob", "follow", appid=SHOP)["openid"]
    with transaction():
        outlet = OrgNode(tier=Tier.OUTLET, code="O1", name="中山路营业厅")
        db.session.add(outlet)
        db.session.flush()
        db.session.add(OrgPath(ancestor_id=outlet.id, descendant_id=outlet.id, depth=0))
        db.session.flush()
        alice_id = _add_alice(outlet.id)
        bob = _add_bob(openid)
        _refer(alice_id, bob)
        today = business_on(clock.now())
        add_rate(valid_from=date(2026, 1, 1), rate_bp=500)
        set_vesting(
            product_kind="goods", milestone=Milestone.RECEIVED, hold_days=7, valid_from=today
        )
        set_vesting(
            product_kind="plan", milestone=Milestone.ACTIVATED, hold_days=30, valid_from=today
        )
    return Market(app, stage, wares, bob, alice_id)


def _add_alice(outlet_id: int) -> int:
    rep = Rep(
        number=numbers.new_number(numbers.REP, on=date(2026, 1, 1)),
        name="Alice",
        outlet_id=outlet_id,
        channel_class="own_hall",
        joined_on=date(2026, 1, 1),
    )
    db.session.add(rep)
    db.session.flush()
    db.session.add(
        OperatorIdentity(
            rep_id=rep.id,
            developer_code="D-Alice",
            channel_code="C-Alice",
            staff_number="S-Alice",
            valid_from=date(2026, 1, 1),
        )
    )
    return rep.id


def _add_bob(openid: str) -> Buyer:
    now = clock.now()
    member = Member(
        number=numbers.new_number(numbers.MEMBER, on=business_on(now)), name="Bob", created_at=now
    )
    db.session.add(member)
    db.session.flush()
    identity = Identity(appid=SHOP, openid=openid, member_id=member.id, seen_at=now, created_at=now)
    db.session.add(identity)
    db.session.flush()
    return Buyer(member.id, identity.id)


def _refer(rep_id: int, bob: Buyer) -> None:
    at = clock.now() - timedelta(hours=1)
    share = open_share(
        sharer=Sharer(rep_id=rep_id),
        sharing=Sharing(subject=Subject.SHOWROOM, place=Place.CHAT),
        now=at,
    )
    record_touch(
        Contact(
            key=b"touch-of-bob",
            kind=TouchKind.LINK_OPENED,
            certainty=Certainty.SIGNED,
            event_at=at,
            known_at=at,
            identity_id=bob.identity_id,
            share_id=share.id,
        )
    )


def order_status(order_id: int) -> str:
    db.session.rollback()
    return db.session.get_one(SalesOrder, order_id).status


def order_row(order_id: int) -> SalesOrder:
    db.session.rollback()
    return db.session.get_one(SalesOrder, order_id)


def lines(order_id: int) -> list[OrderLine]:
    db.session.rollback()
    query = select(OrderLine).where(OrderLine.order_id == order_id).order_by(OrderLine.position)
    return list(db.session.scalars(query))


def payments(order_id: int) -> list[Payment]:
    db.session.rollback()
    query = select(Payment).where(Payment.order_id == order_id).order_by(Payment.id)
    return list(db.session.scalars(query))


def refunds() -> list[Refund]:
    db.session.rollback()
    return list(db.session.scalars(select(Refund).order_by(Refund.id)))


def open_kinds() -> list[str]:
    """Kinds of what waits for a person."""
    db.session.rollback()
    query = select(ExceptionItem.kind).where(ExceptionItem.closed_at.is_(None))
    return list(db.session.scalars(query.order_by(ExceptionItem.id)))


def total(kind: AccountKind) -> int:
    """The balance of all accounts of a kind, in fen; debit is positive."""
    db.session.rollback()
    return sum(balances(kind).values())


def assert_books_and_witness_agree(stage: Stage) -> None:
    """What the ledger holds at WeChat Pay is what truly came and went there; all adds up."""
    there = _sum(stage.facts("payment")) - _sum(stage.facts("refund"))
    assert total(AccountKind.WECHAT_CLEARING) == there
    assert unbalanced_postings() == []
    assert compare_balances(mend=False) == 0
    assert sum(line.balance_fen for line in trial_balance()) == 0
    assert_stock_conserved()
    assert_histories_hold()


def _sum(facts: Sequence[dict[str, Any]]) -> int:
    return sum(int(fact["amount_fen"]) for fact in facts)
