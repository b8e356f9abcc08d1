"""The same goods and orders as JSON, for clients that draw their own pages."""

from dataclasses import asdict
from typing import Final

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from storefront import session
from storefront.cards import Shelves, shelves
from storefront.homes import home_id
from storefront.order_pages import order_rows
from storefront.showcase import product_page
from wx_backend import clock

bp = Blueprint("shelf", __name__)

PAGE: Final = 20
TEXT_MAX: Final = 40
SLUG_MAX: Final = 32


@bp.get("/api/products")
def products() -> ResponseReturnValue:
    """Products on show: `c` a category, `q` words, `page` from 0. Amounts are in fen."""
    return jsonify(asdict(asked_shelves()))


@bp.get("/api/products/<number>")
def product(number: str) -> ResponseReturnValue:
    """One product with its variants. Amounts are in fen."""
    return jsonify(asdict(product_page(number, clock.now(), outlet_id=home_id())))


@bp.get("/api/orders")
def mine() -> ResponseReturnValue:
    """One's own orders, newest first, `page` from 0. Amounts are in fen, instants are UTC."""
    page = asked_page()
    rows = order_rows(session.member().member_id, after=page * PAGE, limit=PAGE + 1)
    orders = [asdict(row) | {"placed_at": row.placed_at.isoformat()} for row in rows[:PAGE]]
    return jsonify(orders=orders, next_page=page + 1 if len(rows) > PAGE else None)


def asked_shelves(slug: str | None = None) -> Shelves:
    """The shelves this request asks for; `slug` where its path names the category."""
    text = request.args.get("q", "").strip()[:TEXT_MAX]
    chosen = request.args.get("c", "")[:SLUG_MAX] if slug is None else slug
    return shelves(now=clock.now(), slug=chosen, text=text, page=asked_page(), outlet_id=home_id())


def asked_page(name: str = "page") -> int:
    """The page of a list this request asks for; nonsense is the first one."""
    page = request.args.get(name, "")
    return int(page) if page.isascii() and page.isdigit() and len(page) <= 3 else 0
