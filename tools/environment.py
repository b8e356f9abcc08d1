"""The virtual environment in `.venv`: made, filled from the hash-locked requirements, and remembered."""

import fcntl
import hashlib
import os
import subprocess
import sys
import time
import venv
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed"
LOCKS = {
    "runtime": ROOT / "requirements" / "runtime.txt",
    "dev": ROOT / "requirements" / "dev.txt",
}


class SetUpFailed(Exception):
    """The environment could not be made; the message says what to do."""


def ensure(group: str) -> Path:
    """The environment's Python with `group` ("runtime" or "dev") installed; costs nothing the second time.

    Raises SetUpFailed.
    """
    if not is_installed(group):
        with _alone():
            if not is_installed(group):
                _make_venv()
                _install(group)
    return PYTHON


def is_installed(group: str) -> bool:
    """Whether the lock file of `group`, or the development lock that contains it, is what was installed."""
    if not (PYTHON.exists() and STAMP.exists()):
        return False
    installed = STAMP.read_text().split()
    return any(_fingerprint(name) in installed for name in {group, "dev"})


def _fingerprint(group: str) -> str:
    return hashlib.sha256(LOCKS[group].read_bytes()).hexdigest()


@contextmanager
def _alone() -> Iterator[None]:
    """Two commands started together must not fill one folder."""
    with (ROOT / "requirements" / "runtime.txt").open() as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _make_venv() -> None:
    if _runs(PYTHON):
        return
    if find_spec("ensurepip") is None:
        raise SetUpFailed(
            f"{sys.executable} cannot make virtual environments: its 'ensurepip' is missing.\n"
            "On Debian or Ubuntu install the package python3-venv; elsewhere use a complete Python\n"
            "and name it: make PYTHON=/path/to/python3 ..."
        )
    print(f"making {VENV.name} with Python {sys.version.split()[0]} ...", flush=True)
    try:
        venv.create(VENV, clear=True, with_pip=True, symlinks=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SetUpFailed(f"the virtual environment could not be made: {error}") from error


def _runs(python: Path) -> bool:
    """Whether the folder holds a working environment (its Python may have been removed since)."""
    if not python.exists():
        return False
    probe = [str(python), "-c", "import pip, sys; sys.exit(sys.version_info < (3, 11))"]
    return subprocess.run(probe, check=False, stderr=subprocess.DEVNULL).returncode == 0


def _install(group: str) -> None:
    STAMP.unlink(missing_ok=True)
    started = time.monotonic()
    total = sum(1 for line in LOCKS[group].read_text().splitlines() if line[:1].isalnum())
    print(f"installing up to {total} packages for '{group}' ...", flush=True)
    # The lock is complete. Asked for dependencies, pip would see newer ones than it names.
    command = [
        *(str(PYTHON), "-m", "pip", "install", "--require-hashes", "--no-deps", "--no-input"),
        *("--disable-pip-version-check", "--progress-bar", "off", "-r", str(LOCKS[group])),
    ]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as pip:
        tail = _progress(pip.stdout or iter(()), total)
    if pip.returncode != 0:
        raise SetUpFailed(
            "\n".join(tail) + "\n\npip could not install the packages (its last lines are above).\n"
            "Is a package index reachable from here? pip reads PIP_INDEX_URL and HTTPS_PROXY.\n"
            "Run the same command again when it is; what was done is kept."
        )
    STAMP.write_text(_fingerprint(group) + "\n")
    print(f"installed in {time.monotonic() - started:.0f} s", flush=True)


def _progress(lines: Iterator[str], total: int) -> list[str]:
    """Show pip's pace, a line for every tenth package; its last lines are returned."""
    tail: deque[str] = deque(maxlen=15)
    seen = 0
    for line in lines:
        tail.append(line.rstrip())
        if line.startswith(("Collecting ", "Requirement already satisfied")):
            seen += 1
            if seen % 10 == 0:
                print(f"  {seen} of {total} found", flush=True)
        elif line.startswith("Installing collected"):
            print("  unpacking ...", flush=True)
    return list(tail)
