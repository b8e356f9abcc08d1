"""Where the demo keeps its files and where its processes are reached."""

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
# A Unix socket's path may have 107 characters; some room for the name is kept.
LONGEST_SOCKET_PATH = 100


@dataclass(frozen=True)
class Detour:
    """Where the service reaches Valkey and the pretend WeChat when something stands between."""

    redis_url: str
    calls_url: str


@dataclass(frozen=True)
class Places:
    """One demo: its data folder, its ports, and services of somebody else to use instead."""

    data: Path
    port: int = 8000
    simulator_port: int = 9100
    push_port: int = 8100
    redis: str | None = None
    database: str | None = None
    detour: Detour | None = None

    @property
    def url(self) -> str:
        """Where people reach the service."""
        return f"http://{HOST}:{self.port}"

    @property
    def push_url(self) -> str:
        """Where the pretend WeChat reaches the push door."""
        return f"http://{HOST}:{self.push_port}"

    @property
    def simulator_url(self) -> str:
        """Where people reach the pretend WeChat."""
        return f"http://{HOST}:{self.simulator_port}"

    @property
    def calls_url(self) -> str:
        """Where the service reaches it."""
        return self.detour.calls_url if self.detour else self.simulator_url

    @property
    def database_url(self) -> str:
        """The configured database, else a SQLite file in the data folder."""
        return self.database or f"sqlite:///{self.data / 'wx.sqlite'}"

    @property
    def redis_url(self) -> str:
        """The configured server, else the demo's own."""
        if self.detour:
            return self.detour.redis_url
        return self.redis or f"unix://{self.valkey_socket}"

    @property
    def valkey_socket(self) -> Path:
        """The own server's socket: in the data folder, or near the root when that lies too deep."""
        path = self.data / "valkey" / "valkey.sock"
        if len(str(path).encode()) <= LONGEST_SOCKET_PATH:
            return path
        mark = hashlib.sha256(str(path).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"wx-valkey-{mark}.sock"

    @property
    def config(self) -> Path:
        """The configuration file, written anew at every start."""
        return self.data / "config.toml"

    def log(self, name: str) -> Path:
        """The log file of one process."""
        return self.data / "log" / f"{name}.log"
