"""Planted bugs in who gets what and when: rates, parts, months, pay-outs, bills."""

from tools.planted.bug import Bug

BUGS = (
    Bug(
        "the amounts on the bill are not compared",
        "reconciliation/rules.py",
        "    if row.amount_fen != here.amount_fen or row.currency not in",
        "    if row.currency not in",
        (
            "tests/flows/reconcile/test_days.py::test_every_planted_difference_is_found_under_its_name",
        ),
    ),
    Bug(
        "an old mall's money on the same account is missing here",
        "flows/reconcile/legs.py",
        "        elif there and day.is_foreign(there[0]):\n",
        "        elif False:\n",
        (
            "tests/flows/reconcile/test_days.py::test_every_planted_difference_is_found_under_its_name",
        ),
    ),
    Bug(
        "a bill is believed without its digest",
        "wechat/pay/bills.py",
        "    if digest.hexdigest() != promised:\n",
        "    if not digest.hexdigest():\n",
        ("tests/wechat/pay/test_bills.py::test_a_file_that_is_not_the_promised_one_is_refused",),
    ),
    Bug(
        "a month is closed although the books do not balance",
        "flows/period/checks.py",
        "    return Finding(is_even and not odd and not wrong, ",
        "    return Finding(is_even or not odd or not wrong, ",
        ("tests/periods/test_closing.py::test_books_that_do_not_balance_hold_the_month_up",),
    ),
    Bug(
        "a balance forgets what waits to be counted",
        "ledger/balances.py",
        "counted + func.coalesce(waiting, 0)",
        "counted",
        (
            "tests/ledger/test_balances.py::test_who_dies_while_counting_has_counted_nothing",
            "tests/ledger/test_machine.py::test_the_ledger_agrees_with_its_model",
        ),
    ),
    Bug(
        "the ranking counts orders that were given back",
        "insights/reps.py",
        "else_=-count",
        "else_=0 * count",
        ("tests/insights/test_reps.py::test_days_months_and_all_time_are_the_plain_count",),
    ),
    Bug(
        "a closed month takes a posting",
        "migrations/versions/0016_statements_and_payouts.py",
        "    SELECT 1 FROM accounting_period\n"
        "    WHERE status <> 'open' AND NEW.business_on BETWEEN first_on AND last_on\n)\nBEGIN",
        "    SELECT 1 FROM accounting_period\n"
        "    WHERE status = 'closing' AND NEW.business_on BETWEEN first_on AND last_on\n)\nBEGIN",
        ("tests/periods/test_closing.py::test_a_month_that_is_shut_takes_no_posting",),
    ),
    Bug(
        "a statement's digest does not cover the one before",
        "settlement/statements/content.py",
        "sha256(dumps(as_json(content)) + previous)",
        "sha256(dumps(as_json(content)))",
        (
            "tests/periods/test_statements.py::test_whoever_holds_the_content_can_check_the_digest_himself",
        ),
    ),
    Bug(
        "who proposed a pay-out may approve it",
        "migrations/versions/0070_proposals_taken_back.py",
        "TWO_OR_WITHDRAWN = \"(decided_by = proposed_by) = (status = 'withdrawn')\"",
        "TWO_OR_WITHDRAWN = \"decided_by <> ''\"",
        ("tests/payouts/test_batches.py::test_the_proposer_cannot_agree",),
    ),
    Bug(
        "who asked for a large refund may agree to it",
        "payments/proposals.py",
        "    if row.proposed_by == actor:\n        raise SecondPersonNeeded\n",
        "",
        ("tests/console/test_refunds.py::test_a_large_refund_waits_for_a_second_person",),
    ),
    Bug(
        "a proposal that was refused can still be approved",
        "settlement/changes/operations.py",
        "    if proposal.status != ProposalStatus.PROPOSED:\n        raise AlreadyDecided\n",
        "",
        ("tests/console/test_rates.py::test_a_proposal_is_decided_once",),
    ),
    Bug(
        "a rate approved late holds for what is sold already",
        "settlement/changes/operations.py",
        "max(proposal.valid_from, business_on(now) + timedelta(days=1))",
        "proposal.valid_from",
        ("tests/settlement/test_changes.py::test_a_rate_approved_late_holds_from_the_next_day",),
    ),
    Bug(
        "a transfer without an answer is paid again under a new number",
        "flows/payout/calls.py",
        "        record_unknown(payout_id=payout_id)\n",
        '        give_up(payout_id=payout_id, mchid=_mchid(), why="", now=clock.now())\n',
        (
            "tests/payouts/test_transfers.py::test_a_lost_answer_is_queried_not_repeated",
            "tests/payouts/test_transfers.py::test_a_lost_request_is_sent_again_word_for_word",
        ),
    ),
    Bug(
        "a transfer asked for again says something else",
        "settlement/payouts/transfers.py",
        "    if payout.identity_id is None:\n",
        "    if payout.identity_id is None or words:\n",
        ("tests/payouts/test_transfers.py::test_a_lost_request_is_sent_again_word_for_word",),
    ),
    Bug(
        "money that was taken back meanwhile is paid out",
        "settlement/payouts/release.py",
        "books.free_of(receiver) < sum(payout.gross_fen for payout in payouts):\n",
        "not payouts:\n",
        ("tests/payouts/test_batches.py::test_money_taken_back_meanwhile_is_not_paid",),
    ),
    Bug(
        "some parts of a payment leave although the whole is not there",
        "settlement/payouts/release.py",
        "< sum(payout.gross_fen for payout in payouts):\n",
        "< min((payout.gross_fen for payout in payouts), default=0):\n",
        ("tests/payouts/test_parts.py::test_all_parts_leave_or_none",),
    ),
    Bug(
        "a payment in parts loses its last fen",
        "settlement/payouts/rules.py",
        "        split(fen, [1] * parts) for fen in",
        "        [fen // parts] * parts for fen in",
        (
            "tests/payouts/test_parts.py::test_parts_are_within_the_limit_and_come_to_the_whole",
            "tests/payouts/test_parts.py::test_each_part_is_asked_for_and_arrives_by_itself",
        ),
    ),
    Bug(
        "what a disabled rep has earned is set free",
        "settlement/queries.py",
        "        Commission.accrual_id == accrual_id, is_due(now), ~is_disabled()\n",
        "        Commission.accrual_id == accrual_id, is_due(now)\n",
        (
            "tests/settlement/test_milestones.py::test_a_disabled_reps_money_waits_until_he_is_enabled",
        ),
    ),
    Bug(
        "a line given to another rep is given again to whoever has it",
        "settlement/reassigning.py",
        "            if part.role == ShareRole.DEVELOPER and part.rep_id == from_rep_id\n",
        "            if part.role == ShareRole.DEVELOPER\n",
        (
            "tests/settlement/test_reassigning.py::test_what_is_held_is_held_for_the_other_and_given_once",
        ),
    ),
    Bug(
        "a line across a tier forgets what was sold before",
        "settlement/rules.py",
        "        return _of_volume(rate, after) - _of_volume(rate, volume_before)",
        "        return _of_volume(rate, after - volume_before)",
        (
            "tests/settlement/test_cascade.py::test_a_line_across_a_tier_has_each_piece_at_its_own_rate",
            "tests/settlement/test_volumes.py::test_from_the_third_piece_of_the_month_on_a_rep_earns_more",
        ),
    ),
    Bug(
        "those above are paid their whole rate on top",
        "settlement/rules.py",
        "        parts_.append(max(0, amount_fen - highest))\n",
        "        parts_.append(amount_fen)\n",
        (
            "tests/settlement/test_cascade.py::test_differences_add_up_to_the_highest",
            "tests/settlement/test_cascade.py::test_each_tier_gets_what_its_rate_is_above_those_below",
        ),
    ),
    Bug(
        "a refund takes back at the rate of today",
        "settlement/following.py",
        "fate.lost_of(part.amount_fen, ",
        "fate.lost_of((queries.db.session.scalars(queries.select(queries.RateRule.rate_bp)"
        ".order_by(queries.RateRule.id.desc())).first() or 0) * accrual.paid_fen // 10_000, ",
        (
            "tests/settlement/test_refunds.py::test_the_original_rate_counts_whatever_the_rate_is_now",
        ),
    ),
)
