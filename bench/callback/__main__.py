"""`python -m bench.callback [rounds] [seconds]`: rate, latency and server CPU, round by round.

Contenders, all on one PostgreSQL with its default durability, the peers with two server processes:
ours (its push door, one process; identity and touch stored too), the peer writing the same by the ORM under
gunicorn, and the peer storing nothing under our server. The load generator and PostgreSQL share
the machine's cores with the server.
"""

import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from psycopg import sql

from bench.callback import pushes
from bench.callback.load import Run, drive
from bench.callback.prepare import ACCOUNT, SCENE, prepared
from bench.goals import tell
from demo import processes
from demo.ports import held_ports
from tests.postgres import PostgresServer
from tools.keeper import signal_group
from wechat.codec import Codec

ROOT = Path(__file__).resolve().parent.parent.parent
CONNECTIONS = 32
WORKERS = 2
THREADS = 16
READY_SECONDS, END_SECONDS = 60.0, 20.0
DOOR = processes.command("door")[2:]


@dataclass
class Contender:
    """One server to measure, and what its rounds said."""

    name: str
    path: str
    port: int
    process: subprocess.Popen[bytes]
    runs: list[Run] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    database_us: list[float] = field(default_factory=list)
    answered: int = 0


def main() -> None:
    """Run all rounds and print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 4.0
    with ExitStack() as stack:
        server = stack.enter_context(PostgresServer(durable=True))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        config = prepared(server, folder)
        contenders = [stack.enter_context(each) for each in _contenders(server, config)]
        numbers = iter(range(10**7))
        for number in range(rounds + 1):
            for contender in contenders:
                _round(server, contender, numbers, seconds if number else 1.0, counts=bool(number))
        _print(contenders, rounds)
        _check(server, contenders)


def _contenders(server: PostgresServer, config: Path) -> list[AbstractContextManager[Contender]]:
    peer = {"TOKEN": ACCOUNT.token, "AES_KEY": ACCOUNT.aes_key, "APPID": ACCOUNT.appid}
    database = {"DATABASE_URL": server.url("peer")}
    granian = production_server()
    gunicorn = threaded_gunicorn()
    ours_path = f"/wechat/{ACCOUNT.name}/callback"
    return [
        serving("ours", ours_path, DOOR, "--port", {"WX_CONFIG": str(config)}),
        serving(
            "peer, ORM commit",
            "/wechat",
            (*gunicorn, "bench.callback.peer:app"),
            "-b",
            peer | database,
        ),
        serving(
            "peer, no write",
            "/wechat",
            (*granian, "bench.callback.peer:app"),
            "--port",
            peer | {"WRITES": "0"},
        ),
    ]


def production_server() -> tuple[str, ...]:
    """The command of the server that is recommended, without application and port."""
    size = ("--workers", str(WORKERS), "--blocking-threads", str(THREADS))
    return (
        "granian",
        "--interface",
        "wsgi",
        "--host",
        "127.0.0.1",
        "--no-ws",
        *size,
        "--log-level",
        "error",
    )


def threaded_gunicorn() -> tuple[str, ...]:
    """The command of gunicorn with as many processes and threads, without application and port."""
    size = ("-w", str(WORKERS), "--threads", str(THREADS))
    return ("gunicorn", "-k", "gthread", *size, "--no-control-socket", "--log-level", "error")


@contextmanager
def serving(
    name: str, path: str, command: tuple[str, ...], port_option: str, environment: dict[str, str]
) -> Iterator[Contender]:
    """A server process on a free port, there once it takes connections."""
    with ExitStack() as stack:
        (port,) = stack.enter_context(held_ports(1))
        place = f"127.0.0.1:{port}" if port_option == "-b" else str(port)
        process = subprocess.Popen(
            [sys.executable, "-m", *command, port_option, place],
            cwd=ROOT,
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        stack.callback(_end, process)
        _wait(port, process)
        yield Contender(name, path, port, process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """It is asked to, and made to if it does not: one that never came up may not listen."""
    process.terminate()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        signal_group(process.pid, signal.SIGKILL)
        process.wait()


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            time.sleep(1.0)  # all workers
            return
    raise RuntimeError("a server did not start")


def _round(
    server: PostgresServer,
    contender: Contender,
    numbers: Iterator[int],
    seconds: float,
    *,
    counts: bool,
) -> None:
    codec = Codec(ACCOUNT.appid, ACCOUNT.token, (ACCOUNT.aes_key,))
    expected = int(seconds * 9_000)
    ready = [
        pushes.request(codec, contender.path, scene=SCENE, number=next(numbers))
        for _ in range(expected)
    ]
    pids = (contender.process.pid, server.pid)
    before = [cpu_seconds(pid) for pid in pids]
    run = drive(("127.0.0.1", contender.port), ready, connections=CONNECTIONS, seconds=seconds)
    used = [cpu_seconds(pid) - then for pid, then in zip(pids, before, strict=True)]
    contender.answered += len(run.latencies)
    if counts:
        contender.runs.append(run)
        for figures, each in zip((contender.cpu_us, contender.database_us), used, strict=True):
            figures.append(1e6 * each / max(1, len(run.latencies)))


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and all its descendants."""
    ticks = os.sysconf("SC_CLK_TCK")
    total, waiting = 0.0, [pid]
    while waiting:
        each = waiting.pop()
        try:
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            children = Path(f"/proc/{each}/task/{each}/children").read_text().split()
        except OSError:
            continue
        total += (int(fields[11]) + int(fields[12])) / ticks
        waiting += [int(child) for child in children]
    return total


