"""A Valkey and the service's own processes, started for a test and ended with it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from redis import Redis

from demo.health import is_registered
from demo.places import Places
from demo.processes import ROOT
from demo.program import Program
from demo.supervisor import Supervisor
from demo.valkey import valkey
from wx_backend import config as configuration
from wx_backend.config import Config

CONFIG = ROOT / "tests" / "config.toml"


@dataclass(frozen=True)
class Town:
    """Where everything runs; `config` is what its processes were told."""

    supervisor: Supervisor
    places: Places
    config: Config
    redis: Redis

    def start_worker(self, queue: str, name: str = "") -> None:
        """Start a worker of one queue and wait until it listens."""
        name = name or f"worker-{queue}"
        program = Program(
            name,
            (sys.executable, "-m", "wx_backend.cli", "worker", "--queue", queue),
            log=self.places.log(name),
            directory=ROOT,
            environment={"WX_CONFIG": str(self.places.config)},
            health=is_registered(self.places.redis_url, queue),
        )
        self.supervisor.start(program)


Server = Callable[[Places], Program]


@contextmanager
def town(config: Config, folder: Path, server: Server = valkey) -> Iterator[Town]:
    """A Valkey, and a configuration file on this test's database for the processes."""
    folder.mkdir()
    places = Places(data=folder)
    text = CONFIG.read_text("utf-8").replace(
        "sqlite:///replaced-by-the-fixture", config.database.url
    )
    places.config.write_text(f'{text}\n[redis]\nurl = "{places.redis_url}"\n', "utf-8")
    told = replace(config, redis=configuration.Redis(url=places.redis_url))
    with Supervisor() as supervisor, Redis.from_url(places.redis_url) as redis:
        supervisor.start(server(places))
        yield Town(supervisor, places, told, redis)
