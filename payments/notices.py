"""The inbox of WeChat Pay's notices: stored once, an unfinished row is its own job."""

import hashlib
import logging
from collections.abc import Callable
from datetime import datetime

from payments.models import NoticeKind, PayNotice
from wx_backend import bell, claims, clock, crash
from wx_backend.claims import Claim, LostClaim, WorkStatus
from wx_backend.db import db, retried, transaction, upsert
from wx_backend.errors import AppError

log = logging.getLogger(__name__)

BEFORE_DONE = crash.point("notice.before_done")
AFTER_DONE = crash.point("notice.after_done")


def receive_notice(*, notice_id: str, kind: NoticeKind, raw: str, now: datetime) -> bool:
    """Store one verified, decrypted notice; False when it was stored before.

    `raw` is the plaintext JSON. The platform keeps the notice id through all its retries.
    """
    values = {
        "key": hashlib.blake2s(notice_id.encode(), digest_size=16).digest(),
        "kind": kind,
        "raw": raw,
        "known_at": now,
        "status": WorkStatus.PENDING,
        "attempts": 0,
        "due_at": now,
    }
    stored = upsert(PayNotice, values, key=("key",))
    if stored:
        bell.ring_after_commit("work")
    return stored


def claim(*, limit: int) -> list[Claim]:
    """Take due notices for the length of a lease."""
    now = clock.now()
    return retried(lambda: claims.claim(PayNotice, limit=limit, now=now))


def run(held: Claim, work: Callable[[PayNotice], None]) -> bool:
    """Do the work of one claimed notice and its completion in one transaction."""

    def once() -> None:
        work(db.session.get_one(PayNotice, held.id))
        crash.here(BEFORE_DONE)
        claims.finish(PayNotice, held, now=clock.now())

    try:
        retried(once)
    except LostClaim:
        log.warning("claim lost", extra={"notice_id": held.id})
        return False
    except Exception as error:  # noqa: BLE001 - an edge: the failure becomes the row's outcome
        _record_failure(held, error)
        return False
    crash.here(AFTER_DONE)
    return True


def _record_failure(held: Claim, error: Exception) -> None:
    expected = isinstance(error, AppError)
    log.log(
        logging.WARNING if expected else logging.ERROR,
        "notice failed",
        extra={"notice_id": held.id, "attempt": held.attempt, "error": repr(error)},
        exc_info=None if expected else error,
    )
    try:
        with transaction():
            claims.fail(PayNotice, held, error=repr(error), permanent=False, now=clock.now())
    except LostClaim:
        log.warning("claim lost", extra={"notice_id": held.id})
