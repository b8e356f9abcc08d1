"""Reps with free money, two people of finance, and the pretend WeChat Pay that transfers it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from flows.payment.address import NOTICE_PATH
from flows.payment.notices import read_notice, store_notice, work_off
from flows.payout.batches import approve_batch, propose_batch
from ledger.models import AccountKind
from ledger.operations import post
from ledger.queries import balance, trial_balance, unbalanced_postings
from ledger.values import AccountName, credit, debit, of_company, of_rep
from members.joining import join_member
from members.operations import ensure_identity
from org.invites import bind_rep
from payments import notices
from payments.models import ExceptionItem
from settlement.payouts.models import Payout, PayoutBatch, PayoutEvent, Rail
from settlement.payouts.proposals import Proposal
from settlement.payouts.rules import Terms
from tests.jobs import run_jobs
from tests.org.cast import Tree, hire, plant
from tests.simulator.receiver import Answer, Received
from tests.simulator.stage import SHOP, Stage
from wechat.pay.merchant import NotAuthentic
from wx_backend import clock, outbox
from wx_backend.db import db, retried, transaction

EXPENSE = of_company(AccountKind.COMMISSION_EXPENSE)
FREE, TRANSIT = AccountKind.COMMISSION_PAYABLE, AccountKind.PAYOUT_TRANSIT
CAROL, DAN = "staff:1", "staff:2"
PLAIN = Terms(minimum_fen=100)


@dataclass
class World:
    """Alice (hall) has 50 yuan free, Amy (hall) 20, Dave (bay) half a yuan; nobody else anything."""

    app: Flask
    tree: Tree
    alice: int
    amy: int
    dave: int
    stage: Stage | None = None
    offset: float = 0.0

    def work(self) -> None:
        """Let the platform deliver what it has, then do everything that is due."""
        if self.stage is not None:
            self.stage.settle()
        self.work_here()

    def work_here(self) -> None:
        """Do everything that is due here, notices first."""
        for _ in range(20):
            done = sum(notices.run(held, work_off) for held in notices.claim(limit=50))
            done += run_jobs(outbox.WORK) + run_jobs(outbox.CALL)
            if not done:
                break
        db.session.rollback()

    def pass_time(self, **length: float) -> None:
        """Move both clocks."""
        seconds = timedelta(**length).total_seconds()
        self.offset += seconds
        if self.stage is not None:
            self.stage.advance(seconds)
        folder = self.app.extensions["wx_config"].service.data_dir
        (folder / "clock-offset").write_text(str(self.offset))
        clock.follow(folder / "clock-offset")

    def pass_to_noon(self) -> None:
        """Move both clocks to the next noon of Shanghai: what follows is of one day."""
        local = clock.now().astimezone(clock.SHANGHAI)
        noon = local.replace(hour=12, minute=0, second=0, microsecond=0)
        self.pass_time(seconds=(noon - local).total_seconds() % timedelta(days=1).total_seconds())

    def door(self, request: Received) -> Answer:
        """The notice door as the handlers keep it."""
        if request.path != NOTICE_PATH:
            return 200, b"success"
        with self.app.app_context():
            now = clock.now()
            try:
                arrived = read_notice(request.headers, request.body, now=now)
            except NotAuthentic:
                return 401, b'{"code":"FAIL","message":""}'
            retried(lambda: store_notice(arrived, now=now))
            db.session.remove()
        return 204, b""

    def bind(self, name: str, rep_id: int) -> None:
        """A rep follows the shop and is bound to it."""
        assert self.stage is not None
        openid = self.stage.act(name, "follow", appid=SHOP)["openid"]
        with transaction():
            identity_id = ensure_identity(appid=SHOP, openid=openid, now=clock.now())
            member_id = join_member(identity_id=identity_id, now=clock.now())
            bind_rep(rep_id=rep_id, member_id=member_id, now=clock.now())


def make_world(app: Flask) -> World:
    """Everybody hired; what they earned is free."""
    tree = plant()
    world = World(
        app,
        tree,
        alice=hire(tree.hall, "爱丽丝"),
        amy=hire(tree.hall, "艾米"),
        dave=hire(tree.bay, "戴夫"),
    )
    give(world.alice, 5_000)
    give(world.amy, 2_000)
    give(world.dave, 50)
    return world


def give(rep_id: int, fen: int, key: str = "") -> None:
    """Free money for a rep."""
    account = of_rep(FREE, rep_id)
    legs = [debit(EXPENSE, fen), credit(account, fen)]
    with transaction():
        post(kind="commission.vest", key=f"give:{rep_id}:{key}", legs=legs, now=clock.now())


def take(rep_id: int, fen: int) -> None:
    """A refund takes free money back."""
    legs = [debit(of_rep(FREE, rep_id), fen), credit(EXPENSE, fen)]
    with transaction():
        post(kind="commission.take_back", key=f"take:{rep_id}", legs=legs, now=clock.now())


def propose(
    world: World, *, rail: Rail = Rail.FILE, node_id: int | None = None, terms: Terms = PLAIN
) -> str:
    """Carol proposes to pay everybody below a node (the group)."""
    place = node_id or world.tree.group
    proposal = Proposal(place, rail, terms, "三月佣金", CAROL)
    scope_id = world.tree.group
    return retried(lambda: propose_batch(proposal=proposal, scope_id=scope_id, now=clock.now()))


def approve(world: World, number: str, by: str = DAN) -> None:
    """Dan agrees."""
    scope_id = world.tree.group
    retried(lambda: approve_batch(number=number, scope_id=scope_id, by=by, now=clock.now()))


def released(world: World, **how: object) -> str:
    """A batch whose money has left."""
    number = propose(world, **how)  # type: ignore[arg-type]  # passed on as given
    approve(world, number)
    world.work_here()
    return number


def batch(number: str) -> PayoutBatch:
    db.session.rollback()
    return db.session.scalars(select(PayoutBatch).where(PayoutBatch.number == number)).one()


def payouts(number: str | None = None) -> Sequence[Payout]:
    """The payouts (of a batch), by id."""
    db.session.rollback()
    query = select(Payout).order_by(Payout.id)
    if number is not None:
        query = query.where(Payout.batch_id == batch(number).id)
    return db.session.scalars(query).all()


def payout_to(name: str) -> Payout:
    """The newest payout to somebody."""
    return [each for each in payouts() if each.receiver_name == name][-1]


def statuses(number: str | None = None) -> dict[str, str]:
    """Where everybody's payout stands, by name."""
    return {each.receiver_name: each.status for each in payouts(number)}


def events() -> list[tuple[str, str]]:
    db.session.rollback()
    rows = db.session.scalars(select(PayoutEvent).order_by(PayoutEvent.id))
    return [(row.what, row.actor) for row in rows]


def free(rep_id: int) -> int:
    return -on(of_rep(FREE, rep_id))


def transit(rep_id: int) -> int:
    return -on(of_rep(TRANSIT, rep_id))


def on(account: AccountName) -> int:
    db.session.rollback()
    return balance(account)


def open_kinds() -> list[str]:
    db.session.rollback()
    query = select(ExceptionItem.kind).where(ExceptionItem.closed_at.is_(None))
    return list(db.session.scalars(query.order_by(ExceptionItem.id)))


def assert_books_balance() -> None:
    db.session.rollback()
    assert unbalanced_postings() == []
    assert sum(line.balance_fen for line in trial_balance()) == 0
