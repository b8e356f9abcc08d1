"""The service's processes, in the order they are started."""

import sys
from pathlib import Path

from demo.health import answers, is_registered
from demo.places import HOST, Places
from demo.program import Health, Program

ROOT = Path(__file__).resolve().parent.parent
QUEUES = ("work", "call", "bulk")
WEB_THREADS = 16
_GRANIAN = (sys.executable, "-m", "granian", "--no-ws")
SEED = (sys.executable, "-m", "demo.seed")


def environment(places: Places) -> dict[str, str]:
    """What every process of the service is told: where its configuration is, and to log at once."""
    return {"WX_CONFIG": str(places.config), "PYTHONUNBUFFERED": "1"}


def simulator(places: Places) -> Program:
    """The pretend WeChat, WeChat Pay, billing and SMS; what it knows is kept in the data folder."""
    port = str(places.simulator_port)
    state = places.data / "simulator"
    state.mkdir(parents=True, exist_ok=True)
    clock_file = str(places.data / "files" / "clock-offset")
    kept = ("--state", str(state), "--clock-file", clock_file)
    return Program(
        "simulator",
        (sys.executable, "-m", "simulator", "--port", port, *kept),
        log=places.log("simulator"),
        directory=ROOT,
        health=answers(HOST, places.simulator_port, "/_sim/health"),
        address=places.simulator_url,
    )


def web(places: Places) -> Program:
    """The web server; it is well when the service says it is ready."""
    respawning = (*web_server(), "--respawn-failed-workers")
    return _listening("web", respawning, places, places.port)


def door(places: Places) -> Program:
    """The push door, where the platform's messages and events come in."""
    return _listening("door", command("door"), places, places.push_port)


def web_server(workers: int = 1) -> tuple[str, ...]:
    """The command of the pages' server, without its place."""
    size = ("--workers", str(workers), "--blocking-threads", str(WEB_THREADS))
    return (*_GRANIAN, "--interface", "wsgi", *size, "wsgi:app")


def _listening(name: str, command: tuple[str, ...], places: Places, port: int) -> Program:
    return Program(
        name,
        (*command, "--host", HOST, "--port", str(port)),
        log=places.log(name),
        directory=ROOT,
        environment=environment(places),
        health=answers(HOST, port, "/readyz", called=f"{HOST}:{places.port}"),
        address=f"http://{HOST}:{port}",
    )


def workers(places: Places) -> tuple[Program, ...]:
    """One worker for each queue: a worker that listens on two can lose a job."""
    return tuple(
        _command(
            *(places, f"worker-{queue}", "worker", "--queue", queue),
            health=is_registered(places.redis_url, queue),
        )
        for queue in QUEUES
    )


def clock(places: Places) -> Program:
    """The process of the periodic work and of the sweep after lost rings."""
    return _command(places, "clock", "clock")


def command(*arguments: str) -> tuple[str, ...]:
    """A command of the service."""
    return (sys.executable, "-m", "wx_backend.cli", *arguments)


def _command(places: Places, name: str, *arguments: str, health: Health | None = None) -> Program:
    return Program(
        name,
        command(*arguments),
        log=places.log(name),
        directory=ROOT,
        environment=environment(places),
        health=health,
        settle_seconds=3.0,
        stop_seconds=15.0,
    )
