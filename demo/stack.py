"""The whole service, running: what the demo shows a person and what the story plays on."""

import fcntl
import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from demo import configuration, processes, stage
from demo.identities import ACCOUNT_NAME, Identities, load_or_make
from demo.places import Places
from demo.ports import require_free
from demo.program import Program, last_lines
from demo.refusal import CannotStart
from demo.supervisor import Report, Supervisor
from demo.valkey import valkey

COMMAND_SECONDS = 300.0

Step = Callable[[str, str], AbstractContextManager[None]]


def _quietly(_name: str, _what: str = "") -> AbstractContextManager[None]:
    return nullcontext()


def _no_report(_name: str, _what: str) -> None:
    return


@dataclass(frozen=True)
class Stack:
    """A running demo. `seeded` is what the seed command said: who may log in, and how."""

    places: Places
    identities: Identities
    supervisor: Supervisor
    seeded: str


@dataclass(frozen=True)
class Need:
    """A program everything else needs, and what has to be done once it is well."""

    program: Program
    when_well: Callable[[], None]


@contextmanager
def running(
    places: Places,
    step: Step = _quietly,
    report: Report = _no_report,
    begins_at: datetime | None = None,
    first: Sequence[Need] = (),
) -> Iterator[Stack]:
    """Start everything in `places`, end everything at the end.

    With `begins_at` all clocks show that instant when the first data is made. What is in `first`
    is started before all else. Each step is wrapped in `step(name, address)`; later events go to
    `report`. Raises CannotStart (a port or the folder is taken, no server was found, a command
    failed) and StartFailed.
    """
    places.data.mkdir(parents=True, exist_ok=True)
    with _alone(places.data), Supervisor(report) as supervisor:
        require_free(places.port, option="PORT", purpose="the web server")
        require_free(places.push_port, option="PUSH_PORT", purpose="the push door")
        require_free(places.simulator_port, option="SIMULATOR_PORT", purpose="the simulator")
        identities = load_or_make(places.data / "identities.json")
        configuration.write(places, identities)
        for need in first:
            _start(supervisor, need.program, step)
            need.when_well()
        if places.redis is None:
            _start(supervisor, valkey(places), step)
        _start(supervisor, processes.simulator(places), step)
        with step("stage", "account, merchant and people of the pretend WeChat"):
            stage.announce(places, identities)
            if begins_at is not None:
                stage.set_clock(places, begins_at)
        with step("migrate", places.database_url):
            run_command(places, "migrate", processes.command("migrate"))
        with step("seed", ""):
            seeded = run_command(places, "seed", processes.SEED)
        for program in (
            processes.web(places),
            processes.door(places),
            *processes.workers(places),
            processes.clock(places),
        ):
            _start(supervisor, program, step)
        with step("callback", f"{places.push_url}/wechat/{ACCOUNT_NAME}/callback"):
            stage.verify(places, identities)
        yield Stack(places, identities, supervisor, seeded)


def run_command(places: Places, name: str, command: tuple[str, ...]) -> str:
    """Run a command to its end; returns what it printed, CannotStart when it failed."""
    log = places.log(name)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as errors:
        done = subprocess.run(
            command,
            cwd=processes.ROOT,
            env=os.environ | processes.environment(places),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            timeout=COMMAND_SECONDS,
            check=False,
        )
    if done.returncode != 0:
        raise CannotStart(f"'{name}' failed; the end of {log}:\n{last_lines(log)}")
    return done.stdout.decode("utf-8", "replace")


def _start(supervisor: Supervisor, program: Program, step: Step) -> None:
    with step(program.name, program.address):
        supervisor.start(program)


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """One demo per data folder: two would share a database and one Valkey socket."""
    with (data / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise CannotStart(
                f"A demo already runs on {data} (process {lock.read().strip()}).\n"
                "Stop that one, or use another folder and other ports: "
                "make demo DATA=var/second PORT=8001 PUSH_PORT=8101 SIMULATOR_PORT=9101"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
