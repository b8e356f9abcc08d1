"""Forms that stand on a page in a certain state of the world only: how it comes there, as often as asked."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from itertools import count

from sqlalchemy import select, update

from campaigns.models import Campaign, CampaignStatus
from catalog.launch_models import LaunchApproval
from catalog.models import Product
from catalog.number_models import NumberState
from flows.attribution import LEARNT_LATE
from fulfilment.models import Task, TaskStatus
from fulfilment.nodes import Node
from fulfilment.return_models import RequestStatus, ReturnRequest
from ledger.models import AccountKind
from ledger.operations import post
from ledger.values import credit, debit, of_company, of_rep
from members.claim_models import ClaimVerdict, MemberClaim
from members.claims import claim, decide_claim, undecided_claim
from members.models import Member
from orders.models import OrderLine, RealName
from org.import_models import ImportStatus, PeopleImport
from org.models import Rep, RepStatus, Staff, Tier
from org.operations import create_node
from org.queries import rep_card
from referral.disputes import open_dispute
from referral.models import Dispute
from referral.policy_drafts import approve_draft, draft_policy
from referral.policy_models import DraftVerdict, PolicyDraft
from referral.reassignment_models import Reassignment
from settlement.changes.models import ProposalStatus, RateProposal
from tests.console.owned import Named, draft, pooled, reassignment
from tests.console.test_claims import new_wechat
from tests.console.world import World
from tests.org.cast import hire
from wx_backend import clock
from wx_backend.db import transaction

Stand = tuple[Named, Mapping[str, str]]
"""What a form is about, and what it holds beside its texts."""
BREAKS_A_RULE = {"name": "A", "fields": {}, "text": "分享朋友圈领红包"}


def states(world: World, shown: Mapping[str, Named]) -> Mapping[str, Callable[[], Stand]]:
    """By endpoint; each call is ready for one more form."""
    numbers, anew = count(1), new_wechat(world)
    product = shown["products"]["number"]
    return {
        "console.campaigns.override": partial(_campaign, world, CampaignStatus.DRAFT),
        "console.campaigns.pause": partial(_campaign, world, CampaignStatus.RUNNING),
        "console.campaigns.refuse": partial(_campaign, world, CampaignStatus.SUBMITTED),
        "console.campaigns.stop": partial(_campaign, world, CampaignStatus.RUNNING),
        "console.claims.ask": partial(_claimable, world, anew),
        "console.claims.decide": partial(_claimed, world),
        "console.claims.lift": partial(_lost, world, anew),
        "console.disputes.close": partial(_disputed, world, numbers),
        "console.disputes.decide": partial(_upheld, world, numbers),
        "console.disputes.reassign": partial(_disputed, world, numbers),
        "console.imports.undo": partial(_brought_in, shown["imports"]),
        "console.numbers.offer": partial(_number, world, NumberState.WITHDRAWN),
        "console.numbers.withdraw": partial(_number, world, NumberState.FREE),
        "console.payouts.propose": partial(_earned, world, numbers),
        "console.places.close": partial(_quiet_place, world, numbers),
        "console.places.move": partial(_quiet_place, world, numbers),
        "console.policies.approve": partial(_policy_drafted, numbers),
        "console.policies.call_off": partial(_policy_coming, numbers),
        "console.policies.create": _nobody_drafts,
        "console.policies.refuse": partial(_policy_drafted, numbers),
        "console.pool.exchange": partial(_delivered, shown["pool"]),
        "console.products.decide": partial(_asked, str(product)),
        "console.rates.refuse": partial(_proposed, shown["rates"]),
        "console.real_names.decide": partial(_unverified, world),
        "console.refunds.ask": lambda: ({"number": world.southern.number}, {"key": _key(numbers)}),
        "console.rep_moves.move": partial(_rep, world, numbers, RepStatus.ACTIVE),
        "console.reps.enable": partial(_rep, world, numbers, RepStatus.DISABLED),
        "console.reps.leave": partial(_rep, world, numbers, RepStatus.ACTIVE),
        "console.returns.decide": partial(_asked_back, shown["returns"]),
        "console.staff.enable": partial(_disabled, shown["staff"]),
        "console.stops.stop": lambda: ({"line": "messages"}, {}),
        "console.stops.stop_place": lambda: ({}, {"node": str(world.tree.south)}),
    }


def _key(numbers: "count[int]") -> str:
    return f"state-{next(numbers)}"


def _number(world: World, state: NumberState) -> Stand:
    return {"number_id": pooled(world.tree.frost, state)}, {}


def _campaign(world: World, status: CampaignStatus) -> Stand:
    """A campaign of somebody else there, in a revision of its own."""
    number, north = "CP261120STATE", _staff("north")
    with transaction() as session:
        row = session.scalar(select(Campaign).where(Campaign.number == number))
    if row is None:
        draft(world.tree.north, north, number)
    with transaction() as session:
        row = session.scalars(select(Campaign).where(Campaign.number == number)).one()
        row.status, row.submitted_by, row.revision = status, north, row.revision + 1
        row.campaign_class, row.service_event = "promotion", None
        row.content = {"variants": [BREAKS_A_RULE]}
        return {"number": number}, {"revision": str(row.revision)}


def _staff(login: str) -> int:
    with transaction() as session:
        return session.scalars(select(Staff.id).where(Staff.login == login)).one()


def _withdrawn() -> None:
    """Nothing that was claimed waits any more."""
    values = {"verdict": "withdrawn", "decided_by": MemberClaim.asked_by, "decided_at": clock.now()}
    with transaction() as session:
        session.execute(update(MemberClaim).where(MemberClaim.verdict.is_(None)).values(**values))


def _claimable(world: World, anew: str) -> Stand:
    _withdrawn()
    return {"number": world.southern.number}, {"new": anew}


def _claimed(world: World) -> Stand:
    _withdrawn()
    claim_id = _claim(world.northern.number, world.nora.member_id, world.bob.member_id)
    return {"claim_id": claim_id, "verdict": "rejected"}, {}


def _claim(number: str, old_id: int, new_id: int) -> int:
    with transaction():
        return claim(
            order_number=number,
            old_id=old_id,
            new_id=new_id,
            reason="核对身份证",
            actor="staff:999",
            now=clock.now(),
        ).id


def _lost(world: World, anew: str) -> Stand:
    """A claim both agreed to."""
    _withdrawn()
    agreed = select(MemberClaim.id).where(MemberClaim.verdict == ClaimVerdict.APPROVED)
    with transaction() as session:
        claim_id = session.scalar(agreed)
        new_id = session.scalars(select(Member.id).where(Member.number == anew)).one()
    if claim_id is None:
        claim_id = _claim(world.southern.number, world.bob.member_id, new_id)
        with transaction():
            decide_claim(
                undecided_claim(claim_id),
                verdict=ClaimVerdict.APPROVED,
                note="",
                actor="staff:998",
                now=clock.now(),
            )
    return {"claim_id": claim_id}, {"lift": "found"}


def _disputed(world: World, numbers: "count[int]") -> Stand:
    """A new dispute about Nora's line, which nobody asks to be another rep's."""
    now, number = clock.now(), next(numbers)
    key, other = f"state:{number}", rep_card(hire(world.tree.frost, f"新人{number}"))
    undone = {"verdict": "withdrawn", "decided_by": Reassignment.asked_by, "decided_at": now}
    with transaction() as session:
        waits = update(Reassignment).where(Reassignment.verdict.is_(None))
        session.execute(waits.values(**undone))
        line_id = session.scalars(
            select(OrderLine.id).where(OrderLine.order_id == world.northern.id)
        ).one()
        open_dispute(order_line_id=line_id, key=key, reason=LEARNT_LATE, now=now)
        dispute_id = session.scalars(select(Dispute.id).where(Dispute.key == key)).one()
    return {"dispute_id": dispute_id}, {"to_rep": other.number}


def _upheld(world: World, numbers: "count[int]") -> Stand:
    """Somebody else asks that it be."""
    named, held = _disputed(world, numbers)
    with transaction() as session:
        other = session.scalars(select(Rep.id).where(Rep.number == held["to_rep"])).one()
    waiting = reassignment(int(str(named["dispute_id"])), world.nils_id, other)
    return {"reassignment_id": waiting, "verdict": "rejected"}, {}


def _brought_in(named: Named) -> Stand:
    with transaction() as session:
        session.get_one(PeopleImport, named["import_id"]).status = ImportStatus.DONE
    return named, {}


def _earned(world: World, numbers: "count[int]") -> Stand:
    """A rep has commission that nobody proposed to pay yet."""
    number = next(numbers)
    free = of_rep(AccountKind.COMMISSION_PAYABLE, hire(world.tree.frost, f"新人{number}"))
    legs = [debit(of_company(AccountKind.COMMISSION_EXPENSE), 5_000), credit(free, 5_000)]
    with transaction():
        post(kind="commission.vest", key=f"give:state-{number}", legs=legs, now=clock.now())
    asked = {"rail": "file", "minimum": "1.00", "fee": "0", "tax": "0"}
    return {}, {"node": str(world.tree.group), **asked}


def _quiet_place(world: World, numbers: "count[int]") -> Stand:
    """An outlet nobody works at."""
    code = f"NX{next(numbers)}"
    with transaction():
        create_node(tier=Tier.OUTLET, code=code, name="空厅", parent_id=world.tree.harbin)
    return {"code": code}, {"parent": "SC"}


def _delivered(named: Named) -> Stand:
    """The customer has his unit."""
    now = clock.now()
    with transaction() as session:
        packed = session.get_one(Task, named["task_id"])
        delivered = {"chain_id": packed.chain_id, "node": Node.DELIVERED, "round": packed.round}
        row = session.scalar(select(Task).filter_by(**delivered))
        if row is None:
            of_line = {"order_line_id": packed.order_line_id, "outlet_id": packed.outlet_id}
            row = Task(**delivered, **of_line, owner=packed.owner, entered_at=now, due_at=now)
            session.add(row)
        row.status, row.done_at = TaskStatus.DONE, now
    return named, {}


def _asked_back(named: Named) -> Stand:
    """The customer waits for an answer."""
    undecided = {"decided_by": None, "decided_at": None, "answer": ""}
    row = update(ReturnRequest).where(ReturnRequest.id == named["request_id"])
    with transaction() as session:
        session.execute(row.values(status=RequestStatus.ASKED, **undecided))
    return named, {"verdict": "decline"}


def _asked(number: str) -> Stand:
    """Somebody else wants the product on the shelves."""
    waiting = select(LaunchApproval).where(LaunchApproval.verdict.is_(None))
    now = clock.now()
    with transaction() as session:
        row = session.scalar(waiting)
        product_id = session.scalars(select(Product.id).where(Product.number == number)).one()
        if row is None:
            row = LaunchApproval(product_id=product_id, on_sale_from=now)
            row.asked_at = now
            session.add(row)
        row.asked_by = "staff:0"
    return {"number": number, "verdict": "rejected"}, {}


def _proposed(named: Named) -> Stand:
    """Somebody else wants other rates."""
    values = {"status": ProposalStatus.PROPOSED, "proposed_by": _staff("finance")}
    undecided = {"decided_by": None, "decided_at": None}
    row = update(RateProposal).where(RateProposal.id == named["proposal_id"])
    with transaction() as session:
        session.execute(row.values(**values, **undecided))
    return named, {}


def _nobody_drafts() -> Stand:
    """No policy waits for a second person, and one is written."""
    begins = clock.business_on(clock.now()) + timedelta(days=60)
    numbers = {
        "window_days": "30",
        "protection_days": "9",
        "developer_percent": "70",
        "flash_recent_minutes": "10",
    }
    undone = {
        "verdict": DraftVerdict.WITHDRAWN,
        "decided_by": PolicyDraft.drafted_by,
        "decided_at": clock.now(),
    }
    with transaction() as session:
        session.execute(update(PolicyDraft).where(PolicyDraft.verdict.is_(None)).values(**undone))
    return {}, {**numbers, "valid_from": f"{begins}T08:00"}


def _policy_drafted(numbers: "count[int]") -> Stand:
    """Somebody else wants another policy."""
    _nobody_drafts()
    staff_id, number, now = _staff("finance"), next(numbers), clock.now()
    with transaction():
        draft_id = draft_policy(
            settings={"window_days": 40 + number, "overrides": []},
            valid_from=now + timedelta(days=1, minutes=number),
            reason="试行",
            staff_id=staff_id,
            now=now,
        )
    return {"draft_id": draft_id}, {}


def _policy_coming(numbers: "count[int]") -> Stand:
    """A version was agreed to and has not begun."""
    named, _ = _policy_drafted(numbers)
    with transaction() as session:
        draft = session.get_one(PolicyDraft, named["draft_id"])
        approve_draft(draft_id=draft.id, note="同意", staff_id=_staff("root"), now=clock.now())
        return {"version": draft.version}, {}


def _unverified(world: World) -> Stand:
    """The user of a line has not shown who he is yet."""
    line = update(OrderLine).where(OrderLine.order_id == world.northern.id)
    with transaction() as session:
        session.execute(line.values(real_name_state=RealName.WAITING))
    return {"number": world.northern.number, "position": 1}, {"state": "passed"}


def _rep(world: World, numbers: "count[int]", status: RepStatus) -> Stand:
    """Somebody new."""
    rep_id = hire(world.tree.frost, f"新人{next(numbers)}")
    with transaction() as session:
        session.get_one(Rep, rep_id).status = status
    return {"number": rep_card(rep_id).number}, {"outlet": "NH2", "heir": "pool"}


def _disabled(named: Named) -> Stand:
    with transaction() as session:
        session.get_one(Staff, named["staff_id"]).is_active = False
    return named, {}
