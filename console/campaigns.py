"""Campaigns: written, tried out, agreed to by a second person, sent, measured."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from campaigns.models import CampaignStatus
from console import campaign_words
from console.campaign_forms import RULE_NAMES, VARIANTS, campaign_as_typed, plan_typed
from console.pages import PER_PAGE, page_of, text
from console.segment_forms import reads
from console.session import staff
from console.typed import faults_of
from console.uploads import list_typed
from flows.campaign import desk, moving
from flows.campaign.kept_report import shown_report
from flows.campaign.moving import Who
from flows.campaign.waiting import waits
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import AppError

log = logging.getLogger(__name__)
bp = Blueprint("campaigns", __name__, url_prefix="/campaigns")

ADMINISTRATOR_HAS = timedelta(minutes=30)
MOVING = (CampaignStatus.FREEZING, CampaignStatus.RUNNING)


@bp.context_processor
def page_values() -> dict[str, object]:
    """How campaigns read."""
    return {"says": campaign_words.says, "words": campaign_words.WORDS, "rule_names": RULE_NAMES}


@bp.get("")
def index() -> str:
    """The campaigns of this place and those below it."""
    node_id = staff().node_id
    pages = page_of(desk.count_rows(node_id))
    rows = desk.campaign_rows(node_id, after=pages.after, limit=PER_PAGE)
    waiting = waits(rows, now=clock.now())
    return render_template("console/campaigns.html", rows=rows, pages=pages, waiting=waiting)


@bp.get("/new")
def new() -> str:
    """An empty editor."""
    return _editor(None)


@bp.post("")
def create() -> ResponseReturnValue:
    """Keep a new draft."""
    account, who, now = text("account", request.form), _who(), clock.now()
    try:
        plan = plan_typed()
        number = retried(lambda: moving.create(plan, account=account, who=who, now=now))
    except AppError as refusal:
        return _editor(None, refusal), refusal.status
    if plan.template_id and not any(each["fields"] for each in plan.content["variants"]):
        _done("campaign created", number, "草稿已保存，请填写模板的各个字段")
        return redirect(url_for("console.campaigns.form", number=number))
    return _done("campaign created", number, "草稿已保存")


@bp.get("/<number>")
def show(number: str) -> str:
    """One campaign: what it says and to whom, its dry run, who agreed, how far it is."""
    now = clock.now()
    file = desk.campaign_file(number, staff().node_id, now=now)
    return render_template(
        "console/campaign.html",
        file=file,
        waiting=waits([file.row], now=now).get(file.row.id),
        asks=reads(
            file.segment, tags=file.tags, shelves=desk.shelf_names(), places=file.place_names
        ),
        is_mine=file.row.submitted_by == staff().staff_id,
        is_moving=file.row.status in MOVING,
        half_hour=ADMINISTRATOR_HAS,
        me=staff().staff_id,
    )


@bp.get("/<number>/edit")
def form(number: str) -> str:
    """The editor with a campaign in it."""
    return _editor(number)


@bp.post("/<number>/edit")
def edit(number: str) -> ResponseReturnValue:
    """Change it; whoever agreed has to agree again."""
    try:
        plan = plan_typed()
        return _moved(
            number,
            "campaign edited",
            "已保存，须重新提交审批",
            lambda who, now: moving.edit(number, plan, who=who, now=now),
        )
    except AppError as refusal:
        return _editor(number, refusal), refusal.status


@bp.get("/<number>/preview")
def preview(number: str) -> str:
    """The size of its audience as it is now, and ten people of it."""
    now, node_id = clock.now(), staff().node_id
    return render_template(
        "console/campaign_preview.html",
        row=desk.campaign_of(number, node_id),
        preview=desk.preview(number, node_id, now=now),
    )


@bp.get("/<number>/report")
def results(number: str) -> str:
    """What came of it."""
    row, now = desk.campaign_of(number, staff().node_id), clock.now()
    shown = retried(lambda: shown_report(row, now=now))
    return render_template(
        "console/campaign_report.html", row=row, report=shown.report, shown=shown
    )


@bp.post("/<number>/list")
def take_list(number: str) -> ResponseReturnValue:
    """Import a list of phone numbers or openids, pasted or as a file."""
    typed, _ = list_typed()
    found = moving.list_found(number, typed, who=_who())
    return _moved(
        number,
        "campaign list imported",
        "名单已导入",
        lambda who, now: moving.take_list(number, found, who=who, now=now),
    )


@bp.post("/<number>/submit")
def submit(number: str) -> ResponseReturnValue:
    """Freeze the audience and ask a second person."""
    return _moved(
        number,
        "campaign submitted",
        "已提交，正在锁定名单",
        lambda who, now: moving.submit(number, who=who, now=now),
    )


@bp.post("/<number>/override")
def override(number: str) -> ResponseReturnValue:
    """Answer for what the guard found."""
    reason = text("reason", request.form)
    return _moved(
        number,
        "campaign guard overridden",
        "已放行并记录",
        lambda who, now: moving.override(
            number, revision=_revision(), reason=reason, who=who, now=now
        ),
    )


@bp.post("/<number>/approve")
def approve(number: str) -> ResponseReturnValue:
    """Agree to the revision that was shown."""
    return _moved(
        number,
        "campaign approved",
        "已批准",
        lambda who, now: moving.approve(number, revision=_revision(), who=who, now=now),
    )


@bp.post("/<number>/refuse")
def refuse(number: str) -> ResponseReturnValue:
    """Send it back."""
    reason = text("reason", request.form)
    return _moved(
        number,
        "campaign refused",
        "已退回",
        lambda who, now: moving.refuse(number, reason=reason, who=who, now=now),
    )


@bp.post("/<number>/withdraw")
def withdraw(number: str) -> ResponseReturnValue:
    """Take one's own back before anybody has decided on it."""
    return _moved(
        number,
        "campaign taken back",
        "已撤回，可修改后重新提交",
        lambda who, now: moving.withdraw(number, who=who, now=now),
    )


