"""A request that was answered stays answered when the server goes before its session ends.

About PostgreSQL whichever database the run is about: only a server can hang up.
"""

from collections.abc import Iterator
from contextvars import Context

import pytest
from flask import Flask, Response
from sqlalchemy import text

from tests.originals import EMPTY
from tests.postgres import PostgresServer
from wx_backend.db import db

PID = text("SELECT pg_backend_pid()")
END = text("SELECT pg_terminate_backend(:pid, 5000)")


@pytest.fixture
def database_url(postgres: PostgresServer) -> Iterator[str]:
    """A fresh migrated database on the server."""
    with postgres.database("session_ends", template=EMPTY) as url:
        yield url


def test_the_answer_stands_when_the_server_hangs_up_after_it(app: Flask) -> None:
    def hang_up(response: Response) -> Response:
        pid = db.session.scalar(PID)
        with db.engine.connect() as other:
            assert other.scalar(END, {"pid": pid})
        return response

    app.after_request(hang_up)
    client = app.test_client()
    for _ in range(2):  # the second: nothing of the first is left in the pool
        answer = Context().run(client.get, "/healthz")
        assert (answer.status_code, answer.get_json()) == (200, {"status": "ok"})
