"""Automatic replies of the accounts: rules in their order, switched on and off, tried."""

import logging
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from console import reply_words
from console.session import staff
from flows.accounts import accounts_within
from flows.album import keep_picture
from flows.menus import replies
from flows.menus.replies import Replies, Tried
from menus.faults import TEXT_BYTES
from menus.queries import as_rule
from menus.rules import WORD_LENGTH, ReplyKind, Rule, Trigger
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import BadInput
from wx_backend.words import printable, printable_lines

log = logging.getLogger(__name__)
bp = Blueprint("replies", __name__, url_prefix="/replies")

ARTICLES_MAX: Final = 20_000
MOVES: Final = {"up": -1, "down": 1}


@bp.context_processor
def page_values() -> dict[str, object]:
    """How rules read."""
    return {
        "triggers": reply_words.TRIGGERS,
        "kinds": reply_words.KINDS,
        "ways": reply_words.WAYS,
        "gist": reply_words.gist,
        "linked": reply_words.linked,
        "article_lines": reply_words.article_lines,
        "as_rule": as_rule,
    }


@bp.get("")
def index() -> ResponseReturnValue:
    """The accounts of one's places; of a single one its rules at once."""
    accounts = accounts_within(staff().node_id)
    if len(accounts) == 1:
        return redirect(url_for(".show", account=accounts[0].name))
    return render_template("console/reply_accounts.html", accounts=accounts)


@bp.get("/<account>")
def show(account: str) -> str:
    """The rules, and (with `how`) what one of them answers."""
    found = replies.replies_of(account, staff().node_id)
    return render_template(
        "console/replies.html",
        replies=found,
        accounts=accounts_within(staff().node_id),
        tried=_tried(found),
        how=request.args.get("how", Trigger.EXACT),
        said=_said(),
        edited=_number(request.args.get("edit", "")),
    )


@bp.post("/<account>/rules")
def add(account: str) -> ResponseReturnValue:
    """One more rule, asked after all others."""
    rule, node_id = _typed(), staff().node_id
    retried(lambda: replies.add(name=account, node_id=node_id, rule=rule))
    return _done("reply rule added", account, "规则已添加，几秒内生效")


@bp.post("/<account>/rules/<int:rule_id>")
def change(account: str, rule_id: int) -> ResponseReturnValue:
    """A rule in other words."""
    rule, node_id = _typed(), staff().node_id
    retried(lambda: replies.change(name=account, node_id=node_id, rule_id=rule_id, rule=rule))
    return _done("reply rule changed", account, "规则已保存，几秒内生效")


@bp.post("/<account>/rules/<int:rule_id>/act")
def act(account: str, rule_id: int) -> ResponseReturnValue:
    """A rule moved, switched, or taken away."""
    what, node_id = request.form.get("act", ""), staff().node_id
    which: dict[str, Any] = {"name": account, "node_id": node_id, "rule_id": rule_id}

    def work() -> None:
        if what in MOVES:
            replies.move(**which, by=MOVES[what])
        elif what in ("on", "off"):
            replies.switch(**which, is_active=what == "on")
        elif what == "remove":
            replies.remove(**which)
        else:
            raise BadInput

    retried(work)
    return _done("reply rule acted on", account, "已保存，几秒内生效")


def _tried(found: Replies) -> Tried | None:
    how = request.args.get("how", "")
    if how not in set(replies.WAYS):
        return None
    return replies.try_reply(found, how=Trigger(how), text=_said(), now=clock.now())


def _said() -> str:
    return request.args.get("say", "")[:TEXT_BYTES].strip()


def _typed() -> Rule:
    """The rule of the form; what it needs of the rest is checked where it is kept."""
    trigger, kind = request.form.get("trigger", ""), request.form.get("kind", "")
    if trigger not in set(Trigger) or kind not in set(ReplyKind):
        raise BadInput("请选择触发方式和回复类型", fields=["trigger", "kind"])
    match = _field("match", WORD_LENGTH)
    is_any = Trigger(trigger) is Trigger.DEFAULT
    return Rule(Trigger(trigger), "" if is_any else match, ReplyKind(kind), _content(kind))


def _content(kind: str) -> dict[str, Any]:
    if kind == ReplyKind.TEXT:
        by_rep = _words("text_by_rep")
        return {"text": _words("text"), **({"text_by_rep": by_rep} if by_rep else {})}
    if kind == ReplyKind.IMAGE:
        return _picture() or {"media_id": _field("media_id", 128)}
    if kind == ReplyKind.NEWS:
        return {"articles": reply_words.articles(request.form.get("articles", "")[:ARTICLES_MAX])}
    if kind == ReplyKind.TRANSFER:
        return {"account": _field("kf_account", 64)}
    return {}


def _picture() -> dict[str, Any]:
    """The picture that was uploaded now, else the one the rule has; empty without either."""
    sent = request.files.get("file")
    if sent is not None and sent.filename:
        return {"picture": keep_picture(sent.read()).path}
    path = _field("picture", 128)
    return {"picture": path} if path else {}


def _field(name: str, longest: int) -> str:
    typed = request.form.get(name, "")[:longest]
    return printable(typed).strip()


def _words(name: str) -> str:
    """A text of several lines, as it was typed."""
    typed = request.form.get(name, "")[: TEXT_BYTES * 2].replace("\r\n", "\n")
    return printable_lines(typed).strip()


def _number(typed: str) -> int | None:
    is_number = typed.isascii() and typed.isdigit() and len(typed) < 19
    return int(typed) if is_number else None


def _done(event: str, account: str, said: str) -> ResponseReturnValue:
    log.info(event, extra={"account": account, "staff_id": staff().staff_id})
    flash(said)
    return redirect(url_for(".show", account=account))
