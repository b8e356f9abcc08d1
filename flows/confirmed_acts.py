"""What an order itself says of whose customer its buyer is from then on: he was served, he paid.

Both are contacts like any other, but for the order that they are of: about itself it was decided before.
"""

from collections.abc import Iterable
from datetime import datetime
from hashlib import blake2b

from orders.models import OrderLine, SalesOrder
from referral.models import Place, Subject
from referral.operations import Contact, Sharer, Sharing, open_share, record_touch
from referral.proofs import latest_attribution
from referral.queries import share_root_rep, share_touched
from referral.values import Certainty, TouchKind


def own_acts(order_id: int, line_ids: Iterable[int] = ()) -> frozenset[bytes]:
    """The keys of the contacts that an order and its lines are."""
    return frozenset({_serving(order_id), *map(_purchase, line_ids)})


def note_served(order: SalesOrder, *, rep_id: int, now: datetime) -> bool:
    """A customer ordered at this rep's counter, having agreed on his own phone; False for a repeat."""
    share = open_share(
        sharer=Sharer(rep_id=rep_id),
        sharing=Sharing(subject=Subject.SHOWROOM, place=Place.COUNTER),
        now=now,
    )
    return record_touch(
        Contact(
            key=_serving(order.id),
            kind=TouchKind.SERVED,
            certainty=Certainty.STAFF,
            event_at=order.placed_at,
            known_at=now,
            identity_id=order.identity_id,
            share_id=share.id,
        )
    )


def note_purchase(order: SalesOrder, line: OrderLine, now: datetime) -> None:
    """A paid line renews the protection of whoever's share it came by, or who took it at his counter."""
    standing = latest_attribution(line.id)
    share_id = None if standing is None else standing.share_id
    if share_id is None and line.developer_rep_id is not None:
        share_id = _counter_of(order.id, rep_id=line.developer_rep_id)
    if share_id is None:
        return
    record_touch(
        Contact(
            key=_purchase(line.id),
            kind=TouchKind.PAID,
            certainty=Certainty.PLATFORM,
            event_at=(order.paid_at or now).replace(microsecond=0),
            known_at=now,
            identity_id=order.identity_id,
            share_id=share_id,
        )
    )


def _counter_of(order_id: int, *, rep_id: int) -> int | None:
    """What an order came by that was taken at this rep's counter; None for any other order."""
    share_id = share_touched(_serving(order_id))
    return share_id if share_id and share_root_rep(share_id) == rep_id else None


def _serving(order_id: int) -> bytes:
    return blake2b(f"served:{order_id}".encode(), digest_size=16).digest()


def _purchase(line_id: int) -> bytes:
    return blake2b(f"paid:{line_id}".encode(), digest_size=16).digest()
