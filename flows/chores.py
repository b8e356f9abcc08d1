"""What trade needs done every so often; each chore is a transaction of its own and bears repeats."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from catalog.numbers import free_due
from catalog.stock import release_expired
from flows import sweeping
from flows.archive.work import give_up_dead, remove_old
from flows.billing import chase_hand_overs
from flows.billing_files import exchange_files
from flows.bookings import tell_outlets
from flows.campaign.counting import put_right_ended, sum_up_counts
from flows.campaign.mass_ends import settle_held
from flows.campaign.outcomes import settle_unknown
from flows.campaign.running import begin_due, chase
from flows.campaign.stopped import settle_stopped
from flows.digests import tell_digests
from flows.farming.finding import find_farming
from flows.figures.counting import count_waiting
from flows.figures.morning import tell_managers
from flows.fulfilment.upkeep import close_by_itself, escalate_overdue
from flows.imports.taking import expire_unbegun
from flows.late_touches import LOOKED_AT, dispute_late_touches
from flows.menus.pictures import check_daily
from flows.payment.ending import close_expired_orders
from flows.payout.batches import chase_releases
from flows.payout.calls import chase_transfers
from flows.period.closing import chase_closings
from flows.period.proving import prove_daily
from flows.reconcile.fetching import fetch_bills
from flows.refund.calls import chase_refunds
from flows.tags.applying import apply_due
from flows.tags.telling import tell_due
from flows.telling_reps import tell_freed
from ledger.balances import count_postings
from members.consent_books import BATCH as CONSENTS
from members.consent_books import count_consents
from referral.proofs import chain_receipts
from settlement.accruals import vest_due
from settlement.debts import bear_debts
from settlement.periods import open_periods
from wx_backend import clock
from wx_backend.db import retried

ROUNDS = 10
"""How often a chore with a batch goes on at once, before the clock turns to others."""


@dataclass(frozen=True, slots=True)
class Chore:
    """Something to do about `every` so often; `work(now=...)` says how much there was to do.

    With a `batch` it does as much at once, and goes on while it was as much.
    """

    name: str
    every: timedelta
    work: Callable[..., int]
    batch: int | None = None

    def do(self) -> int:
        """Do it now, in one transaction; with a batch in some, one after the other."""
        done = 0
        for _ in range(ROUNDS if self.batch else 1):
            some = retried(partial(self.work, now=clock.now()))
            done += some
            if not self.batch or some < self.batch:
                break
        return done


CHORES = (
    Chore("campaigns.begin_due", timedelta(minutes=1), begin_due),
    Chore("campaigns.chase", timedelta(minutes=1), chase),
    Chore("campaigns.settle_held", timedelta(minutes=5), settle_held),
    Chore("campaigns.settle_stopped", timedelta(minutes=5), settle_stopped),
    Chore("campaigns.sum_up_counts", timedelta(minutes=1), sum_up_counts),
    Chore("campaigns.put_right_ended", timedelta(minutes=10), put_right_ended),
    Chore("orders.close_expired", timedelta(minutes=1), close_expired_orders),
    Chore("bills.fetch", timedelta(minutes=10), fetch_bills),
    Chore("refunds.chase", timedelta(minutes=10), chase_refunds),
    Chore("billing.chase", timedelta(minutes=10), chase_hand_overs),
    Chore("billing.exchange_files", timedelta(minutes=10), exchange_files),
    Chore("receipts.chain", timedelta(minutes=1), chain_receipts),
    Chore("archives.give_up_dead", timedelta(minutes=1), give_up_dead),
    Chore("archives.remove_old", timedelta(hours=1), remove_old),
    Chore("imports.expire_unbegun", timedelta(hours=1), expire_unbegun),
    Chore("attribution.late_touches", timedelta(minutes=1), dispute_late_touches, batch=LOOKED_AT),
    Chore("farming.find", timedelta(hours=1), find_farming),
    Chore("stock.release_expired", timedelta(minutes=1), release_expired),
    Chore("commission.vest_due", timedelta(minutes=10), vest_due),
    Chore("commission.left_debts", timedelta(hours=1), bear_debts),
    Chore("figures.count", timedelta(seconds=5), count_waiting),
    Chore("consents.count", timedelta(seconds=5), count_consents, batch=CONSENTS),
    Chore("balances.count", timedelta(seconds=5), count_postings),
    Chore("figures.tell_managers", timedelta(minutes=5), tell_managers),
    Chore("fulfilment.escalate", timedelta(minutes=5), escalate_overdue),
    Chore("fulfilment.close_by_itself", timedelta(minutes=10), close_by_itself),
    Chore("commission.tell_freed", timedelta(minutes=1), tell_freed),
    Chore("messages.settle_unknown", timedelta(minutes=5), settle_unknown),
    Chore("bookings.tell_outlets", timedelta(minutes=5), tell_outlets),
    Chore("digests.tell", timedelta(minutes=1), tell_digests),
    Chore("periods.open", timedelta(hours=1), open_periods),
    Chore("periods.chase", timedelta(minutes=10), chase_closings),
    Chore("periods.prove", timedelta(hours=1), prove_daily),
    Chore("payouts.chase_releases", timedelta(minutes=10), chase_releases),
    Chore("payouts.chase_transfers", timedelta(minutes=10), chase_transfers),
    Chore("tags.apply_due", timedelta(minutes=5), apply_due),
    Chore("pictures.sweep", sweeping.EVERY, sweeping.sweep_pictures),
    Chore("tags.tell_due", timedelta(minutes=1), tell_due),
    Chore("replies.check_pictures", timedelta(hours=1), check_daily),
    Chore("numbers.free_due", timedelta(minutes=1), free_due),
)
