"""The one-time code a packed order is handed out for: made, shown, tried, used once."""

import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import select, update

from fulfilment.models import PickupCode, PickupGuard
from members.vault import Vault
from wx_backend.db import db, locked, upsert

DIGITS: Final = 8
TRIES_MAX: Final = 10
TRIES_WITHIN: Final = timedelta(minutes=15)
_MAKE_TRIES: Final = 5


class PickupOutcome(StrEnum):
    """What came of trying a code. A refusal is a value, so that the try stays counted."""

    RIGHT = "right"
    WRONG = "wrong"
    EXHAUSTED = "exhausted"


def make_pickup_code(*, order_id: int, outlet_id: int, vault: Vault, now: datetime) -> str:
    """The code an order is fetched with at an outlet; the one that is open, else a new one.

    A code for another outlet, which the order has left, ends.
    """
    found = open_code(order_id)
    if found is not None and found.outlet_id == outlet_id:
        return shown_code(found, vault)
    end_code(order_id, now=now)
    for _ in range(_MAKE_TRIES):
        digits = "".join(secrets.choice("0123456789") for _ in range(DIGITS))
        digest = _digest(vault, outlet_id, digits)
        if _holder(outlet_id, digest) is None:
            break
    db.session.add(
        PickupCode(
            order_id=order_id,
            outlet_id=outlet_id,
            digest=digest,
            sealed=vault.seal(digits, place=pickup_place(order_id)),
            created_at=now,
        )
    )
    db.session.flush()
    return digits


def open_code(order_id: int) -> PickupCode | None:
    """The code of an order that can be used now."""
    return db.session.scalars(
        select(PickupCode).where(PickupCode.order_id == order_id, PickupCode.ended_at.is_(None))
    ).one_or_none()


def shown_code(code: PickupCode, vault: Vault) -> str:
    """The digits of a code, for its customer's eyes."""
    return vault.open(code.sealed, place=pickup_place(code.order_id))


def end_code(order_id: int, *, now: datetime) -> None:
    """An order's open code stops working."""
    db.session.execute(
        update(PickupCode)
        .where(PickupCode.order_id == order_id, PickupCode.ended_at.is_(None))
        .values(ended_at=now)
        .execution_options(synchronize_session="fetch")
    )


def order_of_code(*, outlet_id: int, digits: str, vault: Vault) -> int | None:
    """The order a code would fetch at this outlet: whom to lock before trying it."""
    found = _holder(outlet_id, _digest(vault, outlet_id, digits))
    return found.order_id if found is not None else None


def try_code(
    *, outlet_id: int, digits: str, actor: str, vault: Vault, now: datetime
) -> PickupOutcome:
    """Use a code at an outlet: right once, for whoever comes first.

    Wrong codes count for the whole outlet, ten in a quarter of an hour; then nothing is tried
    any more. Commit whatever the outcome.
    """
    guard = _guard(outlet_id, now)
    if guard.failed >= TRIES_MAX:
        return PickupOutcome.EXHAUSTED
    used = db.session.execute(
        update(PickupCode)
        .where(
            PickupCode.outlet_id == outlet_id,
            PickupCode.digest == _digest(vault, outlet_id, digits),
            PickupCode.ended_at.is_(None),
        )
        .values(used_at=now, used_by=actor, ended_at=now)
        .execution_options(synchronize_session="fetch")
    )
    if used.rowcount:  # type: ignore[attr-defined]  # a CursorResult
        return PickupOutcome.RIGHT
    guard.failed += 1
    return PickupOutcome.WRONG


def look_at_code(
    *, outlet_id: int, digits: str, vault: Vault, now: datetime
) -> tuple[PickupOutcome, int | None]:
    """What a code would fetch, without using it: the outcome and the order.

    A wrong one counts like a wrong try, or looking would be a way to guess. Commit whatever the
    outcome.
    """
    guard = _guard(outlet_id, now)
    if guard.failed >= TRIES_MAX:
        return PickupOutcome.EXHAUSTED, None
    found = _holder(outlet_id, _digest(vault, outlet_id, digits))
    if found is not None:
        return PickupOutcome.RIGHT, found.order_id
    guard.failed += 1
    return PickupOutcome.WRONG, None


def order_just_fetched(
    *, outlet_id: int, digits: str, actor: str, vault: Vault, since: datetime
) -> int | None:
    """The order that `actor` himself handed out for this code a moment ago."""
    return db.session.scalar(
        select(PickupCode.order_id).where(
            PickupCode.outlet_id == outlet_id,
            PickupCode.digest == _digest(vault, outlet_id, digits),
            PickupCode.used_by == actor,
            PickupCode.used_at >= since,
        )
    )


def _guard(outlet_id: int, now: datetime) -> PickupGuard:
    """The outlet's count of wrong codes, locked; it begins anew a quarter of an hour later."""
    upsert(PickupGuard, {"outlet_id": outlet_id, "failed": 0, "since": now}, key=("outlet_id",))
    guard = locked(select(PickupGuard).where(PickupGuard.outlet_id == outlet_id))
    assert guard is not None  # noqa: S101 - made above at the latest
    if guard.since <= now - TRIES_WITHIN:
        guard.failed, guard.since = 0, now
    return guard


def _holder(outlet_id: int, digest: bytes) -> PickupCode | None:
    return db.session.scalars(
        select(PickupCode).where(
            PickupCode.outlet_id == outlet_id,
            PickupCode.digest == digest,
            PickupCode.ended_at.is_(None),
        )
    ).one_or_none()


def _digest(vault: Vault, outlet_id: int, digits: str) -> bytes:
    plain = "".join(filter(str.isdigit, digits))[:DIGITS]
    return vault.index(f"pickup:{outlet_id}:{plain}")


def pickup_place(order_id: int) -> str:
    """The place an order's code is sealed for."""
    return f"pickup_code.order:{order_id}"
