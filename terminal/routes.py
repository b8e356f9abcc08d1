"""The terminal as one blueprint; endpoints read `terminal.sales.orders`."""

from functools import cache, partial
from hashlib import blake2s
from pathlib import Path

from flask import Blueprint, Response, request, url_for

from terminal import (
    binding,
    bookings,
    briefing,
    counter,
    customers,
    desk_words,
    feed,
    home,
    payouts,
    pickup,
    pictures,
    poster,
    sales,
    settlement_words,
    shares,
    showroom,
    statements,
    tasks,
    words,
)
from wx_backend import clock
from wx_backend.money import yuan

STATIC = Path(__file__).parent / "static"
FOR_EVER = "public, max-age=31536000, immutable"

bp = Blueprint(
    "terminal",
    __name__,
    template_folder="templates",
    static_folder=STATIC,
    static_url_path="/terminal-assets",
)
for part in (
    home,
    binding,
    customers,
    feed,
    sales,
    statements,
    tasks,
    pickup,
    pictures,
    counter,
    bookings,
    briefing,
    showroom,
):
    bp.register_blueprint(part.bp, url_prefix="/terminal")
bp.register_blueprint(poster.bp)
bp.register_blueprint(payouts.bp)
bp.register_blueprint(shares.bp)


@bp.context_processor
def page_values() -> dict[str, object]:
    """How values read in the terminal's pages."""
    return {
        "asset": asset,
        "left": partial(words.left, now=clock.now()),
        "when": words.when,
        "milestone": words.milestone,
        "role_name": words.ROLES.get,
        "stands": words.stands,
        "status_name": words.STATUSES.get,
        "statuses": words.STATUSES,
        "step_name": words.STEPS.get,
        "yuan": yuan,
        **settlement_words.PAGE_VALUES,
        **desk_words.PAGE_VALUES,
    }


def asset(name: str) -> str:
    """The address of a file of ours; it changes with the file, so that it may be kept for ever."""
    return url_for("terminal.static", filename=name, v=_version(name))


@bp.after_request
def keep_assets(response: Response) -> Response:
    """Files asked for by version never change; browsers need not ask again."""
    if request.endpoint == "terminal.static" and request.args.get("v"):
        response.headers["Cache-Control"] = FOR_EVER
    return response


@cache
def _version(name: str) -> str:
    return blake2s((STATIC / name).read_bytes(), digest_size=6).hexdigest()
