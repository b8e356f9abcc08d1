"""What happens to the rep's customers, as it happens; and how he wants to hear of it in the chat."""

from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from flows.digests import NoDigests, want_digest
from flows.rep_feed import Position, rep_feed
from templates_msg.digests import drop_digest, takes_digest
from terminal.session import rep
from wx_backend import clock
from wx_backend.db import retried

bp = Blueprint("feed", __name__)

PER_PAGE: Final = 20


@bp.get("/feed")
def index() -> str:
    """The newest first; the first page refreshes itself."""
    before = Position.parsed(request.args.get("before", ""))
    return render_template(
        "terminal/feed.html",
        page=rep_feed(rep(), before=before, limit=PER_PAGE, now=clock.now()),
        is_first=before is None,
        takes_digest=takes_digest(rep()),
    )


@bp.post("/feed/digest")
def digest() -> ResponseReturnValue:
    """One message a quarter of an hour instead of one for each, or back again."""
    rep_id, now = rep(), clock.now()
    if request.form.get("wanted") == "yes":
        try:
            retried(lambda: want_digest(rep_id, now=now))
            flash("已改为每15分钟一条摘要")
        except NoDigests as refused:
            flash(refused.message, "bad")
    else:
        retried(lambda: drop_digest(rep_id=rep_id))
        flash("已改为逐条提醒")
    return redirect(url_for(".index"))
