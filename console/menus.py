"""Menus of the accounts: adopted, edited as a draft, compared with WeChat's, published, brought back."""

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from console.menu_words import TYPES, does
from console.session import staff
from flows.menus import desk
from flows.menus.adopting import adopt_soon
from flows.menus.desk import MenuState
from flows.menus.publishing import publish_soon, restore_soon, stop_publishing
from flows.menus.reading import look_again
from members.tags.queries import tags_of
from menus.editing import (
    add_button,
    add_personal,
    button_at,
    edit_tree,
    move_button,
    put_button,
    remove_button,
    remove_personal,
)
from menus.tree import NEEDS, Button
from menus.whole import DEFAULT_TREE, REP_TAG, TAG_LENGTH
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import BadInput, Conflict
from wx_backend.words import printable

log = logging.getLogger(__name__)
bp = Blueprint("menus", __name__, url_prefix="/menus")

FIELD_MAX: Final = 2_000
LOOK_HOLDS: Final = timedelta(minutes=10)
MOVES: Final = {"up": -1, "down": 1}
KEPT: Final = "kept"


@bp.context_processor
def page_values() -> dict[str, object]:
    """How buttons read."""
    return {"types": TYPES, "does": does, "rep_tag": REP_TAG, "needs": NEEDS}


@bp.get("")
def index() -> str:
    """The accounts of one's places, and how far the menu of each is."""
    return render_template("console/menus.html", states=desk.menu_states(staff().node_id))


@bp.get("/<account>")
def show(account: str) -> str:
    """An account's menus: the draft to be edited, or what was published last."""
    state, asked = _state(account), request.args.get("tree", DEFAULT_TREE)
    trees = list(state.shown.trees())
    tree = next((each for each in trees if each[0] == asked), trees[0])
    return render_template(
        "console/menu.html",
        state=state,
        trees=trees,
        tree=tree,
        tags=tags_of(state.account.appid),
    )


@bp.post("/<account>/adopt")
def adopt(account: str) -> ResponseReturnValue:
    """Have WeChat be asked for the menu and replies it has, and go on with them."""
    state, staff_id = _state(account), staff().staff_id

    def ask() -> None:
        look_again(appid=state.account.appid)
        adopt_soon(appid=state.account.appid, staff_id=staff_id)

    retried(ask)
    return _done("adoption asked for", account, "正在读取微信上的菜单和自动回复")


@bp.post("/<account>/draft")
def begin(account: str) -> ResponseReturnValue:
    """Start a draft."""
    state, source, now = _state(account), request.form.get("source", ""), clock.now()
    staff_id = staff().staff_id
    retried(lambda: desk.begin_draft(state=state, source=source, staff_id=staff_id, now=now))
    return _done("menu draft begun", account, "草稿已建立")


@bp.post("/<account>/edit")
def edit(account: str) -> ResponseReturnValue:
    """One change of the draft: a button put, added, moved or taken away."""
    tree, place = request.form.get("tree", DEFAULT_TREE), request.form.get("place", "")
    act = request.form.get("act", "")

    def changed(buttons: tuple[Button, ...]) -> tuple[Button, ...]:
        if act in MOVES:
            return move_button(buttons, place, MOVES[act])
        if act == "remove":
            return remove_button(buttons, place)
        if act == "add":
            return add_button(buttons, place, Button(name="新菜单"))
        if act == "save":
            return put_button(buttons, place, _typed(button_at(buttons, place)))
        raise BadInput

    _change(account, lambda menu: edit_tree(menu, tree, changed))
    return redirect(url_for(".show", account=account, tree=tree, _anchor=f"b{place}"))


@bp.post("/<account>/personal")
def personal(account: str) -> ResponseReturnValue:
    """One more menu for followers with a tag, or one less."""
    tree = request.form.get("remove", "")
    if tree:
        _change(account, lambda menu: remove_personal(menu, tree))
        return _done("personal menu removed", account, "已从草稿中删除")
    tag = printable(request.form.get("tag", "")).strip()
    if not 0 < len(tag) <= TAG_LENGTH:
        raise BadInput(f"标签名称应为1至{TAG_LENGTH}个字", fields=["tag"])
    _change(account, lambda menu: add_personal(menu, tag))
    return _done("personal menu added", account, f"已为标签“{tag}”添加菜单，内容从默认菜单复制")


