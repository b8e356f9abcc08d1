"""Who hears what WeChat says of messages, for `bench.campaign_kills`: the push door, who works pushes off, the clock's chore."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final, NoReturn

from bench.senders import forked, service
from flows.campaign.outcomes import settle_unknown
from tests.serving import serving
from tests.site import Site
from wx_backend import clock, outbox
from wx_backend.db import db, retried
from wx_backend.worker import drain_queue

UP_SECONDS: Final = 120
EVERY: Final = timedelta(minutes=5)
"""As often as the clock process settles what is unknown."""


@contextmanager
def hearing(told: Mapping[str, str]) -> Iterator[str]:
    """Such a process, until the block ends; the address of its door."""
    process = forked.Process(target=hear_for_ever, args=(told,))
    process.start()
    try:
        yield _address(told)
    finally:
        process.kill()
        process.join()


def _address(told: Mapping[str, str]) -> str:
    end = time.monotonic() + UP_SECONDS
    while not (place := _place(told)).exists():
        if time.monotonic() > end:
            raise SystemExit("nobody hears what is said of messages")
        time.sleep(0.1)
    return place.read_text()


def _place(told: Mapping[str, str]) -> Path:
    return Path(told["folder"]) / "door"


def hear_for_ever(told: Mapping[str, str]) -> NoReturn:
    """Take pushes, work them off, and give sends without an answer the outcome that can only be theirs."""
    app = service(told)
    with serving(Site(app)) as url:
        fresh = _place(told).with_name("door.new")
        fresh.write_text(url)
        fresh.replace(_place(told))
        settled_at = clock.now()
        while True:
            drain_queue(app, outbox.WORK)
            if clock.now() > settled_at + EVERY:
                settled_at = clock.now()
                with app.app_context():
                    retried(lambda: settle_unknown(now=clock.now()))
                    db.session.remove()
            time.sleep(0.1)
