"""Planted bugs in what guards money: notices, payments, refunds, the ledger, commission."""

from tools.planted.bug import Bug

BUGS = (
    Bug(
        "the amount of a notice is not compared",
        "payments/rules.py",
        '        "amount_fen": expected.amount_fen,\n',
        "",
        (
            "tests/payments/test_settlement.py::test_a_fact_that_differs_settles_nothing_and_is_shown_once",
        ),
    ),
    Bug(
        "any signature will do when the key is missing",
        "wechat/pay/merchant.py",
        "            raise NotAuthentic(Reason.serial)\n",
        "            return\n",
        (
            "tests/handlers/test_pay.py::test_a_notice_nobody_vouches_for_is_refused_counted_and_not_kept",
        ),
    ),
    Bug(
        "a notice of last year is fresh",
        "wechat/pay/merchant.py",
        "WINDOW_SECONDS: Final = 300",
        "WINDOW_SECONDS: Final = 300_000_000",
        (
            "tests/handlers/test_pay.py::test_a_notice_nobody_vouches_for_is_refused_counted_and_not_kept",
        ),
    ),
    Bug(
        "two attempts of one order may both win",
        "payments/operations.py",
        "    if winner is not None:\n        return Outcome.DOUBLE_PAYMENT\n",
        "    del winner\n",
        ("tests/payments/test_settlement.py::test_two_attempts_paid_at_once_have_one_winner",),
    ),
    Bug(
        "a closed order takes money",
        "payments/operations.py",
        "    return Outcome.SETTLED if takes_payment else Outcome.PAID_AFTER_CLOSE",
        "    return Outcome.SETTLED",
        (
            "tests/payments/test_settlement.py::test_money_for_a_closed_order_is_recorded_and_goes_back",
        ),
    ),
    Bug(
        "a refused repeat of a prepay leaves its attempt as if it was never sent",
        "payments/attempts.py",
        "    if is_first:\n",
        "    if is_first or payment_id:\n",
        (
            "tests/flows/trade/test_prepay.py::test_an_attempt_whose_repeat_was_refused_is_closed_there",
            "tests/flows/trade/test_prepay.py::test_an_attempt_of_unknown_outcome_stays_one_though_its_repeat_is_refused",
        ),
    ),
    Bug(
        "an order is closed without a question about attempts that count as never sent",
        "payments/queries.py",
        "Payment.status.in_(OPEN)",
        "Payment.status.in_(OPEN[1:])",
        ("tests/flows/trade/test_prepay.py::test_a_refused_first_attempt_ends_with_its_order",),
    ),
    Bug(
        "a closed refund is followed by as many as are asked for",
        "flows/refund/agree.py",
        "key=again_key(closed)",
        "key=f'{again_key(closed)}:{now.timestamp()}'",
        (
            "tests/flows/trade/test_again.py::test_it_goes_back_under_a_new_number_once_however_often_it_is_asked_for",
        ),
    ),
    Bug(
        "the business key of a posting is not unique",
        "migrations/versions/0005_ledger.py",
        '        sa.UniqueConstraint("key", name=op.f("uq_posting_key")),\n',
        '        sa.UniqueConstraint("key", "id", name=op.f("uq_posting_key")),\n',
        ("tests/ledger/test_posting.py::test_a_repeated_business_key_moves_nothing",),
    ),
    Bug(
        "a posting can be reversed twice",
        "migrations/versions/0005_ledger.py",
        '        sa.UniqueConstraint("reverses_id", name=op.f("uq_posting_reverses_id")),\n',
        "",
        ("tests/ledger/test_posting.py::test_a_posting_is_reversed_once_whatever_the_key",),
    ),
    Bug(
        "a line earns again when the event is told again",
        "migrations/versions/0015_rates_and_vesting.py",
        '"order_line_id", "event", name=op.f("uq_accrual_order_line_id_event")',
        '"id", name=op.f("uq_accrual_id")',
        ("tests/settlement/test_commission.py::test_a_line_earns_once_however_often_it_is_told",),
    ),
    Bug(
        "what is taken back is rounded up",
        "settlement/rules.py",
        "    return amount_fen * refunded_fen // paid_fen",
        "    return -(-amount_fen * refunded_fen // paid_fen)",
        ("tests/settlement/test_rules.py::test_a_refund_never_takes_more_than_its_part",),
    ),
    Bug(
        "the business day is the day in Greenwich",
        "wx_backend/clock.py",
        'SHANGHAI = ZoneInfo("Asia/Shanghai")',
        'SHANGHAI = ZoneInfo("Etc/UTC")',
        ("tests/ledger/test_posting.py::test_a_balance_counts_by_the_shanghai_day",),
    ),
    Bug(
        "shares of an amount lose the fen that does not divide",
        "wx_backend/money.py",
        "        shares[i] += 1\n",
        "        shares[i] += 0\n",
        ("tests/wx_backend/test_values.py::test_every_amount_is_shared_out_to_the_last_fen",),
    ),
    Bug(
        "units can be promised to two buyers",
        "migrations/versions/0006_catalogue.py",
        "reserved >= 0 AND reserved <= on_hand",
        "reserved >= 0",
        ("tests/catalog/test_stock.py::test_the_database_itself_refuses_overselling",),
    ),
    Bug(
        "a clock that is off ends the work of a host",
        "wechat/pay/error_codes.py",
        "    Meaning(SIGNATURE_REFUSED, False),",
        "    Meaning(SIGNATURE_REFUSED, True),",
        (
            "tests/flows/trade/test_clocks_apart.py::test_a_refund_by_a_host_whose_clock_is_off_is_made_once_it_is_right",
        ),
    ),
)
