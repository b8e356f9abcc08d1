"""Errors have a page whatever is wrong: also where the pages' own values need the database that is away."""

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
