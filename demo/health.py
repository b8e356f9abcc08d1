"""Signs of health: a web address that answers 200, a Redis that answers, a worker that waits."""

import http.client
import socket

from redis import Redis
from redis.exceptions import RedisError

from demo.program import Health

TIMEOUT_SECONDS = 2.0


def answers(host: str, port: int, path: str, *, called: str = "") -> Health:
    """Well when `GET path` is answered with 200; `called` is by which name the server is asked."""

    def check(_pid: int) -> bool:
        connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
        try:
            connection.request("GET", path, headers={"Host": called} if called else {})
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return check


def pings(redis_url: str) -> Health:
    """Well when the Redis server answers: while it still reads its file it takes connections only."""

    def check(_pid: int) -> bool:
        try:
            with Redis.from_url(redis_url, socket_timeout=TIMEOUT_SECONDS) as redis:
                return bool(redis.ping())
        except RedisError:
            return False

    return check


def is_registered(redis_url: str, queue: str) -> Health:
    """Well when the worker of the queue has put its name (`<queue>-<host>-<process id>`) into Redis."""

    def check(pid: int) -> bool:
        try:
            with Redis.from_url(redis_url, socket_timeout=TIMEOUT_SECONDS) as redis:
                return bool(redis.exists(f"rq:worker:{queue}-{socket.gethostname()}-{pid}"))
        except RedisError:
            return False

    return check