@bp.post("/<number>/start")
def start(number: str) -> ResponseReturnValue:
    """Begin without waiting for the clock."""
    return _moved(
        number,
        "campaign started",
        "已开始",
        lambda who, now: moving.start_now(number, who=who, now=now),
    )


@bp.post("/<number>/pause")
def pause(number: str) -> ResponseReturnValue:
    """Send nothing more for now."""
    reason = text("reason", request.form) or "人工暂停"
    return _moved(
        number,
        "campaign paused",
        "已暂停",
        lambda who, now: moving.pause(number, reason=reason, who=who, now=now),
    )


@bp.post("/<number>/resume")
def resume(number: str) -> ResponseReturnValue:
    """Go on."""
    return _moved(
        number,
        "campaign resumed",
        "继续发送",
        lambda who, now: moving.resume(number, who=who, now=now),
    )


@bp.post("/<number>/stop")
def stop(number: str) -> ResponseReturnValue:
    """End it for good."""
    reason = text("reason", request.form) or "人工终止"
    return _moved(
        number,
        "campaign stopped",
        "已终止",
        lambda who, now: moving.stop(number, reason=reason, who=who, now=now),
    )


@bp.post("/<number>/carry-on")
def carry_on(number: str) -> ResponseReturnValue:
    """Mend what broke it off: a version of its own, for whom it never reached."""
    who, now = _who(), clock.now()
    made = retried(lambda: moving.carry_on(number, who=who, now=now))
    log.info(
        "campaign carried on", extra={"campaign": number, "by": made, "staff_id": who.staff_id}
    )
    flash("已为未送达的人另建一稿，请改正内容后提交审批")
    return redirect(url_for("console.campaigns.form", number=made))


def _editor(number: str | None, refusal: AppError | None = None) -> str:
    """The editor as the campaign is; as it was typed, with what is wrong, when that was refused."""
    node_id = staff().node_id
    file = desk.campaign_file(number, node_id, now=clock.now()) if number else None
    return render_template(
        "console/campaign_edit.html",
        file=file,
        choices=desk.choices(node_id),
        variants=VARIANTS,
        said={each.variant.name for each in file.variants} if file else set(),
        typed=request.form if refusal else campaign_as_typed(file),
        refusal=refusal,
        faults=faults_of(refusal) if refusal else {},
    )


def _revision() -> int:
    """The revision that was shown; 0, which is none, where the form does not say."""
    typed = text("revision", request.form)
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else 0


def _who() -> Who:
    return Who(staff().staff_id, staff().node_id)


def _moved(
    number: str, event: str, said: str, step: Callable[[Who, datetime], None]
) -> ResponseReturnValue:
    who, now = _who(), clock.now()
    retried(lambda: step(who, now))
    return _done(event, number, said)


def _done(event: str, number: str, said: str) -> ResponseReturnValue:
    log.info(event, extra={"campaign": number, "staff_id": staff().staff_id})
    flash(said)
    return redirect(url_for("console.campaigns.show", number=number))
