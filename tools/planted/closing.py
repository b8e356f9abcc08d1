"""Planted bugs in what closes a day and a month: forms, numbers, bundles, second persons, rounds."""

from tools.planted.bug import Bug

ABNORMAL = "tests/flows/reconcile/test_abnormal.py"
REAL_NAME = "tests/flows/trade/test_real_name.py"
NUMBERS = "tests/storefront/test_numbers.py"

BUGS = (
    Bug(
        "a form about stock sent twice books its units twice",
        "catalog/stock_by_hand.py",
        "    if upsert(StockMove, row, key=tuple(key)):\n        return change_units(stock_id, on_hand, 0)\n",
        "    upsert(StockMove, row, key=tuple(key))\n    return change_units(stock_id, on_hand, 0)\n",
        (
            "tests/console/test_stock.py::test_a_form_sent_twice_counts_once",
            "tests/catalog/test_stock.py::test_one_form_sent_four_times_at_once_books_its_units_once",
        ),
    ),
    Bug(
        "what was imported beats a scan",
        "referral/contest.py",
        "        if touch.kind is TouchKind.IMPORTED and self.is_proven:\n",
        "        if touch.kind is TouchKind.IMPORTED and self.is_proven is None:\n",
        ("tests/referral/test_imported.py::test_it_never_beats_what_happened_here",),
    ),
    Bug(
        "a list of followers that breaks off makes people leave",
        "members/syncing.py",
        "    if sync.listed < sync.total * SHORT_BY:\n",
        "    if sync.listed < 0:\n",
        ("tests/console/test_follower_sync.py::test_a_list_that_breaks_off_makes_nobody_leave",),
    ),
    Bug(
        "any number of the country can be held",
        "flows/numbers.py",
        "    if row is None or (row.member_id != member_id and row.node_id not in _pools(outlet_code)):\n",
        "    if row is None:\n",
        (f"{NUMBERS}::test_a_number_of_another_city_is_neither_held_nor_ordered",),
    ),
    Bug(
        "unpaid orders hold as many numbers as one likes",
        "flows/numbers.py",
        "    if new and held_by(person, now) + new > HOLDS_MAX:\n        raise TooManyHolds\n",
        "",
        (f"{NUMBERS}::test_a_buyer_has_a_few_numbers_he_has_not_paid_for",),
    ),
    Bug(
        "a fine number goes with the cheapest plan",
        "flows/numbers.py",
        "default=0) < row.minimum_fen:",
        "default=0) < 0:",
        (f"{NUMBERS}::test_a_fine_number_goes_with_a_plan_that_is_dear_enough",),
    ),
    Bug(
        "a refused name takes nothing of its bundle along",
        "orders/real_name.py",
        "    return bundle if is_unsent else [line]\n",
        "    return [line]\n",
        (
            f"{REAL_NAME}::test_a_bundle_goes_back_whole",
            f"{REAL_NAME}::test_a_bundle_with_one_name_refused_goes_back_whole_and_billing_never_hears_of_it",
        ),
    ),
    Bug(
        "billing activates what is on its way back",
        "flows/billing.py",
        "        and not is_given_up(line)\n",
        "",
        (
            "tests/flows/trade/test_billing.py::test_a_plan_whose_refund_is_under_way_is_not_activated",
        ),
    ),
    Bug(
        "whoever sees a difference may end it",
        "flows/reconcile/desk.py",
        "    if not may_end(row, decision.role):\n        raise NotItsOwner\n",
        "",
        ("tests/console/test_reconciliation.py::test_a_difference_is_ended_by_its_owner",),
    ),
    Bug(
        "a comparison opens differences in a closed day",
        "flows/reconcile/comparing.py",
        "        if not is_open_day(legs.on):\n            return\n        seen",
        "        seen",
        (
            "tests/flows/reconcile/test_days.py::test_a_comparison_writes_nothing_into_a_day_that_was_closed_meanwhile",
        ),
    ),
    Bug(
        "what is let pass was not all shown",
        "flows/period/checks.py",
        "backlog.dead_rows(Job)",
        "backlog.dead_rows(Job, limit=200)",
        (
            "tests/console/test_money_out.py::test_whoever_lets_failed_work_pass_lets_every_one_of_it_pass",
        ),
    ),
    Bug(
        "one person alone sends any refund to any card",
        "flows/refund/abnormal.py",
        "    if sent_alone_fen(order_id, but=refund_id) + refund.amount_fen > limit_fen():\n",
        "    if refund.amount_fen < 0:\n",
        (
            f"{ABNORMAL}::test_above_the_limit_nothing_moves_before_another_person_agrees",
            "tests/console/test_refunds.py::test_a_large_abnormal_refund_takes_two",
        ),
    ),
    Bug(
        "pieces of abnormal refunds get past the limit",
        "flows/refund/abnormal.py",
        "    if sent_alone_fen(order_id, but=refund_id) + refund.amount_fen > limit_fen():\n",
        "    if refund.amount_fen > limit_fen():\n",
        (f"{ABNORMAL}::test_pieces_get_nobody_past_the_limit",),
    ),
    Bug(
        "the same stuck rows are chased each time",
        "wx_backend/rounds.py",
        "        .values(chased_at=now)\n",
        "        .values(chased_at=table.chased_at)\n",
        (
            "tests/orders/test_states.py::test_orders_that_will_not_close_keep_no_other_from_closing",
        ),
    ),
    Bug(
        "a rep who moves takes an unpaid order along",
        "flows/attribution.py",
        "    facts = with_newcomers(placed, today.facts)\n",
        "    facts = today.facts\n",
        (
            "tests/flows/trade/test_between.py::test_a_rep_who_moves_before_the_payment_has_sold_for_the_outlet_of_the_order",
        ),
    ),
)
