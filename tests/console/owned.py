"""One of everything in the console that somebody owns, as its routes name it, with the place it is of.

Most of it lies in the north: at the outlet 道里 in Harbin, or with the province itself. The accounts
are of the southern province. Beside the staff of the world there are administrators down to that outlet.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from campaigns.models import Campaign
from catalog.number_models import NumberState, PhoneNumber
from catalog.numbers import NumberData, import_numbers
from flows.attribution import LEARNT_LATE
from flows.imports import taking
from flows.payout.batches import propose_batch
from fulfilment.models import Chain, Task
from fulfilment.return_models import ReturnRequest
from ledger.models import AccountKind
from ledger.operations import post
from ledger.values import credit, debit, of_company, of_rep
from members.claims import claim
from members.operations import follow
from members.tags.models import TagOrigin
from members.tags.operations import create_tag, give
from orders.models import OrderLine
from org.import_models import ImportKind
from org.models import Role, Staff, StaffSession, Tier
from org.operations import create_node
from payments.exceptions import open_exception
from payments.models import (
    ExceptionItem,
    ExceptionKind,
    Payment,
    Refund,
    RefundProposal,
    RefundStatus,
    WayOut,
)
from reconciliation.differences import record
from reconciliation.models import DifferenceClass
from reconciliation.values import Finding
from referral.disputes import open_dispute
from referral.farming.models import FarmingFlag, FarmingKind, Source
from referral.farming.operations import raise_flag
from referral.farming.rules import Seen
from referral.models import Dispute, Touch
from referral.reassignment_models import Reassignment
from referral.values import TouchKind
from settlement.payouts.models import Payout, PayoutBatch, PayoutReturn, Rail
from settlement.payouts.proposals import Proposal
from settlement.payouts.rules import Terms
from settlement.statements.models import AccountingPeriod, Statement, StatementOwner
from tests.catalog.pool import FIRST
from tests.catalog.slots import put_up
from tests.console.world import APPID, World
from tests.org.cast import hire
from wx_backend import clock
from wx_backend.audit import AuditEntry
from wx_backend.db import Model, db, retried, transaction

ON = date(2026, 11, 20)
Named = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Owned:
    """An object by the arguments of the routes that name it, and the place it belongs to."""

    node_id: int
    named: Named


def everything_owned(world: World) -> Mapping[str, Owned]:
    """What there is, by endpoint or by the blueprint all of whose routes name it."""
    _staff_of_the_north(world)
    north, frost = world.tree.north, world.tree.frost
    staff = {row.login: row.id for row in db.session.scalars(select(Staff))}
    chain = db.session.scalars(select(Chain).where(Chain.order_id == world.northern.id)).one()
    task = db.session.scalars(select(Task).where(Task.chain_id == chain.id)).first()
    assert task
    order = Owned(frost, {"number": world.northern.number, "position": 1})
    rep = Owned(frost, {"number": world.nils_number})
    campaign = Owned(north, {"number": draft(north, staff["north"])})
    refund = _refund(world)
    proposal = Owned(frost, {"proposal_id": _proposal(world)})
    way_out = Owned(frost, {"way_out_id": _way_out(world)})
    return {
        "account": Owned(north, {"session_id": _session(staff["north"])}),
        "accounts": Owned(world.tree.south, {"name": "city"}),
        "audit": Owned(north, {"entry_id": _entry(north)}),
        "banners": Owned(frost, {"number": put_up(frost)}),
        "billing": order,
        "calendar": Owned(world.tree.harbin, {"city_id": world.tree.harbin}),
        "campaigns": campaign,
        "campaign_people": Owned(north, {**campaign.named, "kind": "csv"}),
        "campaign_lists": Owned(north, {**campaign.named, "kind": "csv"}),
        "claims": Owned(
            frost,
            {
                "number": world.northern.number,
                "claim_id": _claim(world),
                "verdict": "rejected",
            },
        ),
        "disputes": Owned(frost, _upheld(world)),
        "farming": Owned(frost, {"flag_id": flagged(world.nils_id), "verdict": "harmless"}),
        "imports": Owned(north, {"import_id": _file(north, staff["north"])}),
        "menus": Owned(world.tree.south, {"account": "city"}),
        "numbers": Owned(frost, {"number_id": pooled(frost)}),
        "orders": order,
        "payouts": Owned(north, _batch(world)),
        "places": Owned(frost, {"code": "NH1"}),
        "pool": Owned(frost, {"chain_id": chain.id, "task_id": task.id}),
        "real_names": order,
        "receipts": Owned(frost, {"number": world.northern.receipt}),
        "reconciliation": Owned(frost, {"difference_id": _difference(world)}),
        "refunds": order,
        "console.refunds.again": refund,
        "console.refunds.show": refund,
        "console.refunds.work_off": refund,
        "console.refunds.decide": proposal,
        "console.refunds.withdraw": proposal,
        "console.refunds.decide_way_out": way_out,
        "console.refunds.withdraw_way_out": way_out,
        "returns": Owned(frost, {"request_id": asked_back(chain.id)}),
        "repair": Owned(frost, {"item_id": _exception(world)}),
        "replies": Owned(world.tree.south, {"account": "city"}),
        "rep_moves": rep,
        "reps": rep,
        "staff": Owned(north, {"staff_id": staff["north"]}),
        "statements": Owned(frost, {"number": _statement(world)}),
        "tags": Owned(world.tree.south, _tag()),
        "stock": Owned(frost, {"sku": world.wares.phone, "place": "NH1"}),
    }


def _claim(world: World) -> int:
    """Nora's order was shown, for a WeChat that is Bob's."""
    with transaction():
        return claim(
            order_number=world.northern.number,
            old_id=world.nora.member_id,
            new_id=world.bob.member_id,
            reason="核对身份证",
            actor="staff:999",
            now=clock.now(),
        ).id


def disputed(world: World) -> int:
    """Somebody else's contact with Nora was learnt of after she paid."""
    with transaction() as session:
        line = session.scalars(
            select(OrderLine.id).where(OrderLine.order_id == world.northern.id)
        ).one()
        open_dispute(order_line_id=line, key="touch:1", reason=LEARNT_LATE, now=clock.now())
        return session.scalars(select(Dispute.id).where(Dispute.order_line_id == line)).one()


