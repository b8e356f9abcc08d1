"""The mall as one blueprint; endpoints read `storefront.orders.show`."""

from functools import cache
from hashlib import blake2s
from pathlib import Path

from flask import Blueprint, Response, request

from storefront import (
    addresses,
    arrival,
    banners,
    cart,
    checkout,
    counter,
    links,
    mall,
    notices,
    numbers,
    openapi,
    order_calls,
    orders,
    phone,
    pictures,
    place_calls,
    places,
    posters,
    programs,
    returns,
    session,
    sharing,
    shelf,
    sign_in,
    visit_calls,
    visits,
)
from storefront.words import register
from wx_backend.platform import config

STATIC = Path(__file__).parent / "static"
FOR_EVER = "public, max-age=31536000, immutable"
_OTHERS = ("/console", "/terminal", "/wechat/", "/healthz", "/readyz", "/metrics")

bp = Blueprint(
    "storefront",
    __name__,
    template_folder="templates",
    static_folder=STATIC,
    static_url_path="/mall-assets",
)
for part in (
    mall,
    links,
    sign_in,
    sharing,
    checkout,
    orders,
    shelf,
    notices,
    numbers,
    arrival,
    counter,
    visits,
    cart,
    addresses,
    phone,
    pictures,
    banners,
    places,
    posters,
    programs,
    order_calls,
    returns,
    place_calls,
    visit_calls,
    openapi,
):
    bp.register_blueprint(part.bp)
register(bp)
bp.add_app_template_global(cart.cart_count)


def error_look(path: str) -> str | None:
    """The template of an error at an address: the mall's, but for what staff and reps open."""
    return None if path.startswith(_OTHERS) else "storefront/error.html"


@bp.app_template_global()
def mall_asset(name: str) -> str:
    """The address of a file of ours; it changes with the file, so that it may be kept for ever."""
    return f"{bp.static_url_path}/{name}?v={_version(name)}"


@bp.context_processor
def page_values() -> dict[str, object]:
    """What every page of the mall knows."""
    return {
        "mall_name": session.account().title or "网上营业厅",
        "viewer": session.viewer(),
        "waits_for_touch": session.waiting() is not None,
        "is_in_wechat": session.is_in_wechat(),
        "base_url": config().service.base_url,
    }


@bp.after_request
def keep_assets(response: Response) -> Response:
    """Files asked for by version never change; browsers need not ask again."""
    if request.endpoint == "storefront.static" and request.args.get("v"):
        response.headers["Cache-Control"] = FOR_EVER
    return response


@cache
def _version(name: str) -> str:
    return blake2s((STATIC / name).read_bytes(), digest_size=6).hexdigest()
