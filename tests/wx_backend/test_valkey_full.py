"""Valkey as we hand it over, at its limit of memory: it refuses, nothing is lost, and it is said."""

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from flask import Flask
from prometheus_client import REGISTRY
from redis.exceptions import OutOfMemoryError

from demo.health import pings
from demo.places import Places
from demo.program import Program
from demo.valkey import server_binary
from tests.wx_backend.processes import Town, town
from tests.wx_backend.test_workers import effects, eventually, push
from wx_backend import bell, clock
from wx_backend.clock_process import Clock, sweeps
from wx_backend.config import Config
from wx_backend.limits import Counts

pytestmark = pytest.mark.processes

SETTINGS: Final = Path(__file__).parents[2] / "deploy" / "valkey" / "wx.conf"
FAILED: Final = "wx_bell_failed_total"


def handed_over(places: Places) -> Program:
    """The server with the settings of `deploy/`, on a socket in this test's folder."""
    folder = places.valkey_socket.parent
    folder.mkdir(parents=True, exist_ok=True)
    here = ("--port", "0", "--unixsocket", str(places.valkey_socket), "--dir", str(folder))
    return Program(
        "valkey",
        (str(server_binary()), str(SETTINGS), *here),
        log=places.log("valkey"),
        health=pings(places.redis_url),
        address=places.redis_url,
    )


@pytest.fixture
def place(config: Config, tmp_path: Path, app: Flask) -> Iterator[Town]:
    """That server, and an application that rings by it."""
    assert app.testing
    with town(config, tmp_path / "town", handed_over) as running:
        bell.install(running.places.redis_url)
        yield running
        bell.install(None)


def fill(place: Town) -> None:
    """As much in it as it may hold: not one more write is taken."""
    used = place.redis.info("memory")["used_memory"]
    place.redis.config_set("maxmemory", max(1, used // 2))
    with pytest.raises(OutOfMemoryError):
        place.redis.set("one", "more")


def failed() -> float:
    return REGISTRY.get_sample_value(FAILED) or 0


def test_it_takes_every_setting_and_throws_nothing_out_to_make_room(place: Town) -> None:
    told = dict(re.findall(r"^([a-z-]+) (.+)$", SETTINGS.read_text("utf-8"), re.MULTILINE))
    assert told["maxmemory-policy"] == "noeviction"
    held = place.redis.config_get("*")
    sizes = {"maxmemory": str(256 * 1024 * 1024)}
    for name, value in told.items():
        if name != "port":
            assert held[name] == sizes.get(name, value.strip('"')), name
    place.redis.set("kept", "yes")
    fill(place)
    assert place.redis.get("kept") == b"yes"


def test_everything_goes_on_from_the_database_and_it_is_said(
    app: Flask, config: Config, place: Town, caplog: pytest.LogCaptureFixture
) -> None:
    place.start_worker("work")
    push(app, config, 1)
    assert eventually(lambda: effects() == 1)
    before = failed()
    fill(place)
    with caplog.at_level(logging.WARNING):
        push(app, config, 2, 3)
        assert eventually(lambda: failed() > before)
        assert eventually(lambda: "bell not rung" in caplog.messages)
    assert app.test_client().get("/readyz").status_code == 200
    said = re.search(rf"^{FAILED} (\S+)", app.test_client().get("/metrics").text, re.MULTILINE)
    assert said
    assert float(said[1]) > before

    loop = Clock(app, sweeps(app))
    loop.tick(clock.now())
    loop.end_aside()
    assert eventually(lambda: effects() == 3)

    place.redis.config_set("maxmemory", "64mb")
    push(app, config, 4)
    assert eventually(lambda: effects() == 4), "the worker hears the bell again"
    assert place.supervisor.restarts("worker-work") == 0


def test_limits_hold_for_each_process_meanwhile(place: Town) -> None:
    one, other = Counts(place.places.redis_url), Counts(place.places.redis_url)
    assert (one.add("phone", 7), other.add("phone", 7)) == (1, 2)
    fill(place)
    assert [one.add("phone", 7) for _ in range(3)] == [1, 2, 3]
    assert other.add("phone", 7) == 1
