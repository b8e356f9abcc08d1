"""A mini-program: who holds it, and by which share it was launched."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from flows.launching import launch as launched
from flows.launching import program_account
from flows.signing_in import SIGNED_IN_FOR, ask_who_holds, sign_in_program
from storefront import session
from storefront.schemas import LaunchRequest, ProgramSignIn, body
from wx_backend import clock
from wx_backend.carried import HEADER, is_carried
from wx_backend.db import db, retried
from wx_backend.errors import BadInput

bp = Blueprint("programs", __name__)


@bp.post("/api/sign-in")
def sign_in() -> ResponseReturnValue:
    """Exchange the code of `wx.login`: from now on who calls is what the answer's `X-Session` says."""
    asked, now = body(ProgramSignIn()), clock.now()
    if not is_carried():
        raise BadInput(f"请携带 {HEADER}", fields=[HEADER])
    appid, opened = program_account(asked["account"]).appid, session.waiting()
    db.session.rollback()  # no transaction stays open around the call
    login = ask_who_holds(appid=appid, code=asked["code"])
    done = retried(
        lambda: sign_in_program(
            appid=appid,
            login=login,
            visitor_cookie=session.visitor_cookie(),
            opened=opened,
            now=now,
        )
    )
    session.settle_opened()
    session.enter(done.identity_id, now)
    session.carry(done.opened, now)
    response = jsonify(until=now + SIGNED_IN_FOR)
    if not done.keeps_visitor:
        session.forget_visitor(response)
    return response


@bp.post("/api/sign-out")
def sign_out() -> ResponseReturnValue:
    """Sign out, everywhere; also who is not signed in any more gets the same answer."""
    session.end(clock.now())
    return "", 204


@bp.post("/api/launch")
def launch() -> ResponseReturnValue:
    """The mini-program was opened by a share: where that leads; a touch of whoever is signed in."""
    asked, viewer, now = body(LaunchRequest()), session.viewer(), clock.now()
    landing = retried(
        lambda: launched(
            asked["share"],
            scene=asked["scene"],
            identity_id=viewer.identity_id if viewer is not None else None,
            now=now,
        )
    )
    if landing.opened is not None:
        session.note_opened(landing.opened, now)
        if viewer is not None:
            session.settle_opened()
    return jsonify(path=landing.path, message=landing.message)
