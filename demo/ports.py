"""TCP ports: whether one is free, and who has it when it is not."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
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


@contextmanager
def held_ports(count: int) -> Iterator[tuple[int, ...]]:
    """Loopback ports that nobody is given meanwhile; who is told of one can listen on it, again and again."""
    with ExitStack() as stack:
        held = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in held:
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            each.bind((HOST, 0))  # and never listens
        yield tuple(each.getsockname()[1] for each in held)


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
