"""Bugs of the mall in a mini-program, of lost WeChats, and of what is asked of a second person."""

from tools.planted.bug import Bug

PROGRAMS = "tests/storefront/test_programs.py"
CLAIMS = "tests/console/test_claims.py"
STOCK = "tests/storefront/test_outlet_stock.py"

BUGS = (
    Bug(
        "a program's call has a browser's cookie looked at",
        "wx_backend/carried.py",
        "        if not is_carried():\n            return super().open_session(app, request)\n",
        "        if not request.headers.get(HEADER):\n            return super().open_session(app, request)\n",
        (f"{PROGRAMS}::test_whoever_carries_a_session_has_no_cookie_looked_at",),
    ),
    Bug(
        "a cookie is a program's session too",
        "wx_backend/carried.py",
        '    salt = "carried-session"\n',
        '    salt = "cookie-session"\n',
        (f"{PROGRAMS}::test_whoever_carries_a_session_has_no_cookie_looked_at",),
    ),
    Bug(
        "a look in Moments is a launch",
        "flows/launching.py",
        "    if landing.opened is None or scene == SINGLE_PAGE:\n",
        "    if landing.opened is None:\n",
        (f"{PROGRAMS}::test_moments_shows_a_page_to_nobody_that_is_known",),
    ),
    Bug(
        "a claim counts as it was when it was asked for",
        "flows/lost_wechat.py",
        "    if verdict is ClaimVerdict.APPROVED:\n        provers",
        "    if verdict is ClaimVerdict.REJECTED:\n        provers",
        (f"{CLAIMS}::test_what_held_when_it_was_asked_has_to_hold_still",),
    ),
    Bug(
        "a claim is decided on wherever somebody is",
        "flows/lost_wechat.py",
        "    order = order_within(number, under(node_id)) if number is not None else None\n",
        "    order = order_within(number, under(1)) if number is not None else None\n",
        (f"{CLAIMS}::test_another_place_sees_and_decides_nothing",),
    ),
    Bug(
        "what lies in another city is near by",
        "catalog/nearby.py",
        "            OrgNode.parent_id == same_city,\n",
        "            same_city.is_not(None),\n",
        (f"{STOCK}::test_the_page_says_where_else_in_the_city_it_lies",),
    ),
    Bug(
        "a change of price taken back can still be agreed to",
        "catalog/pricing.py",
        "    if asked.verdict is not None:\n        raise PriceDecided\n",
        "    if asked.verdict == Verdict.APPROVED:\n        raise PriceDecided\n",
        ("tests/catalog/test_pricing.py::test_whoever_asked_takes_it_back_and_nobody_else_does",),
    ),
)
