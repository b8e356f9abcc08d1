"""Bugs of the mall in a mini-program, of lost WeChats, and of what is asked of a second person."""

from tools.planted.bug import Bug

PROGRAMS = "tests/storefront/test_programs.py"
CLAIMS = "tests/console/test_claims.py"
LIFTS = "tests/console/test_lifts.py"
PERSONS = "tests/console/test_two_persons.py"
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
        "    if verdict is ClaimVerdict.APPROVED and kind is ClaimKind.LOST:\n        provers",
        "    if verdict is ClaimVerdict.REJECTED and kind is ClaimKind.LOST:\n        provers",
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
    Bug(
        "a refund taken back by whoever proposed it can still be agreed to",
        "payments/proposals.py",
        "    if row.status != ProposalStatus.PROPOSED:\n        raise ProposalDecided\n",
        "    if row.status == ProposalStatus.APPROVED:\n        raise ProposalDecided\n",
        (f"{PERSONS}::test_whoever_asked_takes_it_back_alone_and_nothing_comes_of_it",),
    ),
    Bug(
        "a batch taken back by whoever proposed it can still be agreed to",
        "settlement/payouts/proposals.py",
        ".where(PayoutBatch.id == batch_id, PayoutBatch.status == BatchStatus.PROPOSED)",
        ".where(PayoutBatch.id == batch_id, PayoutBatch.status != BatchStatus.APPROVED)",
        (f"{PERSONS}::test_whoever_asked_takes_it_back_alone_and_nothing_comes_of_it",),
    ),
    Bug(
        "a refund taken back comes again with its form once the limit is higher",
        "flows/refund/giving.py",
        "    if is_proposed(back.order_id, back.key):\n        return False\n",
        "",
        (
            "tests/flows/trade/test_second_person.py"
            "::test_what_was_taken_back_moves_no_money_however_often_it_is_sent",
        ),
    ),
    Bug(
        "who agrees to a campaign agrees to what was put before him anew",
        "campaigns/operations.py",
        '    note(campaign, "withdrawn", staff_id=staff_id, now=now)\n    _begin_anew(campaign)\n',
        '    note(campaign, "withdrawn", staff_id=staff_id, now=now)\n    _forget_people(campaign_id)\n',
        (
            "tests/campaigns/test_submitting.py"
            "::test_whoever_submitted_takes_it_back_and_an_old_page_agrees_to_nothing",
        ),
    ),
    Bug(
        "whoever is parted keeps his mini-program in the other's orders",
        "members/lifting.py",
        "    strangers = _with_their_unionids(strangers)\n",
        "",
        (f"{LIFTS}::test_of_a_claim_that_was_wrong_both_are_parted",),
    ),
    Bug(
        "one WeChat that is found lets another lost one in",
        "members/claims.py",
        "        .where(Identity.member_id.in_(person), Identity.lost_at.is_(None))\n",
        "        .where(Identity.member_id.in_(person))\n",
        (f"{LIFTS}::test_what_another_claim_reported_stays_lost",),
    ),
    Bug(
        "what only a neighbour has is put in the cart",
        "flows/cart.py",
        "        _require_some(wanted.sku, offer, outlet_id)\n",
        "        assert offer\n",
        (f"{STOCK}::test_what_lies_near_by_alone_is_not_put_aside_but_led_to",),
    ),
)
