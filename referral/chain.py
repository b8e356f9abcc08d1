"""Where a receipt stands in the chain of all receipts, and whether it still fits there."""

import json
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select

from referral.models import Attribution, Receipt
from referral.receipt import GENESIS, receipt_digest
from wx_backend.db import db


@dataclass(frozen=True, slots=True)
class ChainPlace:
    """A receipt's place: its digest, the one before, and whether both belong together."""

    position: int
    digest: bytes
    previous: bytes
    holds: bool


def chain_place(receipt: Receipt) -> ChainPlace | None:
    """The place of a receipt; None while the clock process has not chained it yet."""
    if receipt.position is None or receipt.digest is None:
        return None
    previous = db.session.scalar(
        select(Receipt.digest).where(Receipt.position == receipt.position - 1)
    )
    if previous is None and receipt.position == 1:
        previous = GENESIS
    holds = previous is not None and (
        receipt_digest(json.loads(receipt.body), previous) == receipt.digest
    )
    return ChainPlace(receipt.position, receipt.digest, previous or b"", holds)


def attribution_of(receipt: Receipt) -> Attribution:
    """The decision a receipt proves."""
    return db.session.get_one(Attribution, receipt.attribution_id)


def versions_of_lines(
    order_line_ids: Collection[int],
) -> dict[int, list[tuple[Attribution, Receipt]]]:
    """Every decision about these lines with its receipt, by line, the newest first: that one stands."""
    rows = db.session.execute(
        select(Attribution, Receipt)
        .join(Receipt, Receipt.attribution_id == Attribution.id)
        .where(Attribution.order_line_id.in_(order_line_ids))
        .order_by(Attribution.version.desc())
    )
    found: dict[int, list[tuple[Attribution, Receipt]]] = {}
    for attribution, receipt in rows:
        found.setdefault(attribution.order_line_id, []).append((attribution, receipt))
    return found
