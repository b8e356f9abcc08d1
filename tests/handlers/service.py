"""The service as a process of its own, for tests that race it or kill it: pushes in, work off.

    python -m tests.handlers.service URL FOLDER TIMES KIND POINT

takes the push on standard input TIMES times, does all work that is due, and prints what it
answered. KIND `kill` ends it at the crash point POINT, as kill -9 would; `live` lets it live.
"""

import base64
import json
import sys
from dataclasses import replace
from pathlib import Path

from werkzeug.test import Client

from tests.limits import lengthen
from tests.site import Site
from wx_backend import clock, crash, outbox
from wx_backend.app import create_app, push_store
from wx_backend.config import Config, Database
from wx_backend.db import db, transaction, upsert
from wx_backend.leases import Lease
from wx_backend.outbox import Steps, defer, job, remote_job
from wx_backend.worker import drain_queue

CONFIG = Path(__file__).parent.parent / "config.toml"


def counted(name: str) -> None:
    """An effect that shows how often it happened: the fence of a lease row."""
    now = clock.now()
    upsert(Lease, {"name": name, "holder": "", "fence": 0, "until": now}, key=("name",))
    lease = db.session.get_one(Lease, name)
    lease.fence += 1


@job("test.local")
def local() -> None:
    counted("local")


@remote_job("test.remote")
def remote(*, calls: str) -> Steps:
    def call() -> None:
        with Path(calls).open("a") as file:
            file.write("called\n")

    yield call
    counted("remote")


def configured(url: str, folder: Path) -> Config:
    config = Config.load(CONFIG)
    service = replace(config.service, data_dir=folder, movable_clock=True)
    return replace(config, database=Database(url=url), service=service)


def put_jobs(folder: Path) -> None:
    """One job of each sort waits."""
    with transaction():
        defer(local)
        defer(remote, calls=str(folder / "calls"))


def main(url: str, folder: Path, times: int, kind: str, point: str) -> None:
    lengthen()
    app = create_app(configured(url, folder))
    client = Client(Site(app))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sent = json.loads(sys.stdin.readline())
    if kind == "kill":
        crash.arm(point, crash.die)
    for _ in range(times):
        answer = client.post(
            "/wechat/city/callback",
            query_string=sent["query"],
            data=base64.b64decode(sent["body"]),
        )
        sys.stdout.write(f"{answer.status_code} {base64.b64encode(answer.data).decode()}\n")
    for queue in (outbox.WORK, outbox.CALL):
        drain_queue(app, queue)
    push_store(app).close()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5])
