"""Commission rules: who gets which rate, when it is free; changed by two people."""

import logging
from collections.abc import Callable, Mapping
from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from catalog.queries import categories
from console import rate_words
from console.pages import sentence, text
from console.rate_forms import CALLED, STEPS_MAX, USUAL_STEPS, content_of, day
from console.session import staff
from console.typed import EMPTY, Filled, came_back
from console.words import CHANNELS
from flows import rate_desk
from orders.paid_lines import order_numbers
from org.models import ChannelClass
from settlement.changes import queries
from settlement.changes.models import Subject
from settlement.changes.queries import By
from settlement.milestones import BEGINNINGS
from settlement.models import Milestone, Receiver
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import AppError, BadInput

log = logging.getLogger(__name__)
bp = Blueprint("rates", __name__, url_prefix="/rates")

RECEIVERS = tuple(Receiver)
MILESTONES = tuple(each for each in Milestone if each in BEGINNINGS)
Sent = Mapping[Subject, Filled]


@bp.context_processor
def page_values() -> dict[str, object]:
    """How rates read."""
    return {
        "says": rate_words.says,
        "subjects": rate_words.SUBJECTS,
        "tier_lines": rate_words.tier_lines,
        "step_line": rate_words.step_line,
        "term": rate_words.term,
    }


@bp.get("")
def index() -> str:
    """The rates that hold today or later, and what was proposed."""
    return _rates({})


@bp.get("/vesting")
def vesting() -> str:
    """When commission is free, per kind of product."""
    return _vesting({})


@bp.get("/split")
def split() -> str:
    """Managers of outlets, and who bears what a rep owes when he leaves."""
    return _split({})


@bp.post("/proposals")
def propose() -> ResponseReturnValue:
    """Ask for a change; refused, the page of its form comes back with what was typed."""
    typed = text("subject", request.form)
    if typed not in set(Subject):
        raise BadInput("没有这种变更", fields=["subject"])
    subject = Subject(typed)
    try:
        proposal_id = _proposed(subject)
    except AppError as refusal:
        return _PAGES[subject]({subject: came_back(refusal, CALLED)}), refusal.status
    return _done("change proposed", proposal_id, "已提交，等待另一位同事审批")


def _proposed(subject: Subject) -> int:
    now, who = clock.now(), _who()
    content, valid_from = content_of(subject), day("valid_from")
    reason = sentence("reason")
    return retried(
        lambda: rate_desk.propose(
            subject=subject,
            content=content,
            valid_from=valid_from,
            reason=reason,
            staff=who,
            now=now,
        )
    )


def _rates(sent: Sent) -> str:
    return render_template(
        "console/rates.html",
        rows=rate_desk.rate_rows(clock.now()),
        proposals=queries.proposals(limit=rate_desk.SHOWN),
        categories=categories(),
        channels={each: CHANNELS[each] for each in ChannelClass},
        receivers=RECEIVERS,
        **_forms("console.rates.index", sent),
    )


def _vesting(sent: Sent) -> str:
    return render_template(
        "console/vesting.html",
        rules=queries.vesting_rules(),
        milestones=MILESTONES,
        steps=range(STEPS_MAX),
        **_forms("console.rates.vesting", sent),
    )


def _split(sent: Sent) -> str:
    return render_template(
        "console/split.html",
        rows=rate_desk.rate_rows(clock.now()),
        managers=rate_desk.manager_rows(staff().node_id),
        bearer=queries.bearer_on(clock.business_on(clock.now())),
        receivers=RECEIVERS,
        **_forms("console.rates.split", sent),
    )


def _forms(tab: str, sent: Sent) -> dict[str, object]:
    """The forms of a page: empty ones, and of those the one that was sent as it was typed."""
    refusal = next((form.refusal for form in sent.values()), None)
    forms = {**dict.fromkeys(Subject, EMPTY), Subject.VESTING: Filled(USUAL_STEPS), **sent}
    return {"tab": tab, "forms": forms, "refusal": refusal, "may_change": _may_change()}


_PAGES: Final[Mapping[Subject, Callable[[Sent], str]]] = {
    Subject.RATE: _rates,
    Subject.RATE_END: _rates,
    Subject.VESTING: _vesting,
    Subject.MANAGER: _split,
    Subject.BEARER: _split,
}


@bp.get("/proposals/<int:proposal_id>")
def proposal(proposal_id: int) -> str:
    """One proposal with its preview (at the top); `by` and `id` choose the lines behind one sum."""
    by, typed = request.args.get("by", ""), request.args.get("id", "")
    id_ = int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 12 else None
    found = rate_desk.proposal_file(
        proposal_id, by=By(by) if by in set(By) else None, id_=id_, node_id=staff().node_id
    )
    lines = found.preview.lines if found.preview else []
    return render_template(
        "console/proposal.html",
        file=found,
        by=by,
        numbers=order_numbers(line.order_line_id for line in lines),
        is_mine=found.row.proposed_by == staff().staff_id,
        may_change=_may_change(),
    )


@bp.post("/proposals/<int:proposal_id>/preview")
def preview(proposal_id: int) -> ResponseReturnValue:
    """Count what a span of days would have cost."""
    span, now, who = (day("first_on"), day("last_on")), clock.now(), _who()
    retried(lambda: rate_desk.preview(proposal_id=proposal_id, span=span, staff=who, now=now))
    return _done("preview asked for", proposal_id, "开始测算")


@bp.post("/proposals/<int:proposal_id>/approve")
def approve(proposal_id: int) -> ResponseReturnValue:
    """Let it be so; only for somebody else's proposal."""
    now, who = clock.now(), _who()
    since = retried(lambda: rate_desk.approve(proposal_id=proposal_id, staff=who, now=now))
    return _done("change approved", proposal_id, f"已通过，自 {since} 起生效")


@bp.post("/proposals/<int:proposal_id>/refuse")
def refuse(proposal_id: int) -> ResponseReturnValue:
    """Turn it down."""
    now, who, note = clock.now(), _who(), text("note", request.form)
    retried(lambda: rate_desk.refuse(proposal_id=proposal_id, staff=who, note=note, now=now))
    return _done("change refused", proposal_id, "已驳回")


@bp.post("/proposals/<int:proposal_id>/withdraw")
def withdraw(proposal_id: int) -> ResponseReturnValue:
    """Take one's own back before anybody has decided on it."""
    now, who = clock.now(), _who()
    retried(lambda: rate_desk.withdraw(proposal_id=proposal_id, staff=who, now=now))
    return _done("change taken back", proposal_id, "已撤回申请")


def _who() -> tuple[int, int]:
    return staff().staff_id, staff().node_id


def _may_change() -> bool:
    return rate_desk.may_change(staff().node_id)


def _done(event: str, proposal_id: int, said: str) -> ResponseReturnValue:
    log.info(event, extra={"proposal_id": proposal_id, "staff_id": staff().staff_id})
    flash(said)
    return redirect(url_for("console.rates.proposal", proposal_id=proposal_id))
