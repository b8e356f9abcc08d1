"""What is handed to those who run the service names nothing that is not there."""

import re
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import Client

from tests.handlers.conftest import desk_of, platform_of
from tests.handlers.platform import text as said
from tests.postgres import PostgresServer
from tests.site import at_door
from wx_backend import cli
from wx_backend.app import door_of
from wx_backend.config import Config

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


def test_what_is_asked_about_pushes_is_told_by_the_door(app: Flask, config: Config) -> None:
    """The process that takes them, once it has taken one."""
    city = platform_of(config, "city")
    assert desk_of(app)(city.safe(said())).status_code == 200
    door = door_of(app)
    told = Client(lambda environ, start: at_door(door, environ, start)).get("/metrics").text
    assert re.search(
        r'^wx_push_answers_total\{account="city",answer="stored"\} [1-9]', told, re.MULTILINE
    )


def test_every_unit_starts_something_there_is() -> None:
    started = []
    for unit in (DEPLOY / "systemd").glob("*.service"):
        found = re.search(
            r"^ExecStart=\S+?/current/(\S+)(.*)$", unit.read_text("utf-8"), re.MULTILINE
        )
        assert found, unit.name
        program, arguments = found[1], found[2].split()
        if program.startswith("deploy/"):
            assert (ROOT / program).is_file()
        elif program.endswith("python"):
            assert arguments[:2] == ["-m", "wx_backend.cli"]
            assert arguments[2] in cli.main.commands
        else:
            assert program == ".venv/bin/granian"
            module, _, name = arguments[-1].partition(":")
            assert re.search(
                rf"^{name} = ", (ROOT / f"{module}.py").read_text("utf-8"), re.MULTILINE
            )
            assert "--workers 1 " in found[2]  # counters read by a port are one process's
        started.append(unit.name)
    assert len(started) == 6


def test_what_is_added_to_a_unit_is_added_to_one_that_is_started() -> None:
    wanted = (DEPLOY / "systemd/wx.target").read_text("utf-8").split()
    added = {folder.name.removesuffix(".d") for folder in (DEPLOY / "systemd").glob("*.d")}
    assert added
    assert added <= set(wanted)


@pytest.mark.parametrize(
    "name",
    [
        "wait-ready.sh",
        "rolling-restart.sh",
        "backup/backup.sh",
        "backup/restore.sh",
        "postgresql/rejoin.sh",
    ],
)
def test_every_script_may_be_run(name: str) -> None:
    assert (DEPLOY / name).stat().st_mode & 0o111


def test_postgresql_takes_its_settings(postgres: PostgresServer) -> None:
    text = (DEPLOY / "postgresql" / "wx.conf").read_text("utf-8")
    settings = re.findall(r"^(\w+) = '?([^'#\n]+?)'?\s*(?:#.*)?$", text, re.MULTILINE)
    assert len(settings) > 20
    with postgres.connect() as connection:
        for name, value in settings:
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        connection.execute("ALTER SYSTEM RESET ALL")
