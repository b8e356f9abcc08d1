"""What only a server can do to its clients: say nothing, or refuse to write, for a while.

These are about PostgreSQL whichever database the run is about.
"""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from flows.arrival.store import open_store
from flows.arrival.threads import Threads
from payments.models import PayNotice
from tests.handlers.conftest import Count, desk_of, is_taken
from tests.handlers.notices import Till, with_merchant
from tests.handlers.outages import HANGS_UP, silent_server
from tests.handlers.platform import Platform, scan
from tests.handlers.platform import text as said
from tests.limits import comes_again, within
from tests.originals import EMPTY
from tests.postgres import PostgresServer
from wx_backend.app import push_messages
from wx_backend.config import Config
from wx_backend.db import db
from wx_backend.inbox import Push
from wx_backend.patience import ANSWER_SECONDS

NAME = "hanging"

pytestmark = pytest.mark.limits


@pytest.fixture
def database_url(postgres: PostgresServer) -> Iterator[str]:
    """A fresh migrated database on the server."""
    with postgres.database(NAME, template=EMPTY) as url:
        yield url


@pytest.fixture
def config(config: Config, tmp_path: Path) -> Config:
    return with_merchant(config, tmp_path)


def test_a_server_that_lives_but_says_nothing_is_given_up_in_time(
    app: Flask, city: Platform, count: Count
) -> None:
    desk = desk_of(app)
    assert is_taken(desk, city.safe(said(number=1)))
    db.session.rollback()
    with silent_server(to_new_clients=True):
        answer = within(ANSWER_SECONDS + 0.5, lambda: desk(city.safe(said(number=2))))
        assert answer.status_code == 503

    assert is_taken(desk, city.safe(said(number=2)))
    assert count(Push) == 2


def test_a_connection_that_says_nothing_is_left_for_another(
    app: Flask, city: Platform, count: Count
) -> None:
    desk = desk_of(app)
    assert is_taken(desk, city.safe(said(number=1)))
    db.session.rollback()

    def is_taken_in_silence() -> bool:
        with silent_server():
            return desk(city.safe(said(number=2))).status_code == 200

    assert comes_again(is_taken_in_silence, bool)  # later than ANSWER_SECONDS it would be refused

    assert is_taken(desk, city.safe(said(number=2)))
    assert count(Push) == 2


def test_a_notice_does_not_wait_longer_for_a_server_that_says_nothing(
    app: Flask, count: Count
) -> None:
    till = Till(app)
    assert till.takes(number=1)
    db.session.rollback()
    with silent_server():
        answer = within(ANSWER_SECONDS + 0.5, lambda: till.post(number=2))
        assert answer.status_code == 503

    assert till.takes(number=2)
    assert count(PayNotice) == 2


def test_a_server_that_takes_connections_and_says_nothing_is_given_up_in_time(
    app: Flask, city: Platform, tmp_path: Path
) -> None:
    messages = push_messages(app)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as silent:
        silent.bind(str(tmp_path / ".s.PGSQL.5432"))
        silent.listen(8)
        store = open_store(f"postgresql+psycopg://wx@/x?host={tmp_path}", Threads(16))
        messages._store, before = store, messages._store
        desk = desk_of(app)
        assert within(HANGS_UP, lambda: desk(city.safe(scan()))).status_code == 503
        messages._store = before
        store.close()


def test_after_a_time_without_writing_rights_nothing_has_to_be_restarted(
    app: Flask, city: Platform, count: Count
) -> None:
    desk = desk_of(app)
    desk(city.safe(said(number=1)))
    read_only = "ALTER DATABASE {} SET default_transaction_read_only = {}"
    name = db.engine.url.database
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as other:
        other.execute(text(read_only.format(name, "on")))
        messages = push_messages(app)
        messages._store.close()  # new connections are of the read-only kind
        assert desk(city.safe(said(number=2))).status_code == 503
        other.execute(text("SET default_transaction_read_only = off"))
        other.execute(text(read_only.format(name, "off")))

    assert is_taken(desk, city.safe(said(number=2)))
    assert count(Push) == 2
