"""Ours: the database and its role, the bell, the addresses people and WeChat come to."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import text

from flows.doctor.findings import Finding, fine, left_out, todo
from org.roster import names_of_nodes
from wechat.transport import Request, Response
from wx_backend import migrate
from wx_backend.config import Config
from wx_backend.db import db
from wx_backend.errors import PlatformError
from wx_backend.platform import transport
from wx_backend.stops import open_stops, stopped_places

PAGE: Final = "/healthz"
BY_BYTES: Final = "SELECT 'Z' < 'a'"  # no dictionary has capitals first


def service_findings(config: Config, base_url: str) -> Iterator[Finding]:
    """Look at what this service stands on, from the inside and through its public address."""
    yield _revision()
    yield _role()
    yield _order_of_texts()
    yield _bell(config)
    yield _stops()
    yield _address(base_url)
    for name, content in config.wechat.verification_files.items():
        yield _verification_file(base_url, name, content)


def fetched(url: str, *, api: str) -> Response | str:
    """What an address of ours answers; why not, if it cannot be reached."""
    try:
        return transport().send(Request("GET", url, api))
    except PlatformError as error:
        return error.code


def _revision() -> Finding:
    at = db.session.scalar(text("SELECT version_num FROM alembic_version"))
    db.session.rollback()
    name, newest = "database revision", migrate.head()
    if at == newest:
        return fine(name, f"{at}, as this version needs it")
    if migrate.is_behind(at):
        return todo(name, f"{at}, this version needs {newest}", "run `migrate`")
    return todo(
        name, f"{at}, this version ends at {newest}", "restart with the version that migrated"
    )


def _role() -> Finding:
    """On PostgreSQL the service's own role may add to the ledger and never change it."""
    name = "database role"
    if db.engine.dialect.name != "postgresql":
        return left_out(name, "SQLite has no roles: for one machine only")
    asked = text("SELECT current_user, has_table_privilege(current_user, 'posting', 'UPDATE')")
    user, may_change = db.session.execute(asked).one()
    db.session.rollback()
    if not may_change:
        return fine(name, f"{user} cannot change postings")
    return todo(
        name,
        f"{user} may change postings",
        "connect as wx_app, and have the owner run deploy/postgresql/roles.sql",
    )


def _order_of_texts() -> Finding:
    """Beginnings of numbers are looked up by an index only where texts are sorted by their bytes."""
    name = "database order of texts"
    if db.engine.dialect.name != "postgresql":
        return left_out(name, "SQLite sorts by bytes")
    is_by_bytes = db.session.scalar(text(BY_BYTES))
    db.session.rollback()
    if is_by_bytes:
        return fine(name, "by their bytes")
    return todo(
        name,
        "by the rules of a language: looking for the beginning of a number reads whole tables",
        "back it up, and restore it: deploy/backup/restore.sh makes a database that sorts by bytes",
    )


def _bell(config: Config) -> Finding:
    name = "bell (Redis or Valkey)"
    if config.redis.url is None:
        return left_out(name, "none configured: workers find their work within three seconds")
    from redis import Redis
    from redis.exceptions import RedisError

    try:
        Redis.from_url(config.redis.url, socket_timeout=2, socket_connect_timeout=2).ping()
    except RedisError as error:
        return todo(name, f"does not answer: {type(error).__name__}", "start it, or mend redis.url")
    return fine(name, "answers")


def _stops() -> Finding:
    held = {str(line): row for line, row in open_stops().items()}
    places = stopped_places()
    names = names_of_nodes(places)
    held |= {f"payouts of {names[node_id]}": row for node_id, row in places.items()}
    said = "; ".join(f"{what}: {row.reason} ({row.stopped_by})" for what, row in held.items())
    db.session.rollback()
    if not said:
        return fine("stops", "nothing is held")
    return todo("stops", said, "once it is safe, `resume` each of these lines")


def _address(base_url: str) -> Finding:
    name = "public address"
    parts = urlsplit(base_url)
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost"):
        return todo(name, f"{base_url} is not https", "WeChat opens https pages only")
    answer = fetched(f"{base_url}{PAGE}", api=PAGE)
    if isinstance(answer, Response) and answer.status == 200:
        return fine(name, f"{base_url} leads here")
    said = answer if isinstance(answer, str) else f"HTTP {answer.status}"
    return todo(
        name,
        f"{base_url}{PAGE}: {said}",
        "point the domain's DNS and the reverse proxy at this service; check its certificate",
    )


def _verification_file(base_url: str, file: str, content: str) -> Finding:
    name = f"domain file {file}"
    answer = fetched(f"{base_url}/{file}", api="/verification_file")
    if isinstance(answer, Response) and answer.body == content.encode():
        return fine(name, "served at the root")
    said = answer if isinstance(answer, str) else f"HTTP {answer.status}, or another content"
    return todo(name, said, "let the reverse proxy pass /*.txt on, then save the domain again")
