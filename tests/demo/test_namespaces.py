"""Namespaces of our own: entered where a machine allows it, said loudly where it does not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from demo import namespaces
from demo.hosts import __main__ as hosts
from demo.hosts import network
from demo.namespaces import INSIDE, enter

ROOT = Path(__file__).resolve().parents[2]


def test_who_is_inside_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "execv", lambda *_: pytest.fail("entered twice"))
    enter("demo.hosts", [INSIDE], "--net")


def test_where_it_is_not_allowed_the_program_goes_on_outside(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(namespaces, "find", lambda _: "/bin/false")
    monkeypatch.setattr(os, "execv", lambda *_: pytest.fail("entered"))
    enter("demo.hosts", [], "--net")


def test_hosts_that_cannot_be_made_are_left_out_loudly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(network, "find", lambda _: "/bin/false")
    assert hosts.main([]) == hosts.LEFT_OUT
    assert "LEFT OUT: several hosts" in capsys.readouterr().err


@pytest.mark.processes
def test_hosts_are_made_without_root_where_that_is_allowed() -> None:
    before = ("unshare", "--user", "--map-root-user", "--net", "--mount")
    if subprocess.run((*before, "true"), check=False, capture_output=True).returncode:
        pytest.skip("this machine allows no user namespaces")
    look = (
        "from demo.hosts.network import prepare_inside, why_no_hosts\n"
        "prepare_inside()\nprint(why_no_hosts() or 'made')"
    )
    made = subprocess.run(
        (*before, sys.executable, "-c", look), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert made.stdout == "made\n", made.stderr
