"""On what a session of benches ran: the machine, versions, the commit."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from demo.valkey import server_binary
from tools import outside
from tools.postgres_binaries import binaries

ROOT: Final = Path(__file__).resolve().parent.parent
PACKAGES: Final = (
    *("flask", "sqlalchemy", "psycopg", "granian", "gunicorn", "rq", "cryptography", "pillow"),
    *("wechatpy", "wechatpayv3"),
)
GIGABYTE: Final = 2**30


def heading() -> str:
    """The first lines of the report."""
    now = datetime.now(UTC)  # noqa: TID251 - when the report was made, nothing of the business
    lines = {
        "when": f"{now:%Y-%m-%d %H:%M} UTC",
        "commit": commit(),
        "machine": f"{platform.machine()}, {_processor()}, {os.cpu_count()} cores, {_memory()}, {platform.release()}",
        "load before": " ".join(f"{each:.1f}" for each in os.getloadavg()),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "PostgreSQL": outside.version(binaries() / "postgres"),
        "Valkey": outside.version(server_binary()),
        "packages": ", ".join(f"{name} {version(name)}" for name in PACKAGES),
    }
    told = "\n".join(f"- **{name}**: {value}" for name, value in lines.items())
    return (
        f"# Figures\n\n{told}\n\nThe load generator and the database share these cores with the server. Quote "
        "ratios, not absolute figures. Medians of rounds, contenders of one ratio in turn within each round.\n"
    )


def commit() -> str:
    """The commit of this checkout, and whether it was changed since."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()


def _processor() -> str:
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        if line.startswith("model name")
    ]
    return names[0] if names else "unknown processor"


def _memory() -> str:
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return f"{pages * size / GIGABYTE:.0f} GB of memory"
