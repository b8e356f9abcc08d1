"""Puts the web application together from its configuration."""

from typing import Any

from flask import Flask
from flask_wtf.csrf import CSRFProtect

from wx_backend import access, bell, clock, error_pages, headers, health
from wx_backend.config import Config
from wx_backend.db import db, engine_options, prepare_engine

MAX_BODY_BYTES = 8 * 1024 * 1024

csrf = CSRFProtect()


def create_app(config: Config) -> Flask:
    """The Flask application; the push door stands in front of it (see wsgi.py)."""
    app = Flask("wx_backend", static_folder=None)
    app.config.update(_flask_settings(config))
    app.extensions["wx_config"] = config
    config.service.data_dir.mkdir(parents=True, exist_ok=True)
    clock.follow(config.service.data_dir / "clock-offset" if config.service.movable_clock else None)
    _open_database(app)
    bell.install(config.redis.url)
    csrf.init_app(app)
    error_pages.install(app)
    headers.install(app)
    app.register_blueprint(health.bp)
    access.install(app)
    return app


def _open_database(app: Flask) -> None:
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)


def _flask_settings(config: Config) -> dict[str, Any]:
    url = config.database.url
    is_https = config.service.base_url.startswith("https://")
    return {
        "SECRET_KEY": config.service.secret_key,
        "SQLALCHEMY_DATABASE_URI": url,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(url),
        "MAX_CONTENT_LENGTH": MAX_BODY_BYTES,
        "SESSION_COOKIE_NAME": "wx_session",
        "SESSION_COOKIE_SECURE": is_https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "WTF_CSRF_TIME_LIMIT": None,
        "JSON_AS_ASCII": False,
    }
