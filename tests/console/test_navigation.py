"""The menus: every page is in one, and nobody is led to what he may not open."""

import re

from flask import Flask

from console.navigation import FRAME, MENUS, menus, way_back
from console.words import actor
from tests.console.conftest import Desks
from wx_backend import access
from wx_backend.access import Caller

LINK = re.compile(r'<a href="(/console/[^"]*)"')


def led_to(page: str) -> list[str]:
    """Where a page's frame leads."""
    return LINK.findall(page.partition("<main>")[0])


def test_every_menu_entry_opens(desk_of: Desks) -> None:
    for login in ("root", "south", "manager", "marketer", "finance", "clerk"):
        desk = desk_of(login)
        places = led_to(desk.get("/").text)
        assert "/console/" in places
        for path in places:
            answer = desk.get(path.removeprefix("/console"))
            if onward := answer.headers.get("Location"):
                answer = desk.get(onward.removeprefix("/console"))
            assert answer.status_code == 200, (login, path)
            assert "/console/login" not in answer.request.path


def test_only_the_top_is_led_to_work_that_gave_up(desk_of: Desks) -> None:
    assert "/console/failures" in led_to(desk_of("root").get("/").text)
    assert "/console/failures" not in led_to(desk_of("south").get("/").text)


def test_a_clerk_sees_no_menu_of_money(desk_of: Desks) -> None:
    frame = desk_of("clerk").get("/").text.partition("<main>")[0]
    assert "订单池" in frame
    assert "财务" not in frame


def test_every_page_without_a_number_can_be_reached(app: Flask) -> None:
    places = [place for group in (*MENUS.values(), FRAME) for place in group]
    for rule in app.url_map.iter_rules():
        row = access.TABLE.get(rule.endpoint)
        if row and row.caller is Caller.STAFF and "GET" in (rule.methods or ()):
            assert any(place.holds(rule.endpoint) for place in places), rule.endpoint


def test_the_menu_of_the_page_is_marked(desk_of: Desks) -> None:
    here = {
        menu.name
        for menu in menus(here="console.payouts.show", may=bool, is_top=True)
        if menu.is_here
    }
    assert here == {"财务"}
    assert 'aria-current="page">发放<' in desk_of("finance").get("/payouts").text


def test_a_page_below_leads_back() -> None:
    place = way_back("console.orders.show")
    assert place
    assert place.name == "订单"
    assert way_back("console.orders.index") is None


def test_people_are_called_by_their_names() -> None:
    names = {7: "王敏"}
    assert actor("staff:7", names=names) == "王敏"
    assert actor("staff:8", names=names) == "员工 8"
    assert actor("system", names=names) == "系统"
