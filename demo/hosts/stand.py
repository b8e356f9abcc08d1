"""The whole installation: two web hosts behind a balancer, two worker hosts, two databases, one Valkey."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from demo import configuration, processes, stage
from demo.health import answers, is_registered
from demo.hosts.database import DatabaseHost, url_of
from demo.hosts.network import Network
from demo.identities import load_or_make
from demo.places import HOST, Detour, Places
from demo.program import Program
from demo.stack import Stack, Step, run_command
from demo.supervisor import Report, Supervisor
from demo.valkey import server_binary

WEB: Final = ("web1", "web2")
WORKERS: Final = ("worker1", "worker2")
DATABASES: Final = ("db1", "db2")
HOSTS: Final = ("balancer", "valkey", *WEB, *WORKERS, *DATABASES)
PORT: Final = 8000
PUSH_PORT: Final = 8100
VALKEY_PORT: Final = 6379
# What a web and a worker host has of this machine's processor, so that a second one adds something.
CORES: Final = 0.3


@dataclass(frozen=True)
class Stand:
    """What runs, host by host; `is_limited` says whether hosts have a share of the processor each."""

    stack: Stack
    network: Network
    primary: DatabaseHost
    standby: DatabaseHost
    is_limited: bool

    def stop_host(self, host: str) -> None:
        """Switch a host off: every program of its."""
        for name in programs_of(self, host):
            self.stack.supervisor.stop(name)


def programs_of(stand: Stand, host: str) -> list[str]:
    """The programs that run on a host now."""
    return [name for name in stand.stack.supervisor.names() if name.split(":")[0] == host]


@contextmanager
def standing(data: Path, ports: tuple[int, ...], step: Step, report: Report) -> Iterator[Stand]:
    """Make the hosts, start everything on them, and take all of it away in the end.

    `ports` are where this machine, and so the pretend WeChat, finds the mall, it the latter, and
    the pretend WeChat the push door.
    """
    data.mkdir(parents=True, exist_ok=True)
    with Network(HOSTS) as network, Supervisor(report) as supervisor:
        limited = [network.limit(host, CORES) for host in (*WEB, *WORKERS)]
        primary, standby = (DatabaseHost(host, network, data) for host in DATABASES)
        places = Places(
            data,
            port=ports[0],
            simulator_port=ports[1],
            push_port=ports[2],
            database=url_of(primary, standby),
            detour=Detour(
                redis_url=f"redis://{network.address('valkey')}:{VALKEY_PORT}",
                calls_url=f"http://{network.here}:{ports[1]}",
            ),
        )
        identities = load_or_make(data / "identities.json")
        configuration.write(places, identities)
        start = _starter(supervisor, step)
        _databases(primary, standby, start, step)
        start(_valkey(places, network))
        for program in _wechat(places, network):
            start(program)
        with step("stage", "account, merchant and people of the pretend WeChat"):
            stage.announce(places, identities)
        with step("migrate", "by the address of both databases"):
            run_command(places, "migrate", processes.command("migrate"))
        seeded = run_command(places, "seed", processes.SEED)
        for host in (*WEB, *WORKERS):
            for program in _programs(host, places, network):
                start(program)
        for program in _balancer(places, network):
            start(program)
        with step("callback", places.push_url):
            stage.verify(places, identities)
        stack = Stack(places, identities, supervisor, seeded)
        yield Stand(stack, network, primary, standby, all(limited))


def _starter(supervisor: Supervisor, step: Step) -> Callable[[Program], None]:
    def start(program: Program) -> None:
        with step(program.name, program.address):
            supervisor.start(program)

    return start


def _databases(
    primary: DatabaseHost, standby: DatabaseHost, start: Callable[[Program], None], step: Step
) -> None:
    primary.make()
    start(primary.program())
    with step("standby", "a copy of the primary, which waits for it from now on"):
        standby.copy(primary)
    start(standby.program())
    primary.acknowledge_by_standby()
    primary.create_database()


def _wechat(places: Places, network: Network) -> tuple[Program, ...]:
    """The pretend WeChat listens to this machine alone; a door leads the hosts to it."""
    inner = processes.simulator(places)
    there = f"{HOST}:{places.simulator_port}"
    place = (network.here, places.simulator_port)
    return inner, _passing("wechat-door", place, there, health="/_sim/health", places=places)


def _passing(
    name: str, place: tuple[str, int], *backends: str, health: str, places: Places
) -> Program:
    """A balancer at a place of this machine."""
    return Program(
        name,
        (*_BALANCER, f"{place[0]}:{place[1]}", *backends),
        log=places.log(name.replace(":", "-")),
        directory=processes.ROOT,
        health=answers(*place, health),
        address=f"http://{place[0]}:{place[1]}",
    )


def _valkey(places: Places, network: Network) -> Program:
    address = network.address("valkey")
    options = (
        "--port",
        str(VALKEY_PORT),
        "--bind",
        address,
        "--protected-mode",
        "no",
        "--save",
        "",
    )
    return Program(
        "valkey",
        network.inside("valkey", (str(server_binary()), *options)),
        log=places.log("valkey"),
        directory=places.data,
        address=places.redis_url,
    )


def _programs(host: str, places: Places, network: Network) -> tuple[Program, ...]:
    return _web(host, places, network) if host in WEB else _worker(host, places, network)


def _web(host: str, places: Places, network: Network) -> tuple[Program, ...]:
    """The pages, and the push door beside them."""
    address = network.address(host)

    def program(name: str, server: tuple[str, ...], port: int) -> Program:
        return Program(
            name,
            network.inside(host, (*server, "--host", address, "--port", str(port))),
            log=places.log(name.replace(":", "-")),
            directory=processes.ROOT,
            environment=processes.environment(places),
            health=answers(address, port, "/readyz", called=f"localhost:{places.port}"),
            address=f"{address}:{port}",
            start_seconds=90.0,
        )

    return (
        program(host, processes.web_server(), PORT),
        program(f"{host}:door", processes.command("door"), PUSH_PORT),
    )


def _worker(host: str, places: Places, network: Network) -> tuple[Program, ...]:
    """A worker a queue, and a clock; one of the clocks leads."""

    def program(name: str, *arguments: str) -> Program:
        return Program(
            f"{host}:{name}",
            network.inside(host, processes.command(*arguments)),
            log=places.log(f"{host}-{name}"),
            directory=processes.ROOT,
            environment=processes.environment(places),
            health=is_registered(places.redis_url, name) if name in processes.QUEUES else None,
            start_seconds=90.0,
            settle_seconds=3.0,
            stop_seconds=15.0,
        )

    workers = [program(queue, "worker", "--queue", queue) for queue in processes.QUEUES]
    return (*workers, program("clock", "clock"))


def _balancer(places: Places, network: Network) -> Iterator[Program]:
    """The balancers on a host of its own, for pages and for pushes; this machine is led to each."""
    address = network.address("balancer")
    for name, port, here in (
        ("balancer", PORT, places.port),
        ("balancer:door", PUSH_PORT, places.push_port),
    ):
        backends = [f"{network.address(host)}:{port}" for host in WEB]
        plain = _passing(name, (address, port), *backends, health="/readyz", places=places)
        well = {"called": f"localhost:{places.port}"}
        yield replace(
            plain,
            command=network.inside("balancer", plain.command),
            health=answers(address, port, "/readyz", **well),
        )
        inner = _passing(
            f"way-to-{name}", (HOST, here), f"{address}:{port}", health="/readyz", places=places
        )
        yield replace(inner, health=answers(HOST, here, "/readyz", **well))


_BALANCER: Final = (sys.executable, "-m", "demo.hosts.balancer")
