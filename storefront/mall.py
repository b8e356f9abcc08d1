"""The pages to look round in: front page, category, search, showroom, product."""

from flask import Blueprint, redirect, render_template
from flask.typing import ResponseReturnValue

from flows.bookings import closed_words
from flows.visit import my_page, showroom_path
from org.models import RepStatus
from org.queries import rep_by_number
from storefront import session
from storefront.arrival import promise_of
from storefront.banners import cards_at
from storefront.cards import pick_cards
from storefront.checkout import new_client_key
from storefront.homes import home_id, home_node, home_outlet, my_adviser
from storefront.shelf import asked_page, asked_shelves
from storefront.showcase import product_page, rep_panel
from wx_backend import clock

bp = Blueprint("mall", __name__)


@bp.get("/")
def home() -> str:
    """The front page: categories, and what is sold."""
    return _shelf_page("home", "")


@bp.get("/mine")
def mine() -> ResponseReturnValue:
    """On to the showroom of whose customer the viewer is."""
    viewer = session.viewer()
    return redirect(my_page(viewer.identity_id if viewer else None, clock.now()))


@bp.get("/c/<slug>")
def category(slug: str) -> str:
    """One category with all below it."""
    return _shelf_page("category", slug)


@bp.get("/search")
def search() -> str:
    """What is found by words or pinyin initials; everything without any."""
    return _shelf_page("search", "")


def _shelf_page(name: str, slug: str) -> str:
    return render_template(f"storefront/{name}.html", shelves=asked_shelves(slug), rep=my_adviser())


@bp.get("/r/<number>")
def showroom(number: str) -> ResponseReturnValue:
    """A rep's showroom; whoever left is answered by his heir's."""
    now = clock.now()
    rep = rep_by_number(number)
    if rep is not None and rep.status == RepStatus.LEFT:
        return redirect(showroom_path(rep.id, now))
    panel = rep_panel(number, now)
    shelves = asked_shelves()
    is_first = not (shelves.chosen or shelves.text or asked_page())
    return render_template(
        "storefront/showroom.html",
        rep=panel,
        banners=cards_at(panel.outlet_id, now) if is_first else [],
        picks=pick_cards(panel.rep_id, now, outlet_id=home_id()) if is_first else [],
        shelves=shelves,
        acts_at=closed_words(panel.outlet_id, now=now),
    )


@bp.get("/p/<number>")
def product(number: str) -> str:
    """A product: prices, variants, terms, and whom to ask."""
    now = clock.now()
    page, rep = product_page(number, now, outlet_id=home_id()), my_adviser()
    first = page.first
    told = promise_of(first.number) if first is not None else None
    node = home_node()
    return render_template(
        "storefront/product.html",
        page=page,
        rep=rep,
        promise=told,
        served_by=node.name if node is not None else "",
        outlet=home_outlet(),
        client_key=new_client_key(),
        acts_at=closed_words(node.id, now=now) if node is not None else "",
    )
