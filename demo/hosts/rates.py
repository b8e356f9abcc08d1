"""What a host more brings: pages a second, and follows a second with all that comes of them."""

import http.client
import threading
import time
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Final

from demo.hosts.stand import PORT, WEB, WORKERS, Stand, programs_of
from demo.story.frame import Story, eventually

CLIENTS: Final = 8
SECONDS: Final = 8.0
FOLLOWERS: Final = 200
PAGE: Final = "/"
WAITING: Final = (
    "SELECT (SELECT count(*) FROM push WHERE status = 'pending')"
    " + (SELECT count(*) FROM job WHERE name = 'identity.refresh' AND status = 'pending')"
)


def pages_a_second(stand: Stand, hosts: Sequence[str]) -> float:
    """The mall's first page, asked for by eight clients at these web hosts in turn."""
    done, called = [0] * CLIENTS, f"localhost:{stand.stack.places.port}"
    end = time.monotonic() + SECONDS

    def ask(number: int) -> None:
        address = stand.network.address(hosts[number % len(hosts)])
        connection = http.client.HTTPConnection(address, PORT, timeout=10)
        while time.monotonic() < end:
            connection.request("GET", PAGE, headers={"Host": called})
            answer = connection.getresponse()
            answer.read()
            done[number] += answer.status == http.client.OK
        connection.close()

    _all_at_once(ask, CLIENTS)
    return sum(done) / SECONDS


def follows_a_second(story: Story, stand: Stand, hosts: Sequence[str], named: str) -> float:
    """Follows are stored while every worker is held; then these hosts do all that comes of them."""
    supervisor = stand.stack.supervisor
    workers = {host: programs_of(stand, host) for host in WORKERS}
    for name in chain.from_iterable(workers.values()):
        supervisor.pause(name)
    for number in range(FOLLOWERS):
        person = f"{named}{number}"
        story.meet(person, f"137{number:08d}")
        story.act(person, "follow", wait=False)
    story.pretend.post("settle", timeout=60, within=5)
    for name in chain.from_iterable(workers[host] for host in hosts):
        supervisor.resume(name)
    started = time.monotonic()
    eventually("work left", lambda: story.value(WAITING), 0, 120)
    took = time.monotonic() - started
    for name in chain.from_iterable(workers.values()):
        supervisor.resume(name)
    return FOLLOWERS / took


def rates(story: Story, stand: Stand) -> dict[str, float]:
    """One host and two, of each kind; all hosts run afterwards."""
    measured = {
        "pages, 1 web host": pages_a_second(stand, WEB[:1]),
        "pages, 2 web hosts": pages_a_second(stand, WEB),
        "follows, 1 worker host": follows_a_second(story, stand, WORKERS[:1], "F"),
        "follows, 2 worker hosts": follows_a_second(story, stand, WORKERS, "G"),
    }
    return {name: round(rate, 1) for name, rate in measured.items()}


def _all_at_once(work: Callable[[int], None], count: int) -> None:
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
