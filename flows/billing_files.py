"""The night's exchange with billing: what was sold goes out as a file, what it says comes in."""

import logging
from collections import Counter
from datetime import date, datetime, time, timedelta
from functools import partial
from hashlib import blake2s

from billing.client import NotAuthentic
from billing.files import Acknowledged, Exchange, acknowledged, content_of
from billing.values import Accepted
from flows.billing import content_for_billing, take_receipt, take_refusal
from orders.billing_files import (
    count_decisions,
    file_of_day,
    mark_written,
    open_file,
    take_acknowledgement,
)
from orders.hand_overs import hand_overs_of_day
from payments.exceptions import open_exception
from payments.models import ExceptionKind
from wx_backend import clock, platform
from wx_backend.clock import SHANGHAI, business_on
from wx_backend.errors import NotFound
from wx_backend.outbox import Steps, defer, remote_job
from wx_backend.strict import Malformed

log = logging.getLogger(__name__)


def exchange_files(*, now: datetime) -> int:
    """Have yesterday's file written, from its hour on, and acknowledgements looked for.

    How many files that makes; none without a folder to exchange files in.
    """
    settings = platform.config().billing
    if settings is None or settings.exchange_dir is None:
        return 0
    defer(look_for_acknowledgements, key=f"{now:%Y%m%d%H%M}")
    if now.astimezone(SHANGHAI).hour < settings.file_hour:
        return 0
    yesterday = business_on(now) - timedelta(days=1)
    since = datetime.combine(yesterday, time(), SHANGHAI)
    orders = hand_overs_of_day(since=since, until=since + timedelta(days=1))
    name = f"{_prefix()}{yesterday:%Y%m%d}.csv"
    if not open_file(day=yesterday, name=name, order_ids=orders, now=now):
        return 0
    defer(write_file, key=yesterday.isoformat(), day=yesterday.isoformat())
    return 1


@remote_job("billing.write_file")
def write_file(*, day: str) -> Steps:
    """Leave the file of a day; written again after a crash it says the same."""
    on, now = date.fromisoformat(day), clock.now()
    file = file_of_day(on)
    assert file is not None  # noqa: S101 - deferred when it was opened
    contents = [content_for_billing(order_id, now=now) for order_id in file.order_ids]
    raw = content_of([each for each in contents if each is not None], _key())
    yield partial(_exchange().put, file.name, raw)
    mark_written(day=on, now=clock.now())


@remote_job("billing.look_for_acknowledgements")
def look_for_acknowledgements() -> Steps:
    """Have each acknowledgement that lies there read, in the order of their names."""
    names: list[str] = yield _exchange().waiting
    for name in names:
        defer(read_acknowledgement, name=name)


@remote_job("billing.read_acknowledgement")
def read_acknowledgement(*, name: str) -> Steps:
    """Take what one acknowledgement says, once, and put it away; what cannot be read is shown."""
    try:
        raw: bytes | None = yield partial(_exchange().read, name)
        if raw is None:
            return  # another look has put it away
        said = acknowledged(raw, _key())
    except (Malformed, NotAuthentic) as error:
        _show(f"{name}:{clock.now():%Y%m%d}", {"file": name, "fault": repr(error)})
        defer(put_away, name=name, is_good=False)
        return
    now = clock.now()
    digest = blake2s(raw).digest()
    if take_acknowledgement(digest=digest, name=name, lines=len(said), now=now):
        _take(name, said, now)
    defer(put_away, name=name, is_good=True)


@remote_job("billing.put_away")
def put_away(*, name: str, is_good: bool) -> Steps:
    """Move what was read out of the way."""
    yield partial(_exchange().put_away, name, is_good=is_good)


def _take(name: str, said: list[Acknowledged], now: datetime) -> None:
    """One decision after the other, in the order of the orders' ids where they are known."""
    counts: Counter[bool] = Counter()
    for each in sorted(said, key=lambda each: each.order_number):
        try:
            _decide(each, now)
            counts[each.is_accepted] += 1
        except NotFound:
            _show(each.order_number, {"file": name, "order": each.order_number}, now)
    count_decisions(name=name, accepted=counts[True], refused=counts[False])
    log.info("acknowledgement read", extra={"file": name, "lines": len(said)})


def _decide(each: Acknowledged, now: datetime) -> None:
    if not each.is_accepted:
        reason = each.reason or "refused without a reason"
        take_refusal(order_number=each.order_number, reason=reason, now=now)
        return
    said = Accepted(
        order_number=each.order_number, receipt_no=each.receipt_no, accepted_at=each.decided_at
    )
    take_receipt(said, now=now)


def _show(key: str, details: dict[str, str], now: datetime | None = None) -> None:
    open_exception(
        kind=ExceptionKind.BILLING_FILE, key=key[:80], details=details, now=now or clock.now()
    )


def _exchange() -> Exchange:
    settings = platform.config().billing
    assert settings is not None  # noqa: S101 - the work was deferred because of it
    assert settings.exchange_dir is not None  # noqa: S101 - as above
    return Exchange(settings.exchange_dir)


def _key() -> str:
    settings = platform.config().billing
    assert settings is not None  # noqa: S101 - as above
    return settings.shared_key


def _prefix() -> str:
    return f"WX{platform.config().service.number_prefix}"
