"""The Makefile explains itself and needs nothing but make and a Python."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tools.outside import find

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()


def make(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run make in the project with exactly this environment."""
    return subprocess.run(
        [str(find("make")), *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_make_alone_prints_every_target() -> None:
    shown = make(PATH=os.environ["PATH"]).stdout
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.M)
    assert phony
    targets = set(phony[1].split()) - {"help"}
    assert set(re.findall(r"^  make ([a-z]+) +\S", shown, re.M)) == targets


def test_recipes_call_only_python() -> None:
    recipes = re.findall(r"^\t@(.*)$", MAKEFILE, re.M)
    assert recipes
    assert all(re.match(r"\$\((PYTHON|RUNTIME|DEV)\) -m ", recipe) for recipe in recipes)


@pytest.mark.parametrize(
    ("asked", "environment", "read"),
    [
        (("CONFIG=one.toml",), {}, "one.toml"),
        ((), {"WX_CONFIG": "two.toml"}, "two.toml"),
        (("CONFIG=one.toml",), {"WX_CONFIG": "two.toml"}, "one.toml"),
        ((), {}, "config.toml"),
    ],
)
def test_doctor_reads_the_configuration_it_is_told(
    tmp_path: Path, asked: tuple[str, ...], environment: dict[str, str], read: str
) -> None:
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "$WX_CONFIG: $*"\n')
    python.chmod(0o700)
    arguments = ("doctor", f"RUNTIME={python}", "ARGS=--trial-order SO1", *asked)

    done = make(*arguments, PATH=os.environ["PATH"], **environment)

    assert done.stdout == f"{read}: -m wx_backend.cli doctor --trial-order SO1\n", done.stderr


def test_doctor_says_which_file_is_missing(tmp_path: Path) -> None:
    missing = tmp_path / "none.toml"
    done = make("doctor", f"CONFIG={missing}", PATH=os.environ["PATH"])
    assert done.returncode != 0
    assert str(missing) in done.stderr


def test_without_a_python_it_says_what_is_missing(tmp_path: Path) -> None:
    done = make(PATH=str(tmp_path))
    assert done.returncode != 0
    assert "No Python 3.11 or newer found on PATH" in done.stderr


def test_the_server_runs_the_same_command() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text().endswith("exec make test\n")
