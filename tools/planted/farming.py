"""Planted bugs of farming: honest people flagged, the same thing twice, a hold that holds nothing."""

from tools.planted.bug import Bug

CONSOLE, PAYOUTS = "tests/console/test_farming.py", "tests/payouts/test_farming.py"

BUGS = (
    Bug(
        name="farming: one person who scans all day is many",
        path="referral/farming/rules.py",
        right="        first.setdefault(row.who, row)\n",
        wrong="        first[row.row_id] = row\n",
        caught_by=(f"{CONSOLE}::test_people_we_know_and_one_who_scans_all_day_are_none",),
    ),
    Bug(
        name="farming: people who were known before are newcomers",
        path="referral/farming/contacts.py",
        right="            later(Identity.created_at, STILL_NEW) >= Touch.event_at,\n",
        wrong="",
        caught_by=(f"{CONSOLE}::test_people_we_know_and_one_who_scans_all_day_are_none",),
    ),
    Bug(
        name="farming: a whole day is one burst",
        path="referral/farming/rules.py",
        right="        while row.at - ordered[first].at > within:\n            first += 1\n",
        wrong="",
        caught_by=(f"{CONSOLE}::test_a_good_day_of_sales_is_none",),
    ),
    Bug(
        name="farming: what was found harmless is flagged again",
        path="flows/farming/finding.py",
        right="if row.name not in harmless]",
        wrong="if harmless is not None]",
        caught_by=(
            f"{CONSOLE}::test_a_flag_takes_in_what_comes_later_until_somebody_finds_it_harmless",
        ),
    ),
    Bug(
        name="farming: whoever looked at an old page decides over the last one",
        path="referral/farming/operations.py",
        right="flag is None or flag.verdict != decision.was",
        wrong="flag is None",
        caught_by=(f"{CONSOLE}::test_of_many_at_one_moment_one_decides",),
    ),
    Bug(
        name="farming: a transfer of who is looked into is asked for",
        path="flows/payout/receivers.py",
        right="return is_held(receiver) or (is_rep and is_looked_into(receiver.owner_id))",
        wrong="return is_held(receiver)",
        caught_by=(f"{PAYOUTS}::test_a_transfer_that_was_released_waits_and_goes_once",),
    ),
)
