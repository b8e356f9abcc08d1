"""Planted bugs in the life of an order: its number, its user, billing, the outlet's desk, pickup."""

from tools.planted.bug import Bug

BUGS = (
    Bug(
        "whoever fails the real-name check is not paid back",
        "flows/real_name.py",
        "        defer(refund_unverified, key=str(line_id), line_id=line_id)\n",
        "        pass\n",
        (
            "tests/flows/trade/test_real_name.py::test_a_refused_plan_is_refunded_once_and_earns_nobody_anything",
            "tests/flows/trade/test_real_name.py::test_nobody_shows_who_he_is_in_time",
        ),
    ),
    Bug(
        "billing hears of a plan before its user is known",
        "flows/billing.py",
        "    if any(is_undecided(line) for line in lines_of_order(order.id)):\n        return\n",
        "",
        (
            "tests/flows/trade/test_real_name.py::test_one_unknown_user_holds_the_order_until_he_is_decided_on",
        ),
    ),
    Bug(
        "a number that somebody holds is free to others",
        "catalog/numbers.py",
        "        PhoneNumber.until <= now,\n    )\n    return or_(",
        "    )\n    return or_(",
        ("tests/catalog/test_numbers.py::test_a_held_number_is_nobody_elses",),
    ),
    Bug(
        "a number that is held stays held for ever",
        "catalog/numbers.py",
        "    return or_(PhoneNumber.state == NumberState.FREE, is_over)",
        "    return PhoneNumber.state == NumberState.FREE",
        (
            "tests/catalog/test_numbers.py::test_a_hold_ends_by_itself",
            "tests/catalog/test_numbers.py::test_what_was_paid_and_taken_back_rests",
        ),
    ),
    Bug(
        "two orders claim one number",
        "catalog/numbers.py",
        "        or_(_is_free(now), _is_held_by(member_id)),\n",
        "",
        ("tests/catalog/test_numbers.py::test_two_people_never_hold_the_same_number",),
    ),
    Bug(
        "a number that was taken back is given on at once",
        "catalog/numbers.py",
        "        until=now + QUARANTINE,\n",
        "        until=now,\n",
        ("tests/catalog/test_numbers.py::test_what_was_paid_and_taken_back_rests",),
    ),
    Bug(
        "one phone goes out with two orders",
        "migrations/versions/0014_fulfilment.py",
        '        ["kind", "value"],\n        unique=True,\n',
        '        ["kind", "value"],\n        unique=False,\n',
        ("tests/flows/fulfilment/test_way.py::test_one_unit_is_never_sold_twice",),
    ),
    Bug(
        "a code fetches what lies ready at another outlet",
        "flows/fulfilment/desk.py",
        "    return [found for found in ready_at_counter(order_id) if found[0].outlet_id == outlet_id]\n",
        "    return [*ready_at_counter(order_id)]\n",
        (
            "tests/flows/fulfilment/test_given_on.py::test_the_line_that_stays_is_fetched_first_then_the_other",
        ),
    ),
    Bug(
        "pickup codes may be guessed without end",
        "fulfilment/pickup.py",
        "    guard.failed += 1\n    return PickupOutcome.WRONG\n",
        "    return PickupOutcome.WRONG\n",
        ("tests/flows/fulfilment/test_way.py::test_guessing_codes_is_stopped",),
    ),
    Bug(
        "an outlet works on another outlet's order",
        "fulfilment/queries.py",
        "        .where(Task.id == task_id, Chain.outlet_id == outlet_id, Task.owner != Owner.POOL)\n",
        "        .where(Task.id == task_id, Task.owner != Owner.POOL)\n",
        (
            "tests/flows/fulfilment/test_way.py::test_another_outlets_people_cannot_touch_it",
            "tests/terminal/test_tasks.py::test_other_outlets_tasks_are_not_there",
        ),
    ),
    Bug(
        "two people work on one order",
        "fulfilment/operations.py",
        "    if task.taken_by != actor:\n        raise TakenByOther\n",
        "",
        ("tests/flows/fulfilment/test_way.py::test_who_did_not_take_it_does_not_pack_it",),
    ),
    Bug(
        "a parcel is closed without its check-list",
        "flows/fulfilment/desk.py",
        "    check_proofs(chain, task)\n    note_done(chain, Node.PACKED",
        "    note_done(chain, Node.PACKED",
        ("tests/flows/fulfilment/test_way.py::test_nothing_is_closed_without_its_evidence",),
    ),
    Bug(
        "billing's receipt for another order counts for this one",
        "billing/client.py",
        "    if receipt.order_number != order.order_number:\n"
        '        return Unknown("receipt_of_another_order")\n',
        "",
        (
            "tests/billing/test_neighbours.py::test_receipt_of_another_order_is_not_believed",
            "tests/flows/trade/test_billing.py::test_a_receipt_for_another_order_proves_nothing",
        ),
    ),
    Bug(
        "an acknowledgement sent twice counts twice",
        "orders/billing_files.py",
        '    if not upsert(BillingAcknowledgement, values, key=("digest",)):\n        return False\n',
        '    upsert(BillingAcknowledgement, values, key=("digest",))\n',
        (
            "tests/flows/trade/test_billing_files.py::test_an_acknowledgement_sent_twice_counts_once",
        ),
    ),
    Bug(
        "a product goes on sale before its check-list is done",
        "catalog/launch.py",
        "    if missing := missing_steps(product_id):\n        raise _not_ready(missing)\n",
        "",
        ("tests/catalog/test_launch.py::test_the_check_list_blocks_a_product",),
    ),
    Bug(
        "what is fetched at an outlet is promised of the central store",
        "orders/placement.py",
        "order.outlet_id if order.delivery == Delivery.PICKUP else None",
        "None",
        (
            "tests/storefront/test_outlet_stock.py::test_a_pickup_takes_the_outlets_unit_and_gives_it_back",
            "tests/flows/fulfilment/test_outlet_stock.py::test_a_refund_before_it_is_fetched_fills_the_shelf_again",
        ),
    ),
    Bug(
        "what lies at a counter alone is endless for a courier",
        "catalog/stock.py",
        "    if is_counted(sku_id):\n        raise SoldOut(sku=_sku_number(sku_id))\n    return None\n",
        "    return None\n",
        (
            "tests/catalog/test_outlet_stock.py::test_what_lies_at_a_counter_alone_is_counted_everywhere",
            "tests/catalog/test_outlet_stock.py::test_twenty_for_the_last_one_at_a_counter",
        ),
    ),
    Bug(
        "a unit given to another outlet leaves both shelves",
        "catalog/stock.py",
        "    _change(taken.stock_id, MoveKind.RETURNED, on_hand=taken.quantity, **history)\n",
        "",
        (
            "tests/catalog/test_outlet_stock.py::test_sold_units_are_booked_at_another_counter_once",
            "tests/flows/fulfilment/test_outlet_stock.py::test_given_to_another_outlet_it_comes_from_that_ones_shelf",
        ),
    ),
    Bug(
        "what the operator opened is given back online",
        "flows/fulfilment/asking_back.py",
        "        each.product_kind in _OPENED and each.fulfilment != Fulfilment.CANCELLED\n",
        "        each.product_kind in _OPENED and each.fulfilment == Fulfilment.CANCELLED\n",
        (
            "tests/flows/fulfilment/test_asking_back.py"
            "::test_what_the_operator_opened_is_not_given_back_online_nor_what_was_sold_with_it",
        ),
    ),
    Bug(
        "what a customer asked waits on though his phone was exchanged",
        "fulfilment/returns.py",
        "    agree_to_waiting(chain, actor=actor, now=now)\n",
        "",
        ("tests/flows/fulfilment/test_asking_back.py::test_an_exchange_answers_what_was_asked",),
    ),
    Bug(
        "one person alone gives back phone after phone of an order",
        "flows/refund/giving.py",
        "    if given_alone_fen(back.order_id) + sum(back.amounts.values()) <= limit_fen():\n",
        "    if sum(back.amounts.values()) <= limit_fen():\n",
        (
            "tests/flows/fulfilment/test_asking_back.py"
            "::test_the_money_of_more_than_one_phone_takes_a_second_person",
            "tests/console/test_refunds.py"
            "::test_many_small_refunds_do_not_get_past_the_second_person",
        ),
    ),
)
