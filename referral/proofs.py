"""Attributions and their receipts: written once, chained, read again with today's names."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from referral.models import Attribution, PolicyVersion, Receipt
from referral.policy import Policy
from referral.queries import Met, Step, policy_at, share_paths
from referral.receipt import GENESIS, bare, explain, receipt_digest
from referral.values import (
    CONFIRMED,
    Certainty,
    Decision,
    Hop,
    OrderFacts,
    Role,
    Touch,
    TouchKind,
    last_employee,
)
from wx_backend.clock import business_on
from wx_backend.db import db
from wx_backend.numbers import RECEIPT, new_number
from wx_backend.strict import dumps

CHAINED_AT_ONCE = 500
READ_AT_ONCE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything one line is decided from."""

    order_line_id: int
    touches: Sequence[Touch]
    facts: OrderFacts
    policy: Policy


def policy_in_force(now: datetime) -> Policy:
    """The policy version for orders placed now."""
    return _policy(policy_at(now))


def policy_version(version: int) -> Policy:
    """A version by its number: a line keeps the one it was placed under."""
    return _policy(db.session.get_one(PolicyVersion, version))


def _policy(row: PolicyVersion) -> Policy:
    return Policy.from_mapping({**row.settings, "version": row.version})


def as_values(rows: Sequence[Met]) -> list[Touch]:
    """Touches as the rules take them, each with the path of its share."""
    paths = share_paths(row.share_id for row in rows if row.share_id is not None)
    return [_value(row, paths) for row in rows]


def _value(row: Met, paths: Mapping[int, list[Step]]) -> Touch:
    shares = paths[row.share_id] if row.share_id is not None else []
    path = tuple(_hop(share) for share in shares)
    root_rep_id = last_employee(path)
    kind = TouchKind(row.kind)
    return Touch(
        id=row.id,
        key=row.key,
        kind=kind,
        certainty=Certainty(row.certainty),
        event_at=row.event_at,
        known_at=row.known_at,
        root_rep_id=root_rep_id,
        is_confirmed_act=kind in CONFIRMED and root_rep_id is not None,
        is_push=bool(shares) and shares[-1].is_push,
        outlet_id=next((share.outlet_id for share in reversed(shares) if share.outlet_id), None),
        code_id=row.code_id,
        share_id=row.share_id,
        path=path,
    )


def _hop(share: Step) -> Hop:
    return Hop(share_id=share.id, rep_id=share.rep_id, place=share.place)


def write_attribution(case: Case, decision: Decision, *, now: datetime) -> Attribution:
    """The next version of a line's attribution, with its receipt."""
    version = db.session.scalar(
        select(func.count()).where(Attribution.order_line_id == case.order_line_id)
    )
    touch = next((t for t in case.touches if t.id == decision.winning_touch_id), None)
    attribution = Attribution(
        order_line_id=case.order_line_id,
        version=(version or 0) + 1,
        developer_rep_id=decision.developer_rep_id,
        acceptor_rep_id=decision.acceptor_rep_id,
        developer_bp=decision.share_bp(Role.DEVELOPER),
        acceptor_bp=decision.share_bp(Role.ACCEPTOR),
        outlet_id=decision.outlet_id,
        touch_id=touch.id if touch else None,
        share_id=touch.share_id if touch else None,
        policy_version=decision.policy_version,
        reason=decision.reason,
        decided_at=now,
    )
    db.session.add(attribution)
    db.session.flush()
    body = bare(explain(decision, case.touches, case.facts, case.policy))
    db.session.add(
        Receipt(
            number=new_number(RECEIPT, on=business_on(now)),
            attribution_id=attribution.id,
            body=dumps(body).decode(),
            created_at=now,
        )
    )
    return attribution


def latest_attribution(order_line_id: int) -> Attribution | None:
    """The version of a line's attribution that stands."""
    return db.session.scalars(
        select(Attribution)
        .where(Attribution.order_line_id == order_line_id)
        .order_by(Attribution.version.desc())
        .limit(1)
    ).one_or_none()


def receipt_of(attribution_id: int) -> Receipt:
    """The proof of one attribution."""
    return db.session.scalars(select(Receipt).where(Receipt.attribution_id == attribution_id)).one()


def receipt_of_line(order_line_id: int) -> Receipt:
    """The proof of the version of a line's attribution that stands."""
    return db.session.scalars(
        select(Receipt)
        .join(Attribution, Attribution.id == Receipt.attribution_id)
        .where(Attribution.order_line_id == order_line_id)
        .order_by(Attribution.version.desc())
        .limit(1)
    ).one()


def standing_receipts(order_line_ids: Sequence[int]) -> Iterator[tuple[str, str]]:
    """Number and body of the receipt that stands for each of these lines, some at a time; in their order."""
    for start in range(0, len(order_line_ids), READ_AT_ONCE):
        part = order_line_ids[start : start + READ_AT_ONCE]
        newest = (
            select(func.max(Attribution.id))
            .where(Attribution.order_line_id.in_(part))
            .group_by(Attribution.order_line_id)
        )
        found = {
            line_id: (number, body)
            for line_id, number, body in db.session.execute(
                select(Attribution.order_line_id, Receipt.number, Receipt.body)
                .join(Receipt, Receipt.attribution_id == Attribution.id)
                .where(Attribution.id.in_(newest))
            )
        }
        yield from (found[line_id] for line_id in part if line_id in found)


def receipt_numbers(order_line_ids: Iterable[int]) -> dict[int, str]:
    """The numbers of the proofs that stand, by order line; lines without one are missing."""
    newest = (
        select(func.max(Attribution.id))
        .where(Attribution.order_line_id.in_(set(order_line_ids)))
        .group_by(Attribution.order_line_id)
    )
    rows = db.session.execute(
        select(Attribution.order_line_id, Receipt.number)
        .join(Receipt, Receipt.attribution_id == Attribution.id)
        .where(Attribution.id.in_(newest))
    )
    return {line_id: number for line_id, number in rows}  # noqa: C416 - rows are no pairs to dict()


def chain_receipts(*, now: datetime) -> int:  # noqa: ARG001 - called like every chore
    """Chain the receipts that came in since the last time; how many.

    Only the leading clock calls this. Each digest covers its receipt's body and the digest
    before, so that none can be changed, left out or put in later.
    """
    last = db.session.execute(
        select(Receipt.position, Receipt.digest)
        .where(Receipt.position.is_not(None))
        .order_by(Receipt.position.desc())
        .limit(1)
    ).one_or_none()
    position, previous = 0, GENESIS
    if last is not None and last.position is not None and last.digest is not None:
        position, previous = last.position, last.digest
    unchained = db.session.scalars(
        select(Receipt)
        .where(Receipt.position.is_(None))
        .order_by(Receipt.id)
        .limit(CHAINED_AT_ONCE)
    ).all()
    for receipt in unchained:
        position += 1
        receipt.position = position
        previous = receipt.digest = receipt_digest(json.loads(receipt.body), previous)
    return len(unchained)


def broken_link() -> int | None:
    """The id of the first receipt that does not fit the chain; None when all of it holds."""
    previous = GENESIS
    rows = db.session.execute(
        select(Receipt.id, Receipt.body, Receipt.digest)
        .where(Receipt.position.is_not(None))
        .order_by(Receipt.position)
    )
    for receipt_id, body, digest in rows:
        if receipt_digest(json.loads(body), previous) != digest:
            return int(receipt_id)
        previous = digest
    return None
