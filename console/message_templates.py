"""Message templates: the account's library, and which template tells of which event."""

import logging

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from console.pages import text
from console.session import staff
from flows import event_desk, message_desk
from flows.event_desk import TEXT, VALUE, Choice
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.platform import config
from wx_backend.words import printable

log = logging.getLogger(__name__)
bp = Blueprint("message_templates", __name__, url_prefix="/message-templates")

FIELD = "field-"
FIXED = "fixed-"


@bp.get("")
def index() -> str:
    """The accounts in reach, and the chosen one's events and templates."""
    node_id = staff().node_id
    accounts = message_desk.libraries_seen(node_id)
    name = request.args.get("account", "") or (accounts[0].name if accounts else "")
    library = message_desk.library(name, node_id) if accounts else None
    return render_template(
        "console/message_templates.html",
        accounts=accounts,
        library=library,
        notices_url=f"{config().service.base_url}/notices",
    )


@bp.post("/<account>/sync")
def sync(account: str) -> ResponseReturnValue:
    """Read the library from WeChat again."""
    now, node_id = clock.now(), staff().node_id
    retried(lambda: message_desk.start_sync(name=account, node_id=node_id, now=now))
    flash("已开始同步，稍后刷新可见结果")
    return redirect(url_for("console.message_templates.index", account=account))


@bp.post("/<account>/ask")
def ask(account: str) -> ResponseReturnValue:
    """Ask people for a subscription notice on the page of notices, or not any more."""
    node_id, form = staff().node_id, request.form
    template_id, is_asked = form.get("template_id", "")[:64], form.get("is_asked") == "1"
    retried(
        lambda: message_desk.ask(
            name=account, template_id=template_id, is_asked=is_asked, node_id=node_id
        )
    )
    log.info("notice asked for", extra={"account": account, "staff_id": staff().staff_id})
    flash("客户会在“消息通知”页被征求同意" if is_asked else "不再征求")
    return redirect(url_for("console.message_templates.index", account=account))


@bp.get("/<account>/events/<event>")
def show(account: str, event: str) -> str:
    """Which template tells of an event, and what fills its fields."""
    wanted = request.args.get("template_id", "")[:64]
    form = event_desk.mapping(account, event, wanted, staff().node_id)
    return render_template("console/message_event.html", account=account, form=form)


@bp.post("/<account>/events/<event>")
def save(account: str, event: str) -> ResponseReturnValue:
    """Keep the choice; what the platform would refuse is refused."""
    node_id, template_id = staff().node_id, request.form.get("template_id", "")[:64]
    page = printable(request.form.get("page", "")).strip()
    choice = Choice(template_id, _filled_by(), page)
    retried(
        lambda: event_desk.save_mapping(name=account, key=event, choice=choice, node_id=node_id)
    )
    return _done(account, event, "event message saved", "已保存")


@bp.post("/<account>/events/<event>/off")
def switch_off(account: str, event: str) -> ResponseReturnValue:
    """Tell nobody of it any more."""
    node_id = staff().node_id
    retried(lambda: event_desk.forget_mapping(name=account, key=event, node_id=node_id))
    return _done(account, event, "event message switched off", "已停用，该事件不再发送消息")


@bp.post("/<account>/events/<event>/test")
def try_out(account: str, event: str) -> ResponseReturnValue:
    """Send it to an employee with made-up values."""
    node_id, now, number = staff().node_id, clock.now(), text("rep_number", request.form)
    retried(
        lambda: event_desk.test_send(
            name=account, key=event, rep_number=number, node_id=node_id, now=now
        )
    )
    return _done(account, event, "event message tried out", "测试消息已发出，请在微信中查看")


def _filled_by() -> dict[str, str]:
    """Field -> `value:name` or `text:...`, as chosen in the form; empty ones are left out."""
    chosen = {}
    for name, by in request.form.items():
        if not name.startswith(FIELD):
            continue
        field = name.removeprefix(FIELD)[:40]
        typed = text(f"{FIXED}{field}", request.form)
        if by.startswith(VALUE):
            chosen[field] = by[:60]
        elif typed:
            chosen[field] = f"{TEXT}{typed}"
    return chosen


def _done(account: str, event: str, logged: str, said: str) -> ResponseReturnValue:
    log.info(logged, extra={"account": account, "event": event, "staff_id": staff().staff_id})
    flash(said)
    return redirect(url_for("console.message_templates.show", account=account, event=event))