@bp.post("/<account>/drop")
def drop(account: str) -> ResponseReturnValue:
    """Throw the draft away."""
    state, revision, now = _state(account), _revision(), clock.now()
    retried(lambda: desk.drop(state=state, revision=revision, now=now))
    return _done("menu draft dropped", account, "草稿已丢弃")


@bp.post("/<account>/compare")
def compare(account: str) -> ResponseReturnValue:
    """Ask WeChat what it shows now."""
    state = _state(account)
    retried(lambda: look_again(appid=state.account.appid))
    return redirect(url_for(".differences", account=account))


@bp.get("/<account>/differences")
def differences(account: str) -> str:
    """What the draft would change at WeChat."""
    state = _state(account)
    seen_at = state.look.seen_at if state.look else None
    return render_template(
        "console/menu_differences.html",
        state=state,
        compared=desk.comparison(state),
        is_fresh=seen_at is not None and clock.now() - seen_at < LOOK_HOLDS,
    )


@bp.post("/<account>/publish")
def publish(account: str) -> ResponseReturnValue:
    """Have the draft be shown."""
    state, revision, now = _state(account), _revision(), clock.now()
    staff_id = staff().staff_id
    retried(
        lambda: publish_soon(
            appid=state.account.appid, revision=revision, staff_id=staff_id, now=now
        )
    )
    return _done("menu publication begun", account, "正在发布")


@bp.post("/<account>/stop")
def stop(account: str) -> ResponseReturnValue:
    """Give up a publication that does not come to an end."""
    state = _state(account)
    retried(lambda: stop_publishing(appid=state.account.appid))
    return _done("menu publication stopped", account, "已停止发布")


@bp.get("/<account>/history")
def history(account: str) -> str:
    """What was published, by whom, and a way back; `number` shows one of them."""
    state, typed = _state(account), request.args.get("number", "")
    number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 7 else None
    return render_template(
        "console/menu_history.html",
        state=state,
        editions=desk.history(state),
        looked_at=desk.edition_menu(state, number) if number is not None else None,
    )


@bp.post("/<account>/restore/<int:number>")
def restore(account: str, number: int) -> ResponseReturnValue:
    """Have an earlier edition be shown again."""
    state, now, staff_id = _state(account), clock.now(), staff().staff_id
    appid = state.account.appid
    retried(lambda: restore_soon(appid=appid, number=number, staff_id=staff_id, now=now))
    return _done("menu edition restored", account, f"正在恢复第 {number} 版")


def _state(account: str) -> MenuState:
    return desk.menu_state(account, staff().node_id)


def _change(account: str, change: desk.Change) -> None:
    """Read the draft and write it changed, in one transaction."""
    revision, now, staff_id = _revision(), clock.now(), staff().staff_id

    def write() -> None:
        state = _state(account)
        if state.draft is None:
            raise Conflict("现在没有草稿")
        desk.edit_draft(state=state, revision=revision, change=change, staff_id=staff_id, now=now)

    retried(write)


def _typed(was: Button) -> Button:
    """The button as the form says it: of its fields only those its type needs."""
    name, kind = _field("name"), _field("type")
    if kind == KEPT and was.kept is not None:
        return replace(was, name=name)
    if kind not in NEEDS:
        return Button(name=name)
    said = {word: _field(word) for word in NEEDS[kind]}
    return Button.from_json({"name": name, "type": kind, **said})


def _field(name: str) -> str:
    typed = request.form.get(name, "")[:FIELD_MAX]
    return printable(typed).strip()


def _revision() -> int:
    typed = request.form.get("revision", "")
    if not (typed.isascii() and typed.isdigit() and len(typed) < 10):
        raise BadInput("请刷新后再试", fields=["revision"])
    return int(typed)


def _done(event: str, account: str, said: str) -> ResponseReturnValue:
    log.info(event, extra={"account": account, "staff_id": staff().staff_id})
    flash(said)
    return redirect(url_for(".show", account=account))
