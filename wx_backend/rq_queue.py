"""The bell's rope: one RQ queue per queue name, JSON only, one callable only."""

from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue
from rq.job import Job

DRAIN = "wx_backend.worker.drain"
DRAIN_SECONDS = 600
ANSWER_SECONDS = 1


class DrainOnly(Job):
    """An RQ job that can be one function only, whatever somebody managed to put into Redis.

    RQ also imports callbacks by the names it finds there: ours have none.
    """

    success_callback = failure_callback = stopped_callback = None

    @property
    def func(self) -> Any:
        if self.func_name != DRAIN:
            raise PermissionError(f"not a job of ours: {str(self.func_name)[:80]}")
        return super().func


def connect(url: str) -> "Redis":
    """A client that gives up within about 2 s: redis-py's own defaults hang for a minute."""
    return Redis.from_url(
        url,
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 1),
    )


def open_queue(name: str, connection: "Redis") -> Queue:
    """The RQ queue of one queue name."""
    return Queue(f"wx-{name}", connection=connection, job_class=DrainOnly, serializer="json")


def enqueue_drain(name: str, connection: "Redis") -> None:
    """Put one drain on the queue, unless one is waiting there already.

    A waiting drain starts after this moment and so sees every row committed before it.
    """
    queue = open_queue(name, connection)
    if queue.count == 0:
        queue.enqueue(DRAIN, name, job_timeout=DRAIN_SECONDS, result_ttl=0, failure_ttl=3600)
