"""Tags of the accounts: who is given them by which rule, by hand and by lists, and who has them."""

import logging
from collections.abc import Mapping
from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from campaigns.segments import Segment
from console.pages import PER_PAGE, page_of
from console.segment_forms import ORDERED_WORDS, reads, segment_as_typed, segment_typed
from console.session import staff
from console.typed import faults_of
from console.uploads import list_typed
from flows.accounts import account_within, accounts_within
from flows.campaign.desk import Choices, choices
from flows.tags import desk
from members.tags.models import TagOrigin
from members.tags.operations import NAME_MAX
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import AppError
from wx_backend.words import printable

log = logging.getLogger(__name__)
bp = Blueprint("tags", __name__, url_prefix="/tags")

ORIGINS: Final = {
    TagOrigin.RULE: "按规则",
    TagOrigin.HAND: "手工",
    TagOrigin.LIST: "导入名单",
    TagOrigin.WECHAT: "微信上已有",
}


@bp.context_processor
def page_values() -> dict[str, object]:
    """How tags and their rules read."""
    return {"ordered": ORDERED_WORDS, "origins": ORIGINS}


@bp.get("")
def index() -> ResponseReturnValue:
    """The accounts of one's places; of a single one its tags at once."""
    accounts = accounts_within(staff().node_id)
    if len(accounts) == 1:
        return redirect(url_for(".show_account", account=accounts[0].name))
    return render_template("console/tag_accounts.html", accounts=accounts)


@bp.get("/<account>")
def show_account(account: str) -> str:
    """The tags of an account, each with its rule and how many have it; a form for one more."""
    return _account_page(account, MultiDict())


def _account_page(account: str, typed: MultiDict[str, str], refusal: AppError | None = None) -> str:
    node_id = staff().node_id
    found = account_within(account, node_id)
    rows, leaving, offered = desk.tag_rows(found), desk.leaving_rows(found), choices(node_id)
    return render_template(
        "console/tags.html",
        account=found,
        rows=rows,
        leaving=leaving,
        choices=offered,
        reads={row.tag.id: _reads(row.tag.rule, offered) for row in rows},
        is_moving=refusal is None and any(row.is_moving for row in (*rows, *leaving)),
        typed=typed,
        refusal=refusal,
        faults=faults_of(refusal) if refusal else {},
    )


@bp.post("/<account>")
def create(account: str) -> ResponseReturnValue:
    """One more tag."""
    name, me, now = _name(), staff(), clock.now()
    try:
        rule = segment_typed()
        tag_id = retried(
            lambda: desk.create(
                account=account,
                name=name,
                rule=rule,
                node_id=me.node_id,
                by=f"staff:{me.staff_id}",
                now=now,
            )
        )
    except AppError as refusal:
        return _account_page(account, request.form, refusal), refusal.status
    return _done("tag created", account, tag_id, "标签已建立")


@bp.get("/<account>/<int:tag_id>")
def show(account: str, tag_id: int) -> str:
    """One tag: its rule, and who has it, why and since when."""
    return _tag_page(account, tag_id)


def _tag_page(account: str, tag_id: int, refusal: AppError | None = None) -> str:
    node_id = staff().node_id
    row, offered = desk.tag_row(account, tag_id, node_id), choices(node_id)
    typed = segment_as_typed(Segment.from_json(row.tag.rule)) if refusal is None else request.form
    pages = page_of(row.count)
    return render_template(
        "console/tag.html",
        account=account_within(account, node_id),
        row=row,
        is_moving=row.is_moving and refusal is None,
        typed=typed,
        refusal=refusal,
        faults=faults_of(refusal) if refusal else {},
        reads=_reads(row.tag.rule, offered),
        holdings=desk.holdings(row.tag, after=pages.after, limit=PER_PAGE),
        pages=pages,
        choices=offered,
    )


