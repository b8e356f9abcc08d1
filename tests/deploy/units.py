"""What systemd does with our units, as far as their restart goes: `systemctl restart UNIT ...`.

A unit is started by the ExecStart of its own file, on this checkout, and waited for by its
ExecStartPost. BROKEN names one whose new version does not come up.
"""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
CURRENT: Final = "/opt/wx-backend/current"
STOP_SECONDS: Final = 30.0
PROGRAM: Final = """#!{python}
import sys
sys.path.insert(0, {root!r})
from tests.deploy.units import main
sys.exit(main({folder!r}, sys.argv[1:]))
"""


@dataclass(frozen=True)
class Unit:
    """A unit by its name, `wx-web@8101.service`; its process id and its log are in a folder."""

    name: str
    folder: Path

    @property
    def pid(self) -> int | None:
        """Its process, if it was ever started."""
        file = self.folder / f"{self.name}.pid"
        return int(file.read_text()) if file.exists() else None

    def start(self) -> None:
        """Begin its process and come back at once."""
        environment = os.environ | ({"WX_CONFIG": "/nowhere"} if self._is_broken else {})
        with (self.folder / f"{self.name}.log").open("ab") as log:
            process = subprocess.Popen(
                self._command("ExecStart"),
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        (self.folder / f"{self.name}.pid").write_text(str(process.pid))

    def is_up(self) -> bool:
        """Whether it is there, as its unit wants it to be seen; waits for it."""
        seen = self._command("ExecStartPost")
        if not seen:
            return True
        return (
            subprocess.run([*seen, "3" if self._is_broken else "90"], check=False).returncode == 0
        )

    def is_running(self) -> bool:
        """Whether its process has not ended."""
        return self.pid is not None and not _has_ended(self.pid)

    def stop(self) -> None:
        """Ask it to end, and wait; end it where it does not listen."""
        if self.pid is None:
            return
        end = time.monotonic() + STOP_SECONDS
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        while not _has_ended(self.pid) and time.monotonic() < end:
            time.sleep(0.05)
        self.end()

    def end(self) -> None:
        """End all that is left of it."""
        if self.pid is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    @property
    def _is_broken(self) -> bool:
        return os.environ.get("BROKEN") == self.name

    def _command(self, key: str) -> list[str]:
        template, at, instance = self.name.removesuffix(".service").partition("@")
        text = (ROOT / "deploy" / "systemd" / f"{template}{at}.service").read_text("utf-8")
        found = re.search(rf"^{key}=(.+)$", text, re.MULTILINE)
        if found is None:
            return []
        said = found[1].replace(f"{CURRENT}/.venv", sys.prefix).replace(CURRENT, str(ROOT))
        return shlex.split(said.replace("%i", instance))


def _has_ended(pid: int) -> bool:
    try:  # it may be gone between any two looks
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
    return stat.rpartition(")")[2].split()[0] == "Z"


def install(folder: Path) -> None:
    """Put a `systemctl` into a folder of its own: to be found by PATH."""
    program = folder / "bin" / "systemctl"
    program.parent.mkdir()
    names = {"python": sys.executable, "root": str(ROOT), "folder": str(folder)}
    program.write_text(PROGRAM.format(**names))
    program.chmod(0o755)


def main(folder: str, arguments: Sequence[str]) -> int:
    """As systemctl: 0, or 1 once a unit was not up. Several are started at once, and restarted in turn."""
    units = [Unit(name, Path(folder)) for name in arguments[1:]]
    if arguments[0] == "start":
        for unit in units:
            unit.start()
        return int(not all(unit.is_up() for unit in units))
    for unit in units if arguments[0] == "restart" else ():
        with (unit.folder / "restarted").open("a") as log:
            log.write(f"{unit.name}\n")
        unit.stop()
        unit.start()
        if not unit.is_up():
            return 1
    return 0
