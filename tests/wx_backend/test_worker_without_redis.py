"""A worker bears that Redis is away: it says so and listens again."""

import logging
from pathlib import Path

import pytest
from redis import Redis

from wx_backend import outbox, worker


def test_no_redis_is_no_reason_to_end(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    nowhere = Redis.from_url(f"unix://{tmp_path / 'nobody.sock'}", retry=None)
    with caplog.at_level(logging.WARNING):
        assert not worker._listen(nowhere, outbox.WORK)
    assert "redis is away" in caplog.messages
