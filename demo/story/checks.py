"""What must hold whatever happened: the catalogue's invariants by number, one function per fact."""

from collections.abc import Mapping
from typing import Final

from demo.story import (
    books,
    contacts,
    credit,
    desks,
    ending,
    histories,
    kept,
    privacy,
    served,
    shelves,
    sums,
)
from demo.story.frame import Chapter

INVARIANTS: Final[Mapping[int, tuple[Chapter, ...]]] = {
    1: (books.books_balance, sums.currencies_balance),
    2: (sums.stored_sums_are_right, sums.floors_hold),
    4: (books.money_agrees, books.orders_settled_once, histories.no_payment_is_unassigned),
    5: (histories.sales_agree_with_wechat_pay,),
    6: (sums.refunds_stay_within_payments,),
    7: (
        sums.commission_follows_from_its_rate,
        sums.take_backs_follow_from_refunds,
        books.refunds_take_back,
    ),
    8: (sums.shares_add_up,),
    9: (books.payouts_agree, sums.payouts_are_booked_once),
    10: (sums.two_people_agree_to_payouts,),
    11: (ending.clearing,),
    13: (histories.histories_are_paths,),
    14: (histories.closed_orders_keep_no_money,),
    15: (histories.moves_name_actor_and_cause,),
    16: (
        credit.lines_have_one_winner,
        credit.commission_follows_credit,
        books.receipts_hold,
        contacts.receipts_list_every_contact,
    ),
    17: (credit.attributions_are_proven_and_in_time, credit.lines_keep_their_policy),
    18: (kept.messages_once,),
    21: (kept.promises_kept, kept.pushes_stored, kept.nothing_open),
    22: (kept.touches_are_scans, kept.billing_once, credit.pushes_act_once),
    23: (books.stock_conserved, shelves.stock_was_never_negative, shelves.promises_end_once),
    24: (histories.coupons_are_the_platforms,),
    25: (shelves.numbers_are_one_persons,),
    26: (desks.staff_see_their_orders_alone,),
    27: (
        privacy.secrets_stay_secret,
        privacy.people_stay_out_of_the_logs,
        privacy.what_people_type_is_sealed,
        served.strangers_are_told_no_secret,
        served.files_of_a_part_name_no_customer,
    ),
    28: (privacy.sealed_values_open,),
}
# What needs more than a look at the end; 18 of campaigns is compared there as well.
ELSEWHERE: Final[Mapping[int, str]] = {
    3: "demo.chaos.notary:Notary.rows_stay_as_they_were",
    12: "demo.chaos.morning:Morning.bills_agree",
    19: "demo.chaos.letters:Letters.whoever_got_nothing_is_listed",
    20: "demo.chaos.letters:Letters.the_campaign_ended_by_itself",
    29: "demo.chaos.run:_heal",
    30: "demo.chaos.run:_expect_enough",
}
CHECKS: Final[tuple[Chapter, ...]] = tuple(
    check for checks in INVARIANTS.values() for check in checks
)
