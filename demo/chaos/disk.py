"""A small disk, which can be filled: memory mounted in a namespace of our own."""

import subprocess
from errno import ENOSPC
from pathlib import Path
from typing import Final

from tools.outside import find

MEGABYTES: Final = 384
BALLAST: Final = "ballast"
PIECE: Final = b"\0" * 65_536


class SmallDisk:
    """A folder that holds so much and no more, until our namespace ends."""

    def __init__(self, folder: Path, *, megabytes: int = MEGABYTES) -> None:
        """Raises OSError where nothing can be mounted."""
        self.folder = folder
        size = f"size={megabytes}m"
        _run("mount", "-t", "tmpfs", "-o", size, "wx-small-disk", str(folder))

    def take_away(self) -> None:
        """The folder is an ordinary one again, and empty."""
        _run("umount", "--lazy", str(self.folder))

    def fill(self) -> None:
        """From now on there is no room for another byte."""
        with (self.folder / BALLAST).open("ab", buffering=0) as ballast:
            for piece in (PIECE, b"\0"):
                try:
                    while ballast.write(piece):
                        pass
                except OSError as error:
                    if error.errno != ENOSPC:
                        raise

    def free(self) -> None:
        """There is room again."""
        (self.folder / BALLAST).unlink(missing_ok=True)


def _run(program: str, *arguments: str) -> None:
    command = (str(find(program)), *arguments)
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise OSError(done.stderr.strip())
