"""Running a bill through reading and comparing as the worker does, without the network."""

import hashlib
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import select

from flows.reconcile import archive
from flows.reconcile.comparing import compare_day
from flows.reconcile.fetching import read_bill
from reconciliation.bills import Fetched, WhichBill, bill_of, note_fetched
from reconciliation.models import Difference
from tests.reconciliation.crowd import MCHID
from wechat.pay.bills import BillKind
from wx_backend import clock
from wx_backend.db import db, transaction
from wx_backend.outbox import Steps


def drive(steps: Steps) -> None:
    """Do the parts of a remote job in transactions of their own, its calls with none open."""
    answer: Any = None
    while True:
        with transaction():
            try:
                call = steps.send(answer)
            except StopIteration:
                return
        answer = call()


def take(on: date, kind: BillKind, file: Path) -> None:
    """A bill has come: kept and read."""
    packed = file.read_bytes()
    fetched = Fetched(
        hashlib.sha1(packed, usedforsecurity=False).hexdigest(), archive.keep(packed), 0
    )
    which = WhichBill(MCHID, on, kind)
    with transaction():
        note_fetched(which=which, fetched=fetched, now=clock.now())
        bill = bill_of(which)
        assert bill is not None
        bill_id = bill.id
    drive(read_bill(bill_id, kind, fetched.sha256))


def compare(on: date) -> None:
    """The day is compared."""
    drive(compare_day(day=on.isoformat()))


def found(on: date) -> dict[str, str]:
    """The kind of each open difference of a day by its subject."""
    db.session.rollback()
    rows = db.session.execute(
        select(Difference.subject, Difference.kind).where(
            Difference.business_on == on, Difference.status == "open"
        )
    )
    return {subject: kind for subject, kind in rows}  # noqa: C416 - rows are no pairs to dict()
