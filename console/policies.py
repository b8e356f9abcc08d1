"""The attribution policy: every version, and a new one, written by one person and agreed to by another."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from console import policy_words
from console.pages import sentence
from console.policy_forms import ROWS_MAX, ROWS_MORE, policy_as_typed, rows_of, wish_typed
from console.session import staff
from console.typed import EMPTY, Filled, came_back, faults_of
from console.words import CHANNELS
from flows import policy_desk
from flows.policy_trial import DAYS as TRIED_DAYS
from flows.policy_trial import try_policy
from org.models import ChannelClass
from referral.policy_drafts import (
    approve_draft,
    call_off_version,
    draft_policy,
    drafts_waiting,
    policy_drafts,
    refuse_draft,
    withdraw_draft,
)
from wx_backend import clock
from wx_backend.clock import SHANGHAI
from wx_backend.db import retried
from wx_backend.errors import AppError

log = logging.getLogger(__name__)
bp = Blueprint("policies", __name__, url_prefix="/policies")


@bp.context_processor
def page_values() -> dict[str, object]:
    """How policies read."""
    return {
        "says": policy_words,
        "shelves": policy_desk.shelves(),
        "verdicts": policy_words.VERDICTS,
    }


@bp.get("")
def index() -> str:
    """What decides now, what comes, what was; and the drafts."""
    return _index(EMPTY)


@bp.get("/new")
def new() -> str:
    """The form with the last version to begin in it, or with a draft that is to be written anew."""
    like = request.args.get("like", "")
    is_id = like.isascii() and like.isdigit() and len(like) <= 12
    if not is_id:
        last = policy_desk.last_policy()
        return _form({**policy_as_typed(last), "basis": str(last.version)})
    file = policy_desk.draft_file(int(like))
    written = {"reason": file.row.reason, "basis": str(file.before.version)}
    return _form({**policy_as_typed(file.policy), **written})


@bp.post("/new")
def create() -> ResponseReturnValue:
    """Ask for it, or only for more rows of the form; refused, it comes back as it was typed."""
    if request.form.get("more"):
        return _form(request.form, more=ROWS_MORE)
    try:
        draft_id = _drafted()
    except AppError as refusal:
        return _form(request.form, refusal=refusal), refusal.status
    return _done("policy drafted", draft_id, "已提交，等待另一位同事审批")


def _drafted() -> int:
    wish, who, now = wish_typed(request.form, policy_desk.shelves()), staff(), clock.now()
    return retried(
        lambda: draft_policy(
            settings=wish.settings,
            valid_from=wish.valid_from,
            reason=wish.reason,
            staff_id=who.staff_id,
            now=now,
        )
    )


@bp.get("/drafts/<int:draft_id>")
def show(draft_id: int) -> str:
    """One draft, what it would change, also of the lines of the last days, and what was said to it."""
    return _draft(draft_id, EMPTY)


@bp.post("/drafts/<int:draft_id>/approve")
def approve(draft_id: int) -> ResponseReturnValue:
    """Let it be so; only for somebody else's draft."""

    def work(now: datetime) -> str:
        since = approve_draft(
            draft_id=draft_id, note=sentence("note"), staff_id=staff().staff_id, now=now
        )
        return f"已通过，自 {since.astimezone(SHANGHAI):%Y-%m-%d %H:%M} 起生效"

    return _decided("policy approved", draft_id, work)


@bp.post("/drafts/<int:draft_id>/refuse")
def refuse(draft_id: int) -> ResponseReturnValue:
    """Turn it down."""

    def work(now: datetime) -> str:
        refuse_draft(draft_id=draft_id, note=sentence("note"), staff_id=staff().staff_id, now=now)
        return "已驳回"

    return _decided("policy refused", draft_id, work)


@bp.post("/drafts/<int:draft_id>/withdraw")
def withdraw(draft_id: int) -> ResponseReturnValue:
    """Take one's own back before anybody has decided on it."""

    def work(now: datetime) -> str:
        withdraw_draft(draft_id=draft_id, staff_id=staff().staff_id, now=now)
        return "已撤回草案"

    return _decided("policy draft taken back", draft_id, work)


@bp.post("/<int:version>/call-off")
def call_off(version: int) -> ResponseReturnValue:
    """Have a version that has not begun never begin; refused, the page comes back with what was typed."""
    who, reason, now = staff(), sentence("reason"), clock.now()
    try:
        retried(
            lambda: call_off_version(version=version, reason=reason, staff_id=who.staff_id, now=now)
        )
    except AppError as refusal:
        faults_of(refusal)
        return _index(came_back(refusal), version), refusal.status
    log.info("policy called off", extra={"version": version, "staff_id": who.staff_id})
    flash(f"已取消第 {version} 版")
    return redirect(url_for("console.policies.index"))


def _decided(event: str, draft_id: int, work: Callable[[datetime], str]) -> ResponseReturnValue:
    """Do it and say so; refused, the draft's page comes back with what was typed."""
    now = clock.now()
    try:
        said = retried(lambda: work(now))
    except AppError as refusal:
        faults_of(refusal)  # what is not his, or not there, has no page to come back to
        return _draft(draft_id, came_back(refusal)), refusal.status
    return _done(event, draft_id, said)


def _index(form: Filled, version: int | None = None) -> str:
    """The page; `form` is what was typed to call this version off."""
    return render_template(
        "console/policies.html",
        versions=policy_desk.version_rows(clock.now()),
        drafts=policy_drafts(limit=policy_desk.DRAFTS_SHOWN),
        form=form,
        typed_for=version,
    )


def _draft(draft_id: int, form: Filled) -> str:
    file = policy_desk.draft_file(draft_id)
    waits = file.row.verdict is None
    return render_template(
        "console/policy_draft.html",
        file=file,
        trial=try_policy(file.before, file.policy, now=clock.now()) if waits else None,
        days=TRIED_DAYS,
        form=form,
        is_mine=file.row.drafted_by == staff().staff_id,
    )


def _form(typed: Mapping[str, str], *, refusal: AppError | None = None, more: int = 0) -> str:
    return render_template(
        "console/policy_form.html",
        typed=typed,
        refusal=refusal,
        faults=came_back(refusal).faults if refusal else {},
        waiting=next(iter(drafts_waiting()), None),
        basis=policy_desk.basis_of(typed.get("basis", ""), clock.now()),
        rows=range(min(ROWS_MAX, rows_of(typed) + more)),
        rows_max=ROWS_MAX,
        channels={each: CHANNELS[each] for each in ChannelClass},
    )


def _done(event: str, draft_id: int, said: str) -> ResponseReturnValue:
    log.info(event, extra={"draft_id": draft_id, "staff_id": staff().staff_id})
    flash(said)
    return redirect(url_for("console.policies.show", draft_id=draft_id))
