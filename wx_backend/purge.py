"""What is kept for a time only: bodies with openids in them, and jobs that are done."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, delete, func, select, update

from members.models import PhoneCode
from orders.cart import KEPT_FOR
from orders.cart_models import CartLine
from org.address_lock import AddressFailures
from payments.models import PayNotice
from wx_backend.claims import WorkStatus
from wx_backend.db import db, retried
from wx_backend.inbox import Push
from wx_backend.outbox import Job

BODIES_KEPT: Final = timedelta(days=90)
JOBS_KEPT: Final = timedelta(days=30)
CODES_KEPT: Final = timedelta(days=2)
ADDRESSES_KEPT: Final = timedelta(days=1)
BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Expiring:
    """Rows of a table that outlived their time (before an instant), and what becomes of them."""

    name: str
    table: Any
    kept: timedelta
    is_over: Callable[[datetime], ColumnElement[bool]]
    end: Any

    def count(self, now: datetime) -> int:
        """How many rows have outlived their time."""
        query = select(func.count()).where(self.is_over(now - self.kept))
        return db.session.scalar(query.select_from(self.table)) or 0

    def batches(self, now: datetime) -> Iterator[int]:
        """End them batch by batch, each in its own transaction; how many each time."""
        due: Select[Any] = select(self.table.id).where(self.is_over(now - self.kept)).limit(BATCH)
        while done := retried(lambda: self._end(due)):
            yield done

    def _end(self, due: Select[Any]) -> int:
        ids = db.session.scalars(due).all()
        statement = self.end.where(self.table.id.in_(ids))
        db.session.execute(statement.execution_options(synchronize_session=False))
        return len(ids)


def _body_is_over(table: Any) -> Callable[[datetime], ColumnElement[bool]]:
    """Work that is still to be done needs its body."""
    return lambda before: and_(
        table.known_at < before, table.raw.is_not(None), table.status != WorkStatus.PENDING
    )


# A push's reply names the person as its body does; its digest stays.
EXPIRING: Final = (
    Expiring(
        "push bodies",
        Push,
        BODIES_KEPT,
        _body_is_over(Push),
        update(Push).values(raw=None, reply=""),
    ),
    Expiring(
        *("notice bodies", PayNotice, BODIES_KEPT),
        _body_is_over(PayNotice),
        update(PayNotice).values(raw=None),
    ),
    Expiring(
        *("done jobs", Job, JOBS_KEPT),
        lambda before: and_(Job.status == WorkStatus.DONE, Job.done_at < before),
        delete(Job),
    ),
    Expiring(
        *("forgotten carts", CartLine, KEPT_FOR),
        lambda before: CartLine.chosen_at < before,
        delete(CartLine),
    ),
    Expiring(
        *("failures by address", AddressFailures, ADDRESSES_KEPT),
        lambda before: AddressFailures.since < before,
        delete(AddressFailures),
    ),
    Expiring(
        *("phone codes", PhoneCode, CODES_KEPT),
        lambda before: PhoneCode.sent_at < before,
        delete(PhoneCode),
    ),
)


def purge(*, now: datetime) -> int:
    """End everything that outlived its time; how many rows. Every batch is its own transaction."""
    return sum(done for each in EXPIRING for done in each.batches(now))
