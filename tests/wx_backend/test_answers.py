"""Every answer has its headers, every error one of two shapes, every route its row."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from psycopg.errors import IdleInTransactionSessionTimeout
from sqlalchemy import text
from sqlalchemy.exc import InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import BadRequest

from flows.payment.address import NOTICE_PATH
from wx_backend import access, clock, migrate
from wx_backend.access import UndeclaredRoute
from wx_backend.db import transaction
from wx_backend.errors import Conflict, NotFound
from wx_backend.outbox import defer, job

FORM = "multipart/form-data; boundary=b"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@job("test.metrics")
def nothing() -> None:
    """Something that waits."""


@pytest.fixture
def raising(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception], None]:
    """Makes the liveness route raise."""
    app.testing = False

    def arm(error: Exception) -> None:
        def fail() -> None:
            raise error

        monkeypatch.setitem(app.view_functions, "health.live", fail)

    return arm


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/nowhere", NOTICE_PATH])
def test_every_answer_has_its_headers(client: FlaskClient, path: str) -> None:
    answers = [client.get(path), client.get(path)]

    for answer in answers:
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert re.fullmatch("[0-9a-f]{16}", answer.headers["X-Request-ID"])
    assert answers[0].headers["X-Request-ID"] != answers[1].headers["X-Request-ID"]


def test_a_program_gets_json_and_a_person_a_page(client: FlaskClient) -> None:
    as_json = client.get("/nowhere", headers={"Accept": "application/json"})
    as_page = client.get("/nowhere", headers={"Accept": "text/html,*/*"})

    assert (as_json.status_code, as_page.status_code) == (404, 404)
    assert as_json.get_json() == {"error": {"code": "not_found", "message": "没有找到"}}
    assert as_page.mimetype == "text/html"
    assert "没有找到" in as_page.get_data(as_text=True)
    assert client.get("/api/nowhere").is_json


def test_a_wrong_method_names_the_right_ones(client: FlaskClient) -> None:
    answer = client.delete("/healthz", headers={"Accept": "application/json"})

    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert answer.get_json()["error"]["code"] == "method_not_allowed"


def test_too_large_is_said_in_the_same_shape(client: FlaskClient) -> None:
    answer = client.post(NOTICE_PATH, data=b"x" * 70_000, headers={"Accept": "application/json"})

    assert (answer.status_code, answer.get_json()["error"]["code"]) == (413, "too_large")


@pytest.mark.parametrize(("parts", "is_taken"), [(1_000, True), (1_001, False)])
@pytest.mark.parametrize("path", ["/console/login", "/console/imports/reps"])
def test_a_form_has_a_thousand_parts_at_most(
    client: FlaskClient, path: str, parts: int, is_taken: bool
) -> None:
    part = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'
    answer = client.post(path, data=part * parts + b"--b--\r\n", content_type=FORM)

    assert (answer.status_code != 413) is is_taken


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Conflict(), 409, "conflict"),
        (NotFound("没有这个订单", number="OD1"), 404, "not_found"),
        (BadRequest(), 400, "bad_request"),
        (OperationalError("SELECT secret", {}, Exception("no server")), 503, "unavailable"),
        (PoolTimeout(), 503, "unavailable"),
        (InternalError("COMMIT", {}, IdleInTransactionSessionTimeout()), 503, "unavailable"),
        (InternalError("SELECT", {}, Exception("a bug")), 500, "fault"),
        (ZeroDivisionError("secret"), 500, "fault"),
    ],
)
def test_errors_leave_in_one_shape_and_tell_nothing_else(
    *,
    client: FlaskClient,
    raising: Callable[[Exception], None],
    error: Exception,
    status: int,
    code: str,
) -> None:
    raising(error)

    answer = client.get("/healthz", headers={"Accept": "application/json"})

    assert (answer.status_code, answer.get_json()["error"]["code"]) == (status, code)
    assert "secret" not in answer.get_data(as_text=True)
    page = client.get("/healthz", headers={"Accept": "text/html"})
    assert page.status_code == status
    assert "secret" not in page.get_data(as_text=True)
    assert page.headers["X-Content-Type-Options"] == "nosniff"


def test_a_way_back_leads_to_our_own_site_only(client: FlaskClient) -> None:
    def back(referrer: str) -> str:
        page = client.get("/nowhere", headers={"Referer": referrer}).get_data(as_text=True)
        found = re.search('href="([^"]*)">返回上一页', page)
        assert found is not None
        return found[1]

    assert back("http://localhost/shop") == "http://localhost/shop"
    for foreign in ("http://evil.example/", "javascript:alert(1)", 'http://localhost.evil/"><b>'):
        assert back(foreign) == "/"


def test_a_host_that_is_none_of_ours_is_answered_with_nothing(client: FlaskClient) -> None:
    for host in ("wx.test", "wx.test:80", "localhost:8000"):
        assert client.get("/healthz", headers={"Host": host}).status_code == 200
    for host in ("evil.example", "wx.test.evil.example", "wx.test@evil.example", ""):
        answer = client.get("/healthz", headers={"Host": host, "Referer": "http://wx.test/"})
        assert answer.status_code == 400
        assert "evil" not in answer.get_data(as_text=True)


def revise(at: str) -> None:
    with transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = :at"), {"at": at})


def test_ready_means_the_schema_is_not_behind_this_version(client: FlaskClient) -> None:
    assert client.get("/healthz").get_json() == {"status": "ok"}
    assert client.get("/readyz").get_json() == {"status": "ok"}
    for at in ("0001", f"{int(migrate.head()) - 1:04d}"):
        revise(at)
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert answer.get_json() == {"status": "schema is behind this version", "at": at}
    with transaction() as session:
        session.execute(text("DELETE FROM alembic_version"))
    assert client.get("/readyz").status_code == 503
    with transaction() as session:
        session.execute(text("DROP TABLE alembic_version"))
    assert client.get("/readyz").get_json() == {"status": "database away"}
    assert client.get("/healthz").status_code == 200


def test_a_process_stays_ready_while_a_later_version_has_migrated(client: FlaskClient) -> None:
    revise(f"{int(migrate.head()) + 1:04d}")
    assert client.get("/readyz").get_json() == {"status": "ok"}


def test_metrics_show_what_waits_and_for_how_long(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction():
        defer(nothing)
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=365))

    figures = client.get("/metrics").get_data(as_text=True)

    assert 'wx_rows{table="job",status="pending"} 1' in figures
    for table in ("push", "job", "notice"):
        assert f'wx_rows{{table="{table}",status="dead"}} 0' in figures
    overdue = re.search(r'wx_overdue_seconds\{table="job"\} (\d+)', figures)
    assert overdue is not None
    assert int(overdue[1]) > 300 * 24 * 3600


def test_a_route_without_a_row_stops_the_start(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    gates = dict.fromkeys(access.Caller, lambda _row: None)
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert endpoints == set(access.TABLE)

    with monkeypatch.context() as patched:
        patched.delitem(access.TABLE, "health.live")
        with pytest.raises(UndeclaredRoute, match=r"health\.live"):
            access.install(app, gates)
    with monkeypatch.context() as patched:
        patched.setitem(access.TABLE, "ghost.show", access.ANYONE)
        with pytest.raises(UndeclaredRoute, match=r"ghost\.show"):
            access.install(app, gates)


def test_a_row_nobody_checks_stops_the_start(app: Flask) -> None:
    with pytest.raises(UndeclaredRoute, match="member"):
        access.install(app, {})
