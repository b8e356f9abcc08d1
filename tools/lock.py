"""Write requirements/*.txt anew from pyproject.toml: every package with its hashes, no host named.

Arguments go on to uv: `--upgrade` takes newer versions, `--upgrade-package NAME` one of them.
"""

import subprocess
import sys
from pathlib import Path

from tools.environment import PYTHON, ROOT

UV = PYTHON.parent / "uv"
COMPILE = ("pip", "compile", "--universal", "--generate-hashes", "--no-header", "--quiet")


def main() -> None:
    """Compile the runtime lock, then the development lock within its versions."""
    program = str(uv())
    runtime, dev = "requirements/runtime.txt", "requirements/dev.txt"
    common = (program, *COMPILE, "--python-version", "3.11", *sys.argv[1:], "pyproject.toml")
    _run(*common, "--output-file", runtime)
    _run(*common, "--group", "dev", "--constraint", runtime, "--output-file", dev)
    print(f"wrote {runtime} and {dev}; the next command installs what changed")


def uv() -> Path:
    """uv's program, installed beside the others when it is missing."""
    if not UV.exists():
        _run(sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "uv")
    return UV


def _run(*command: str) -> None:
    if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
        sys.exit(f"failed: {' '.join(command)}")


if __name__ == "__main__":
    main()
