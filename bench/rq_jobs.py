"""Jobs of one message as RQ runs them: a queue in Valkey, a worker that forks for each job."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

from flask import Flask
from redis import Redis
from rq import Queue, Worker

from demo.places import Places
from demo.supervisor import Supervisor
from demo.valkey import valkey
from flows.messages import send_message
from templates_msg.models import MessageKind
from templates_msg.operations import Draft
from tests.campaigns.cast import CITY, NOTICE
from tests.jobs import run_jobs
from wx_backend import clock, outbox
from wx_backend.db import db, transaction

_apps: list[Flask] = []


def rate(app: Flask, identity_ids: Sequence[int], folder: Path, *, mark: str) -> float:
    """Messages a second when each is a job of its own.

    The worker has all code loaded and the application made before it forks. Raises RuntimeError
    when one of them was not sent.
    """
    _apps[:] = [app]
    places = Places(folder)
    with Supervisor() as supervisor:
        supervisor.start(valkey(places))
        with Redis.from_url(places.redis_url) as connection:
            queue = Queue("single", connection=connection)
            for identity_id in identity_ids:
                queue.enqueue(send, identity_id, mark, result_ttl=0)
            db.session.remove()
            db.engine.dispose()  # no connection goes along into the forks
            began = time.perf_counter()
            Worker([queue], connection=connection).work(burst=True, logging_level="WARNING")
            took = time.perf_counter() - began
            failed = queue.failed_job_registry.count
    if failed:
        raise RuntimeError(f"{failed} of {len(identity_ids)} jobs failed")
    return len(identity_ids) / took


def send(identity_id: int, mark: str) -> None:
    """Say one message: write it down, call, write down what came of it. In the process of the job."""
    [app] = _apps
    with app.app_context():
        draft = Draft(
            key=f"single:{mark}:{identity_id}",
            appid=CITY,
            identity_id=identity_id,
            kind=MessageKind.TEMPLATE,
            purpose="bench",
            template_id=NOTICE,
            content={"data": {"thing1": "手机"}, "url": "http://wx.test"},
        )
        with transaction():
            send_message(draft, now=clock.now())
        if run_jobs(outbox.CALL) != 1:
            raise RuntimeError(f"{os.getpid()}: the message was not sent")
