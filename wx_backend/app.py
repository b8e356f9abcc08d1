"""Puts the web application together from its configuration."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFProtect

from console import routes as console
from console.session import require_staff
from flows.arrival.known import Known
from flows.arrival.store import Store, open_store
from flows.arrival.threads import Threads
from handlers import billing, pay, real_name, wechat
from handlers.door import Door
from handlers.messages import Messages
from members.vault import Vault
from storefront import routes as storefront
from storefront import session as mall
from storefront.sign_in import require_member
from terminal import routes as terminal
from terminal.session import Person, require_rep, seat
from wx_backend import access, bell, clock, error_pages, headers, health, limits, plain, tables
from wx_backend.carried import CarriedSessions, is_carried
from wx_backend.config import BadConfig, Config
from wx_backend.db import db, let_go
from wx_backend.engine import engine_options, prepare_engine
from wx_backend.json_answers import InstantsInJson
from wx_backend.late_rules import LateRule
from wx_backend.platform import Clients
from wx_backend.row_ids import RowId
from wx_backend.strangers import require_monitor

MAX_BODY_BYTES = 8 * 1024 * 1024
ALONE_AT_ONCE, ASKING_AT_ONCE = (
    16,
    4,
)  # pushes stored each by itself; those whose reply is looked up

csrf = CSRFProtect()


def create_app(config: Config) -> Flask:
    """The Flask application: everything but the platform's pushes, which come to the door."""
    app = _flask()
    app.config.update(_flask_settings(config))
    app.extensions["wx_config"] = config
    app.extensions["wx_clients"] = Clients(app)
    _check_vault(config)
    config.service.data_dir.mkdir(parents=True, exist_ok=True)
    clock.follow(config.service.data_dir / "clock-offset" if config.service.movable_clock else None)
    _open_database(app)
    bell.install(config.redis.url)
    _want_page_tokens(app)
    error_pages.install(app, storefront.error_look)
    headers.install(app)
    plain.install(app)
    limits.install(app, config)
    app.register_blueprint(health.bp)
    app.register_blueprint(wechat.bp)
    app.register_blueprint(pay.bp)
    csrf.exempt(wechat.bp)
    csrf.exempt(pay.bp)
    app.register_blueprint(billing.bp)
    csrf.exempt(billing.bp)
    app.register_blueprint(real_name.bp)
    csrf.exempt(real_name.bp)
    app.register_blueprint(storefront.bp)
    app.register_blueprint(console.bp)
    app.register_blueprint(terminal.bp)
    access.install(app, gates=GATES)
    return app


def _flask() -> Flask:
    app = Flask("wx_backend", static_folder=None)
    app.url_rule_class = LateRule
    app.url_map.converters["int"] = RowId
    app.session_interface = CarriedSessions()
    app.json = InstantsInJson(app)
    return app


def _want_page_tokens(app: Flask) -> None:
    """What a page of ours sends bears its token; a program, which has no page, sends none."""
    csrf.init_app(app)

    def check() -> None:
        if not is_carried():
            csrf.protect(apply_exemptions=True)

    app.before_request(check)


def _require_member(row: access.Access) -> ResponseReturnValue | None:
    """People sign in at the mall; the terminal is told who came in."""
    answer = require_member(row)
    if answer is None:
        viewer = mall.member()
        seat(Person(viewer.identity_id, viewer.member_id, viewer.appid))
    return answer


def _require_rep(row: access.Access) -> ResponseReturnValue | None:
    answer = _require_member(row)
    return require_rep() if answer is None else answer


GATES: Mapping[access.Caller, access.Gate] = {
    access.Caller.MEMBER: _require_member,
    access.Caller.REP: _require_rep,
    access.Caller.STAFF: require_staff,
    access.Caller.MONITOR: require_monitor,
}


def _check_vault(config: Config) -> None:
    try:
        Vault.of(config.privacy)
    except ValueError as error:
        raise BadConfig([f"privacy.key: {error}: make another one"]) from error


def _open_database(app: Flask) -> None:
    app.extensions["wx_metadata"] = tables.metadata  # every table is known before the first query
    db.init_app(app)
    app.teardown_appcontext(
        lambda _error: let_go()
    )  # before the one of `db`: last come, first served
    with app.app_context():
        prepare_engine(db.engine)


def close_app(app: Flask) -> None:
    """Close the connections an application holds open; nothing may be under way in it any more."""
    if "wx_store" in app.extensions:
        push_store(app).close()
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


def push_store(app: Flask) -> Store:
    """Where pushes are kept; opened for the first who asks, closed with the application."""
    store: Store | None = app.extensions.get("wx_store")
    if store is None:
        url = app.extensions["wx_config"].database.url
        store = app.extensions["wx_store"] = open_store(url, Threads(ALONE_AT_ONCE))
    return store


def push_messages(app: Flask) -> Messages:
    """What answers pushes; made for the first who asks."""
    messages: Messages | None = app.extensions.get("wx_messages")
    if messages is None:
        config: Config = app.extensions["wx_config"]
        known = Known(app.app_context)
        messages = Messages(config, push_store(app), known, Threads(ASKING_AT_ONCE))
        app.extensions["wx_messages"] = messages
    return messages


def door_of(app: Flask) -> Door:
    """The door for the platform's pushes, which a process of its own serves (door_process)."""
    return Door(push_messages(app), app.wsgi_app)


def _flask_settings(config: Config) -> dict[str, Any]:
    url = config.database.url
    is_https = config.service.base_url.startswith("https://")
    return {
        "SECRET_KEY": config.service.secret_key,
        "TRUSTED_HOSTS": [urlsplit(config.service.base_url).netloc, *config.service.extra_hosts],
        "SQLALCHEMY_DATABASE_URI": url,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(url),
        "MAX_CONTENT_LENGTH": MAX_BODY_BYTES,
        "SESSION_COOKIE_NAME": "wx_session",
        "SESSION_COOKIE_SECURE": is_https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_CHECK_DEFAULT": False,  # by `_want_page_tokens`
        "JSON_AS_ASCII": False,
    }
