"""Binaries of the machine: found on PATH, then in the usual folders; said with their versions."""

import os
import shutil
import subprocess
from pathlib import Path

USUAL_FOLDERS = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin")


def find(*names: str) -> Path | None:
    """The first of `names` on PATH, else in the usual folders (PATH may be very short); None if missing."""
    folders = os.pathsep.join((os.environ.get("PATH", ""), *USUAL_FOLDERS))
    for name in names:
        if found := shutil.which(name, path=folders):
            return Path(found)
    return None


def version(binary: Path, option: str = "--version") -> str:
    """The first line a binary prints about its version; "unknown" when it will not say."""
    try:
        answer = subprocess.run(
            [str(binary), option], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    lines = (answer.stdout or answer.stderr).strip().splitlines()
    return lines[0] if lines else "unknown"
