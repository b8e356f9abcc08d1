"""The inbox of WeChat Pay's notices: stored once, an unfinished row is its own job."""

import hashlib
from datetime import datetime

from payments.models import NoticeKind, PayNotice
from wx_backend import bell, crash
from wx_backend.claims import WorkStatus
from wx_backend.db import upsert
from wx_backend.row_work import RowWork

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


_work = RowWork(PayNotice, "notice", BEFORE_DONE, AFTER_DONE)
claim = _work.claim
run = _work.run
