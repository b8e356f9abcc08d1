"""TCP ports: whether one is free, and who has it when it is not."""

import socket
from contextlib import suppress
from pathlib import Path

from demo.places import HOST
from demo.refusal import CannotStart

LISTENING = "0A"
PROC = Path("/proc")


def require_free(port: int, *, option: str, purpose: str) -> None:
    """Raise CannotStart when something listens on the port, with a free one to use instead."""
    if is_free(port):
        return
    other = next((free for free in range(port + 1, port + 200) if is_free(free)), port + 1)
    raise CannotStart(
        f"Port {port}, meant for {purpose}, is taken{_by(port)}.\n"
        f"Stop that, or use another port: make demo {option}={other}"
    )


def free_port() -> int:
    """A loopback port nobody listens on at this moment."""
    with socket.create_server((HOST, 0)) as server:
        port: int = server.getsockname()[1]
        return port


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _by(port: int) -> str:
    """Who has the port, where Linux tells us."""
    inodes = _listening_inodes(port)
    for folder in PROC.glob("[0-9]*"):
        with suppress(OSError):
            if any(str(link.readlink()) in inodes for link in (folder / "fd").iterdir()):
                return f" by '{(folder / 'comm').read_text().strip()}' (process {folder.name})"
    return ""


def _listening_inodes(port: int) -> set[str]:
    found = set()
    for table in (PROC / "net" / "tcp", PROC / "net" / "tcp6"):
        with suppress(OSError):
            for line in table.read_text().splitlines()[1:]:
                columns = line.split()
                if columns[3] == LISTENING and int(columns[1].rpartition(":")[2], 16) == port:
                    found.add(f"socket:[{columns[9]}]")
    return found