def _print(contenders: list[Contender], rounds: int) -> None:
    print(f"encrypted SCAN pushes, {CONNECTIONS} connections, {rounds} rounds, medians")
    print(
        f"{'':20}{'req/s':>10}{'p50 ms':>10}{'p99 ms':>10}{'CPU us':>10}{'DB CPU us':>11}{'bad':>6}"
    )
    for each in contenders:
        runs = each.runs
        rate = statistics.median(run.rate for run in runs)
        p50 = statistics.median(run.percentile(0.5) for run in runs)
        p99 = statistics.median(run.percentile(0.99) for run in runs)
        cpu, database = statistics.median(each.cpu_us), statistics.median(each.database_us)
        bad = sum(run.bad for run in runs)
        print(f"{each.name:20}{rate:10.0f}{p50:10.1f}{p99:10.1f}{cpu:10.0f}{database:11.0f}{bad:6}")
    ours, orm, silent = contenders
    for label, other, rate_least, tail_most in (
        ("the ORM commit", orm, 6.0, 0.25),
        ("no write", silent, 1.0, None),
    ):
        ratios = [a.rate / b.rate for a, b in zip(ours.runs, other.runs, strict=True)]
        tails = [
            a.percentile(0.99) / b.percentile(0.99)
            for a, b in zip(ours.runs, other.runs, strict=True)
        ]
        busy = [a / b for a, b in zip(ours.cpu_us, other.cpu_us, strict=True)]
        tell(f"pushes over HTTP against {label}: rate", ratios, at_least=rate_least)
        tell(f"pushes over HTTP against {label}: p99", tails, at_most=tail_most)
        tell(f"pushes over HTTP against {label}: server CPU", busy)


def _check(server: PostgresServer, contenders: list[Contender]) -> None:
    """Every good reply of ours and of the writing peer is in the database."""
    for contender, database, table in (
        (contenders[0], "ours", "touch"),
        (contenders[1], "peer", "peer_scan"),
    ):
        with server.connect(database) as connection:
            count = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
            row = connection.execute(count).fetchone()
        rows = row[0] if row else 0
        print(f"{contender.name}: {contender.answered} good replies, {rows} rows of {table}")
        if rows < contender.answered:
            raise SystemExit(f"{contender.name} answered pushes it did not keep")


if __name__ == "__main__":
    main()
