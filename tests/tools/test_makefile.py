"""The Makefile explains itself and needs nothing but make and a Python."""

import os
import re
import subprocess
from pathlib import Path

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


def test_without_a_python_it_says_what_is_missing(tmp_path: Path) -> None:
    done = make(PATH=str(tmp_path))
    assert done.returncode != 0
    assert "No Python 3.11 or newer found on PATH" in done.stderr


def test_the_server_runs_the_same_command() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text().endswith("exec make test\n")
