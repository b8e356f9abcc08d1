"""The console as one blueprint; endpoints read `console.orders.show`."""

from functools import cache, partial
from hashlib import blake2s
from pathlib import Path

from flask import Blueprint, Response, g, request, url_for

from console import (
    account,
    accounts,
    albums,
    archives,
    audit,
    banners,
    billing,
    briefing,
    calendar,
    campaign_lists,
    campaign_people,
    campaigns,
    claims,
    dashboard,
    disputes,
    farming,
    figures,
    imports,
    kpis,
    mass_sends,
    menus,
    message_templates,
    navigation,
    numbers,
    orders,
    payouts,
    periods,
    places,
    policies,
    pool,
    product_editor,
    products,
    rates,
    real_names,
    receipts,
    reconciliation,
    refunds,
    rep_moves,
    repair,
    replies,
    reps,
    returns,
    shelves,
    sign_in,
    skus,
    staff,
    statements,
    stock,
    stops,
    tags,
    words,
)
from console.pages import turned_to
from org.roster import holds_everything, staff_names
from wx_backend import access
from wx_backend.money import yuan

STATIC = Path(__file__).parent / "static"
FOR_EVER = "public, max-age=31536000, immutable"

bp = Blueprint(
    "console",
    __name__,
    url_prefix="/console",
    template_folder="templates",
    static_folder=STATIC,
    static_url_path="/assets",
)
for part in (
    sign_in,
    dashboard,
    disputes,
    policies,
    briefing,
    figures,
    orders,
    claims,
    real_names,
    products,
    product_editor,
    skus,
    albums,
    shelves,
    stock,
    numbers,
    receipts,
    reps,
    farming,
    reconciliation,
    refunds,
    returns,
    repair,
    rates,
    payouts,
    periods,
    statements,
    calendar,
    kpis,
    pool,
    billing,
    campaigns,
    campaign_lists,
    campaign_people,
    mass_sends,
    banners,
    message_templates,
    staff,
    account,
    audit,
    menus,
    replies,
    stops,
    tags,
    archives,
    accounts,
    places,
    rep_moves,
    imports,
):
    bp.register_blueprint(part.bp)


@bp.context_processor
def page_values() -> dict[str, object]:
    """What every page of the console knows: who looks, what he may do, how values read."""
    staff, here = g.get("staff"), request.endpoint or ""
    names = staff_names() if staff else {}
    is_top = bool(staff) and holds_everything(staff.node_id)
    return {
        "staff": staff,
        "is_top": is_top,
        "menus": list(navigation.menus(here=here, may=may, is_top=is_top)),
        "way_back": navigation.way_back(here),
        "may": may,
        "asset": asset,
        "word": words.word,
        "when": words.when,
        "device": words.device,
        "age": words.age,
        "actor": partial(words.actor, names=names),
        "percent": words.percent,
        "turned_to": turned_to,
        "yuan": yuan,
    }


def may(endpoint: str) -> bool:
    """Whether who is signed in may call a route."""
    staff = g.get("staff")
    return staff is not None and access.TABLE[endpoint].admits(staff.role, staff.tier)


def asset(name: str) -> str:
    """The address of a file of ours; it changes with the file, so that it may be kept for ever."""
    return url_for("console.static", filename=name, v=_version(name))


@bp.after_request
def keep_assets(response: Response) -> Response:
    """Files asked for by version never change; browsers need not ask again."""
    if request.endpoint == "console.static" and request.args.get("v"):
        response.headers["Cache-Control"] = FOR_EVER
    return response


@cache
def _version(name: str) -> str:
    return blake2s((STATIC / name).read_bytes(), digest_size=6).hexdigest()
