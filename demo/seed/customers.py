"""The demo's customers: two hundred members who once followed by a rep's code."""

from datetime import datetime, timedelta
from hashlib import blake2b

from flows.sealed import vault
from members.joining import join_member
from members.operations import follow
from members.phone_joining import prove_phone
from referral.models import Place, Subject
from referral.operations import Contact, Sharer, Sharing, open_share, record_touch
from referral.values import Certainty, TouchKind

CUSTOMERS = 200
FOLLOWED_WITHIN = timedelta(days=20)


def build(*, appid: str, rep_ids: tuple[int, ...], now: datetime) -> int:
    """Make the customers, spread over the reps and the last twenty days; how many."""
    shares = [
        open_share(
            sharer=Sharer(rep_id=rep_id),
            sharing=Sharing(subject=Subject.SHOWROOM, place=Place.POSTER),
            now=now - FOLLOWED_WITHIN,
        ).id
        for rep_id in rep_ids
    ]
    for number in range(CUSTOMERS):
        at = (now - FOLLOWED_WITHIN * (number + 1) / CUSTOMERS).replace(microsecond=0)
        _customer(appid, number, shares[number % len(shares)], at)
    return CUSTOMERS


def _customer(appid: str, number: int, share_id: int, at: datetime) -> None:
    key = blake2b(f"demo customer {number}".encode(), digest_size=16).digest()
    openid = f"oDemo{number:023d}"
    identity_id = follow(key=key, appid=appid, openid=openid, event_at=at, known_at=at)
    record_touch(
        Contact(
            key=key,
            kind=TouchKind.SUBSCRIBE,
            certainty=Certainty.PLATFORM,
            event_at=at,
            known_at=at,
            identity_id=identity_id,
            share_id=share_id,
        )
    )
    member_id = join_member(identity_id=identity_id, now=at)
    prove_phone(member_id=member_id, phone=f"139{number:08d}", vault=vault(), now=at)
