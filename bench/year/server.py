"""PostgreSQL as production has it, on what this machine can spare."""

from typing import Final

from tests.postgres import PostgresServer

# As deploy/postgresql/wx.conf, but for the sizes.
SETTINGS: Final = (
    "shared_buffers=2GB",
    "effective_cache_size=8GB",
    "work_mem=16MB",
    "random_page_cost=1.1",
    "max_wal_size=8GB",
    "checkpoint_timeout=15min",
    "wal_compression=on",
    "max_connections=200",
    "autovacuum_naptime=15s",
    "track_io_timing=off",
)


def large_server() -> PostgresServer:
    """A durable server for years of any size."""
    return PostgresServer(durable=True, settings=SETTINGS)