def _upheld(world: World) -> Named:
    """Somebody asks that Nora's line be another one's of the outlet."""
    dispute_id = disputed(world)
    waiting = reassignment(dispute_id, world.nils_id, hire(world.tree.frost, "娜塔莎"))
    return {"dispute_id": dispute_id, "reassignment_id": waiting, "verdict": "rejected"}


def reassignment(dispute_id: int, from_rep_id: int, to_rep_id: int) -> int:
    """It waits for a second person."""
    return _kept(
        Reassignment(
            dispute_id=dispute_id,
            order_line_id=db.session.get_one(Dispute, dispute_id).order_line_id,
            from_rep_id=from_rep_id,
            to_rep_id=to_rep_id,
            reason="先行接待",
            asked_by="staff:999",
            asked_at=clock.now(),
        )
    )


def flagged(rep_id: int) -> int:
    """The only follow there is looks like farming of this rep."""
    with transaction() as session:
        touch = session.scalars(select(Touch).where(Touch.kind == TouchKind.SUBSCRIBE)).one()
        assert touch.identity_id is not None
        seen = Seen(Source.FOLLOW, touch.id, touch.identity_id, touch.event_at)
        raise_flag(rep_id=rep_id, kind=FarmingKind.NEWCOMERS, rows=[seen], now=clock.now())
        return session.scalars(select(FarmingFlag.id).where(FarmingFlag.rep_id == rep_id)).one()


def _statement(world: World) -> str:
    return quiet_statement(
        world.nils_id,
        number="ST260131NORTH",
        rep_number=world.nils_number,
        outlet_id=world.tree.frost,
    )


def _tag() -> Named:
    now = clock.now()
    with transaction():
        tag = create_tag(appid=APPID, name="老客户", rule={}, by="staff:1", now=now)
        identity_id = follow(
            key=bytes(16), appid=APPID, openid="oTagged", event_at=now, known_at=now
        )
        give(tag, [identity_id], origin=TagOrigin.HAND, now=now)
        return {"account": "city", "tag_id": tag.id, "identity_id": identity_id}


def _staff_of_the_north(world: World) -> None:
    """Administrators of Harbin, of its outlet, and of the outlet beside it."""
    with transaction() as session:
        beside = create_node(
            tier=Tier.OUTLET, code="NH2", name="南岗营业厅", parent_id=world.tree.harbin
        )
        one = session.scalars(select(Staff).where(Staff.login == "north")).one()
        places = {"harbin": world.tree.harbin, "frost": world.tree.frost, "beside": beside}
        session.add_all(
            Staff(
                login=login,
                name=f"员工{login}",
                password_hash=one.password_hash,
                role=Role.ADMINISTRATOR,
                node_id=node_id,
            )
            for login, node_id in places.items()
        )


def _kept(row: Model) -> int:
    """Its id, committed."""
    with transaction() as session:
        session.add(row)
        session.flush()
        row_id: int = row.id  # type: ignore[attr-defined]  # every row here has one
        return row_id


def _session(staff_id: int) -> int:
    now = clock.now()
    return _kept(StaffSession(staff_id=staff_id, digest=bytes(32), created_at=now, seen_at=now))


def _entry(node_id: int) -> int:
    return _kept(
        AuditEntry(
            at=clock.now(),
            actor="staff:0",
            node_id=node_id,
            what="console.staff.create",
            subject="",
            reason="",
            request_id="",
            changes=[],
        )
    )


def pooled(node_id: int, state: NumberState = NumberState.FREE, msisdn: str = FIRST) -> int:
    """A number of the pool of this place; made once."""
    with transaction() as session:
        import_numbers(node_id=node_id, numbers=[NumberData(msisdn)], now=clock.now())
        row = session.scalars(select(PhoneNumber).where(PhoneNumber.msisdn == msisdn)).one()
        row.state = state
        return row.id


