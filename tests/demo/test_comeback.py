"""The old primary after a promotion: no second one that takes writes, and nothing lost that was told."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from demo.hosts.__main__ import LEFT_OUT
from tests.memory import memory

ROOT: Final = Path(__file__).resolve().parents[2]
REJOIN: Final = ROOT / "deploy" / "postgresql" / "rejoin.sh"


@pytest.mark.processes
@pytest.mark.timeout(300)
def test_the_old_primary_comes_back_as_a_standby() -> None:
    command = (sys.executable, "-m", "demo.hosts", "--databases")
    environment = os.environ | ({"TMPDIR": str(folder)} if (folder := memory()) else {})
    played = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if played.returncode == LEFT_OUT:
        pytest.skip(played.stderr.strip())
    assert played.returncode == 0, played.stdout + played.stderr
    told = json.loads(played.stdout.splitlines()[-1])
    assert 0 < told["told"] <= told["kept"]


class Host:
    """A host with PostgreSQL's programs as we want them to end; what was called with what is noted."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data = folder, folder / "main"
        self.data.mkdir()
        (self.data / "PG_VERSION").write_text("18")
        (folder / "bin").mkdir()

    def program(self, name: str, *, code: int) -> None:
        path = self.folder / "bin" / name
        made = '[ "$1" != --pgdata ] || mkdir -p "$2"\n' if name == "pg_basebackup" else ""
        noted = f'echo {name} "$@" >> {self.folder}/called\n'
        path.write_text(f"#!/bin/sh\n{noted}{made}exit {code}\n")
        path.chmod(0o755)

    def rejoin(self, others: str = os.environ["PATH"]) -> subprocess.CompletedProcess[str]:
        path = f"{self.folder / 'bin'}:{others}"
        return subprocess.run(
            [str(REJOIN), str(self.data), "host=new"],
            env={"PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def called(self) -> list[str]:
        return [line.split()[0] for line in (self.folder / "called").read_text().splitlines()]


@pytest.fixture
def host(tmp_path: Path) -> Host:
    made = Host(tmp_path)
    for name in ("pg_ctl", "pg_rewind", "pg_basebackup"):
        made.program(name, code=0)
    return made


def test_a_server_that_runs_is_left_alone(host: Host) -> None:
    (host.data / "postmaster.pid").write_text("1")
    refused = host.rejoin()
    assert (refused.returncode, "stop it first" in refused.stderr) == (1, True)
    assert host.called == ["pg_ctl"]


def test_what_can_be_rewound_is_not_copied(host: Host) -> None:
    (host.data / "postmaster.pid").write_text("1")
    host.program("pg_ctl", code=3)
    assert host.rejoin().returncode == 0
    assert host.called == ["pg_ctl", "pg_rewind"]


def test_what_cannot_be_rewound_is_put_aside_and_copied_anew(host: Host) -> None:
    host.program("pg_rewind", code=1)
    done = host.rejoin()
    assert (done.returncode, "copied anew" in done.stderr) == (0, True)
    assert host.called == ["pg_rewind", "pg_basebackup"]
    assert (host.folder / "main.replaced" / "PG_VERSION").exists()
    assert [*host.data.iterdir()] == []


def test_a_copy_that_fails_is_said_and_nothing_is_gone(host: Host) -> None:
    host.program("pg_rewind", code=1)
    host.program("pg_basebackup", code=1)
    assert host.rejoin().returncode == 1
    assert (host.data / "PG_VERSION").exists()
    again = host.rejoin()  # half a copy is there
    assert (again.returncode, "move it away first" in again.stderr) == (1, True)


def test_without_postgresqls_programs_nothing_is_touched(host: Host) -> None:
    for name in ("pg_ctl", "pg_rewind"):
        (host.folder / "bin" / name).unlink()
    refused = host.rejoin("/usr/bin:/bin")
    assert (refused.returncode, "pg_ctl is not in PATH" in refused.stderr) == (1, True)
    assert (host.data / "PG_VERSION").exists()
