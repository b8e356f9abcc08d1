"""Planted bugs in who is credited, who may see what, and what a stranger can make us do."""

from tools.planted.bug import Bug

PARTED = "tests/storefront/parted"
LATE = "tests/flows/test_late_touches.py"
BUGS = (
    Bug(
        "a share token is believed without its MAC",
        "referral/token.py",
        "    if not compare_digest(token, _spelled(share_id, key)):\n        raise ForgedToken(Forgery.BAD_MAC)\n",
        "",
        ("tests/referral/test_token.py::test_no_mutant_of_100000_is_accepted",),
    ),
    Bug(
        "a leaked retired key makes new shares",
        "referral/token.py",
        "share_id > key.last_share_id:\n        raise",
        "share_id < 0:\n        raise",
        ("tests/referral/test_token.py::test_a_leaked_retired_key_makes_no_new_shares",),
    ),
    Bug(
        "opening a page protects the customer",
        "referral/contest.py",
        "        if touch.is_confirmed_act and not touch.is_push:\n",
        "        if not touch.is_push:\n",
        (
            "tests/referral/test_contest.py::test_opening_a_page_does_not_start_protection",
            "tests/referral/test_contest.py::test_opening_a_page_does_not_renew_protection",
        ),
    ),
    Bug(
        "a colleague takes a protected customer",
        "referral/contest.py",
        "self.is_protected(at) and self.protector != rep_id",
        "False",
        (
            "tests/referral/test_contest.py::test_a_confirmed_act_keeps_colleagues_out_for_seven_days",
        ),
    ),
    Bug(
        "a campaign push takes a colleague's customer",
        "referral/contest.py",
        "        owner = self._owner(at) if touch.is_push else None\n",
        "        owner = None\n",
        ("tests/referral/test_contest.py::test_a_push_takes_nobodys_customer",),
    ),
    Bug(
        "the file of orders forgets whose they are",
        "orders/search.py",
        "        query = query.where(SalesOrder.id.in_(union_all(*newest)))\n",
        "        query = query.where(*conditions)\n",
        ("tests/console/test_scope.py::test_lists_counts_and_files_show_the_same_orders",),
    ),
    Bug(
        "a spreadsheet runs what a customer typed",
        "console/export.py",
        """    return fitting(f"'{text}" if is_formula else text)""",
        "    return fitting(text)",
        ("tests/console/test_orders.py::test_whatever_begins_a_formula_is_made_text",),
    ),
    Bug(
        "a suspended rep has his rights back by a move to another city",
        "flows/rep_moves.py",
        "    reps.check_may_begin_anew(rep.id)\n",
        "",
        (
            "tests/console/test_places.py::test_who_is_suspended_does_not_go_to_another_city_as_somebody_new",
        ),
    ),
    Bug(
        "a sign-in can be planted by somebody else",
        "storefront/sign_in.py",
        "    if found is None:\n        raise BadState\n",
        '    if found is None:\n        return ["", "/", [], 0]\n',
        ("tests/storefront/test_sign_in.py::test_a_planted_return_changes_nothing",),
    ),
    Bug(
        "after signing in the browser goes anywhere",
        "storefront/sign_in.py",
        "    if not is_own_page(onward):\n        raise BadNext\n",
        "",
        (
            "tests/storefront/test_sign_in.py::test_a_foreign_next_is_refused_before_anything_begins",
        ),
    ),
    Bug(
        "a phone's code that was told to a stranger joins him at once",
        "members/phone_joining.py",
        "    bare = {each for each in free if not has_things(member_ids_of(each))}\n",
        "    bare = free\n",
        (
            "tests/storefront/test_phone_joins.py::test_a_phished_code_shows_nothing_and_is_refused_for_good",
            "tests/members/test_join_requests.py::test_those_with_nothing_are_joined_at_once",
        ),
    ),
    Bug(
        "one of two agrees for both",
        "members/join_requests.py",
        "    if row.first_agreed_at is None or row.second_agreed_at is None:\n        return False\n",
        "    row.first_agreed_at = row.second_agreed_at = now\n",
        (
            "tests/storefront/test_phone_joins.py::test_who_has_something_himself_agrees_too",
            "tests/members/test_join_requests.py::test_both_have_to_agree",
        ),
    ),
    Bug(
        "who has ordered since is joined by what he had not then",
        "members/join_requests.py",
        "        is_by_having_nothing = stamp == row.asked_at\n",
        "        is_by_having_nothing = False\n",
        ("tests/members/test_join_requests.py::test_who_has_something_by_now_is_asked_after_all",),
    ),
    Bug(
        "what was ordered under a wrong claim stays with the other customer",
        "flows/parting.py",
        "    for each in wrong:\n        _give(each)\n",
        "",
        (f"{PARTED}/test_orders.py::test_each_has_what_it_ordered_and_nothing_of_the_other",),
    ),
    Bug(
        "an order that is given back keeps the other's seal",
        "flows/resealing.py",
        "        setattr(row, column, vault().seal(text, place=place(row)))\n",
        "        vault().seal(text, place=place(row))\n",
        (f"{PARTED}/test_orders.py::test_what_was_sealed_for_the_one_opens_for_the_other_no_more",),
    ),
    Bug(
        "who is parted while he submits orders as the other",
        "storefront/session.py",
        '        g.pop("viewer", None)\n        return work(member())\n',
        "        return work(member())\n",
        (
            f"{PARTED}/test_meanwhile.py::test_what_is_submitted_while_they_are_parted_is_whose_wechat_it_is",
        ),
    ),
    Bug(
        "whom a wrong claim's WeChat let in keeps the customer's orders",
        "members/lifting.py",
        "    if not strangers & owners:  #",
        "    if strangers & owners:  #",
        ("tests/console/test_lifts.py::test_whom_the_claiming_wechat_let_in_is_parted_with_it",),
    ),
    Bug(
        "a picture that a product shows is swept",
        "flows/sweeping.py",
        "    return _remove((file for file in old if name_in(file.name) not in shown), before)\n",
        "    return _remove(iter(old), before)\n",
        ("tests/flows/test_sweeping.py::test_what_is_shown_stays_however_old",),
    ),
    Bug(
        "a picture is swept while pages still ask for it",
        "flows/product_desk.py",
        "    let_go(each.path for each in before if each not in album)\n",
        "",
        ("tests/flows/test_sweeping.py::test_one_that_is_taken_down_stays_for_its_grace",),
    ),
    Bug(
        "a contact learnt after the payment is passed over",
        "flows/late_touches.py",
        "    if not new or credited(decided) in",
        "    if new or credited(decided) in",
        (
            f"{LATE}::test_a_contact_learnt_after_the_payment_opens_a_dispute_once",
            f"{LATE}::test_a_late_contact_of_a_browser_of_the_buyer_is_hers",
        ),
    ),
    Bug(
        "late contacts forget what was known in time and changed nothing",
        "flows/late_touches.py",
        "if t.id in known or not _is_late(t, order, {order.member_id})]",
        "if t.id in known]",
        (f"{LATE}::test_late_contacts_count_with_what_was_known_and_changed_nothing",),
    ),
    Bug(
        "whoever serves at the counter is forgotten at the door",
        "flows/submit.py",
        "    note_served(order, rep_id=offer.acceptor_rep_id, now=now)\n",
        "",
        ("tests/terminal/test_counter.py::test_what_he_orders_next_is_by_whoever_served_him",),
    ),
    Bug(
        "a number held before is credited as of the order",
        "orders/placement.py",
        "            line.hold_at = min(held_at, now)\n",
        "            pass\n",
        ("tests/storefront/test_held_numbers.py::test_holding_it_again_does_not_move_the_moment",),
    ),
)