def draft(node_id: int, staff_id: int, number: str = "CP261120NORTH") -> str:
    """A campaign nobody has seen yet; its number."""
    _kept(
        Campaign(
            number=number,
            appid=APPID,
            node_id=node_id,
            name="北省活动",
            campaign_class="service",
            purpose="提醒",
            service_event="order_paid",
            content={"variants": []},
            segment={},
            rate_per_second=10,
            control_bp=0,
            cap_messages=1,
            cap_days=7,
            created_by=staff_id,
            created_at=clock.now(),
        )
    )
    return number


def _file(node_id: int, staff_id: int) -> int:
    sheet = "姓名,网点编码,渠道\n张三,NH1,自有营业厅\n".encode()
    lines, now = taking.read_file(kind=ImportKind.REPS, raw=sheet), clock.now()
    return retried(
        lambda: taking.take_file(
            kind=ImportKind.REPS,
            lines=lines,
            name="north.csv",
            staff_id=staff_id,
            node_id=node_id,
            now=now,
        )
    )


def _batch(world: World) -> Named:
    """A proposed batch of the province, a payout of it, and a file that answers it."""
    now, north = clock.now(), world.tree.north
    with transaction():
        free = of_rep(AccountKind.COMMISSION_PAYABLE, world.nils_id)
        legs = [debit(of_company(AccountKind.COMMISSION_EXPENSE), 5_000), credit(free, 5_000)]
        post(kind="commission.vest", key="give:nils", legs=legs, now=now)
    proposal = Proposal(north, Rail.FILE, Terms(100), "北省佣金", "staff:0")
    number = retried(lambda: propose_batch(proposal=proposal, scope_id=north, now=now))
    batch_id = db.session.scalars(select(PayoutBatch.id)).one()
    payout = db.session.scalars(select(Payout.number)).one()
    answer = PayoutReturn(
        batch_id=batch_id,
        digest=bytes(32),
        name="back.csv",
        rows=[],
        uploaded_by="staff:0",
        uploaded_at=now,
    )
    return {"number": number, "payout": payout, "row_id": _kept(answer)}


def _difference(world: World) -> int:
    finding = Finding(
        DifferenceClass.AMOUNT_DIFFERS, "payment:PYNORTH", 9_900, 9_800, world.northern.id, {}
    )
    with transaction():
        return record(on=ON, finding=finding, owner_node_id=world.tree.frost, now=clock.now())


def _payment(world: World) -> Payment:
    return db.session.scalars(select(Payment).where(Payment.order_id == world.northern.id)).one()


def _exception(world: World) -> int:
    with transaction() as session:
        open_exception(
            kind=ExceptionKind.MISMATCH,
            key="PYNORTH",
            details={},
            now=clock.now(),
            payment_id=_payment(world).id,
        )
        return session.scalars(select(ExceptionItem.id)).one()


def _refund(world: World) -> Owned:
    number = "RF261120NORTH"
    _kept(_abnormal(world, number))
    return Owned(world.tree.frost, {"number": number})


def _abnormal(world: World, number: str) -> Refund:
    return Refund(
        out_refund_no=number,
        payment_id=_payment(world).id,
        amount_fen=100,
        reason="不想要了",
        key=f"order:{world.northern.id}:{number}",
        status=RefundStatus.ABNORMAL,
        actor="staff:0",
        asked_at=clock.now(),
    )


def _proposal(world: World) -> int:
    return _kept(
        RefundProposal(
            order_id=world.northern.id,
            key="k-north",
            amounts={},
            amount_fen=150_000,
            reason="不想要了",
            proposed_by="staff:0",
            proposed_at=clock.now(),
        )
    )


def asked_back(chain_id: int) -> int:
    """The buyer wants to give this line back."""
    return _kept(
        ReturnRequest(
            chain_id=chain_id,
            round=1,
            key="asked-back-0123456789",
            reason="不想要了",
            asked_by="member:0",
            asked_at=clock.now(),
        )
    )


def _way_out(world: World) -> int:
    refund_id = _kept(_abnormal(world, "RF261120NORTH2"))
    return _kept(
        WayOut(
            refund_id=refund_id,
            way="merchant",
            amount_fen=150_000,
            proposed_by="staff:0",
            proposed_at=clock.now(),
        )
    )


def quiet_statement(
    rep_id: int, *, number: str, rep_number: str, outlet_id: int, month: int = 1
) -> str:
    """A rep's statement of a month (of 2026) in which nothing happened; its number."""
    first, last = date(2026, month, 1), date(2026, month, 28)
    period_id = _kept(AccountingPeriod(first_on=first, last_on=last))
    nothing = dict.fromkeys(
        ("accrued_fen", "vested_fen", "taken_back_fen", "paid_fen", "other_fen"), 0
    )
    for end in ("opening", "closing"):
        nothing |= {f"{end}_held_fen": 0, f"{end}_free_fen": 0}
    _kept(
        Statement(
            number=number,
            period_id=period_id,
            owner_kind=StatementOwner.REP,
            owner_id=rep_id,
            owner_number=rep_number,
            owner_name="某人",
            node_id=outlet_id,
            parent_id=outlet_id,
            previous=bytes(32),
            digest=bytes(32),
            frozen_at=clock.now(),
            **nothing,
        )
    )
    return number