@bp.post("/<account>/<int:tag_id>/edit")
def edit(account: str, tag_id: int) -> ResponseReturnValue:
    """Another name or rule."""
    name, node_id, now = _name(), staff().node_id, clock.now()
    try:
        rule = segment_typed()
        retried(
            lambda: desk.edit(
                account=account, tag_id=tag_id, name=name, rule=rule, node_id=node_id, now=now
            )
        )
    except AppError as refusal:
        return _tag_page(account, tag_id, refusal), refusal.status
    return _done("tag edited", account, tag_id, "已保存")


@bp.post("/<account>/<int:tag_id>/apply")
def apply(account: str, tag_id: int) -> ResponseReturnValue:
    """Look at everybody by its rule again."""
    node_id = staff().node_id
    retried(lambda: desk.apply_now(account=account, tag_id=tag_id, node_id=node_id))
    return _done("tag applied", account, tag_id, "正在按规则核对")


@bp.post("/<account>/<int:tag_id>/give")
def give(account: str, tag_id: int) -> ResponseReturnValue:
    """Give it to the people of a list of phone numbers or openids, typed or as a file."""
    typed, is_file = list_typed()
    me, now = staff(), clock.now()
    found = desk.list_found(account=account, text=typed, is_file=is_file, node_id=me.node_id)
    retried(
        lambda: desk.give(
            found,
            account=account,
            tag_id=tag_id,
            node_id=me.node_id,
            by=f"staff:{me.staff_id}",
            now=now,
        )
    )
    missed = "，".join(f"{desk.LIST_MISSES[why]} {count} 行" for why, count in found.misses.items())
    said = f"已给 {len(found.identity_ids)} 人"
    return _done("tag given", account, tag_id, f"{said}；{missed}" if missed else said)


@bp.post("/<account>/<int:tag_id>/take/<int:identity_id>")
def take(account: str, tag_id: int, identity_id: int) -> ResponseReturnValue:
    """Take it from one person."""
    node_id, now = staff().node_id, clock.now()
    retried(
        lambda: desk.take(
            account=account, tag_id=tag_id, identity_id=identity_id, node_id=node_id, now=now
        )
    )
    return _done("tag taken", account, tag_id, "已取消")


@bp.post("/<account>/<int:tag_id>/sync")
def sync(account: str, tag_id: int) -> ResponseReturnValue:
    """Have WeChat have it as we do."""
    node_id, now = staff().node_id, clock.now()
    retried(lambda: desk.sync(account=account, tag_id=tag_id, node_id=node_id, now=now))
    return _done("tag sync started", account, tag_id, "正在与微信同步")


@bp.post("/<account>/<int:tag_id>/sync/stop")
def stop_sync(account: str, tag_id: int) -> ResponseReturnValue:
    """End that where it is; nothing more is told until somebody begins again."""
    node_id, now = staff().node_id, clock.now()
    retried(lambda: desk.stop_sync(account=account, tag_id=tag_id, node_id=node_id, now=now))
    return _done("tag sync stopped", account, tag_id, "已停止同步")


@bp.post("/<account>/<int:tag_id>/remove")
def remove(account: str, tag_id: int) -> ResponseReturnValue:
    """Forget it, or try again to have WeChat forget it."""
    node_id, now = staff().node_id, clock.now()
    is_gone = retried(lambda: desk.remove(account=account, tag_id=tag_id, node_id=node_id, now=now))
    log.info("tag removed", extra={"account": account, "tag_id": tag_id})
    flash("标签已删除" if is_gone else "正在从微信删除，完成后即消失")
    return redirect(url_for(".show_account", account=account))


def _reads(rule: Mapping[str, object], offered: Choices) -> list[str]:
    segment = Segment.from_json(rule)
    return reads(segment, tags={}, shelves=offered.shelves, places=offered.places)


def _name() -> str:
    return printable(request.form.get("name", "")).strip()[: NAME_MAX + 1]


def _done(event: str, account: str, tag_id: int, said: str) -> ResponseReturnValue:
    log.info(event, extra={"account": account, "tag_id": tag_id, "staff_id": staff().staff_id})
    flash(said)
    return redirect(url_for(".show", account=account, tag_id=tag_id))
