"""Small stand-ins for the service's processes."""

import socket
import sys
from pathlib import Path

from demo.program import Health, Program

SERVER = """
import socket, sys, time
server = socket.socket(socket.AF_UNIX); server.bind(sys.argv[1]); server.listen()
print("ready", flush=True)
time.sleep(60)
"""
SLEEPER = "import time; time.sleep(60)"
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(60)
"""
FAMILY = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""
FAILS = "import sys; print('no such table: share'); sys.exit(3)"


def program(folder: Path, name: str, code: str, *arguments: str, **options: object) -> Program:
    """A program running `code` in a Python of its own; options are those of Program."""
    command = (sys.executable, "-S", "-c", code, *arguments)
    settings = {"settle_seconds": 0.2, "start_seconds": 10.0} | options
    return Program(name, command, log=folder / f"{name}.log", **settings)  # type: ignore[arg-type] # mixed on purpose


def listens_at(path: Path) -> Health:
    """Well when the Unix socket takes a connection."""

    def check(_pid: int) -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(str(path)) == 0

    return check


def server(folder: Path, name: str = "server") -> Program:
    """A program that is well once its Unix socket listens; it takes a fresh socket each time."""
    path = folder / f"{name}.sock"
    code = f"import os; os.path.exists({str(path)!r}) and os.unlink({str(path)!r})\n{SERVER}"
    return program(folder, name, code, str(path), health=listens_at(path))
