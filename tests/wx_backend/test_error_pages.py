"""Errors have a page whatever is wrong: also where the pages' own values need the database that is away."""

import errno
from types import SimpleNamespace
from typing import NoReturn

import pytest
from flask import Blueprint, Flask
from sqlalchemy.exc import OperationalError

AWAY = OperationalError("SELECT 1", {}, Exception("the server closed the connection"))


@pytest.mark.parametrize(
    ("accept", "kind"), [("text/html", "text/html"), ("application/json", "application/json")]
)
def test_a_database_that_is_away_is_answered_503(app: Flask, accept: str, kind: str) -> None:
    mall = Blueprint("away", __name__)

    @mall.context_processor
    def page_values() -> dict[str, object]:
        raise AWAY

    @mall.get("/away")
    def page() -> str:
        raise AWAY

    app.register_blueprint(mall)
    app.testing = False
    answer = app.test_client().get("/away", headers={"Accept": accept})

    assert (answer.status_code, answer.mimetype) == (503, kind)


@pytest.mark.parametrize(
    ("short", "status"),
    [
        (OSError(errno.EMFILE, "Too many open files"), 503),
        (OSError(errno.ENOSPC, "No space left on device"), 503),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), 503),
        (MemoryError(), 503),
        (FileNotFoundError(errno.ENOENT, "No such file"), 500),
    ],
)
@pytest.mark.parametrize("path", ["/short", "/console/short"])
@pytest.mark.parametrize("is_found", [True, False])
def test_a_machine_that_has_nothing_left_is_answered_503_even_without_its_templates(
    app: Flask,
    monkeypatch: pytest.MonkeyPatch,
    short: Exception,
    status: int,
    path: str,
    is_found: bool,
) -> None:
    def page() -> str:
        if status == 503:
            monkeypatch.setattr(app.jinja_env, "get_template", found)
        raise short

    def found(_name: str) -> SimpleNamespace:
        return SimpleNamespace(render=unreadable) if is_found else unreadable()

    def unreadable(**_values: object) -> NoReturn:
        raise OSError(errno.EMFILE, "Too many open files")

    bare = Blueprint("bare", __name__)
    bare.get(path)(page)
    app.register_blueprint(bare)
    app.testing = False
    answer = app.test_client().get(path)

    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert ("unavailable" in answer.text) == (status == 503)
