"""The door as its server meets it: what it takes, what it refuses, and what a push does not need."""

import subprocess
import sys
from urllib.parse import parse_qsl

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import Client

from handlers.door import QUERY_FIELDS_MAX, read_query
from handlers.messages import Messages
from tests.handlers.conftest import desk_of
from tests.handlers.platform import Platform, query_string, scan
from tests.site import at_door
from wx_backend.app import door_of

HEAVY = ("redis", "rq", "requests", "urllib3", "wechatpy", "PIL", "zxingcpp")
PATH = "/wechat/city/callback"


@pytest.fixture
def door(app: Flask) -> Client:
    """The door alone, as it is served by its process."""
    door = door_of(app)
    return Client(lambda environ, start: at_door(door, environ, start))


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
def test_nothing_but_a_push_and_a_check_is_taken(door: Client, city: Platform, method: str) -> None:
    sent = city.safe(scan())
    answer = door.open(PATH, method=method, query_string=query_string(sent), data=sent.body)
    assert answer.status_code == 405


@pytest.mark.parametrize("path", ["/", "/console/", "/wechat/City/callback", f"{PATH}/", "/x.txt"])
def test_the_door_has_no_pages(door: Client, path: str) -> None:
    assert (door.get(path).status_code, door.post(path).status_code) == (404, 404)


def test_a_monitor_gets_what_the_pages_say(door: Client, app: Flask) -> None:
    pages = app.test_client()
    for path in ("/healthz", "/readyz"):
        assert door.get(path).data == pages.get(path).data
    assert "wx_push_answers" in door.get("/metrics").text


def test_a_stranger_gets_no_figures(door: Client) -> None:
    far = {"REMOTE_ADDR": "198.51.100.7"}
    assert door.get("/metrics", environ_overrides=far).status_code in (403, 404)


def test_a_fault_of_ours_is_a_500_without_words(
    app: Flask, city: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(Messages, "_authentic", fails)
    answer = desk_of(app)(city.safe(scan()))
    assert (answer.status_code, answer.data) == (500, b"failed")


@given(text=st.text(alphabet="ab=&.-_%2+; ", max_size=24) | st.text(max_size=12))
def test_a_query_is_read_as_the_standard_library_reads_it(text: str) -> None:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=QUERY_FIELDS_MAX)
    except ValueError:
        assert read_query(text) is None
    else:
        is_clear = len(dict(pairs)) == len(pairs)
        assert read_query(text) == (dict(pairs) if is_clear else None)


def test_the_push_path_loads_no_client_of_anybody_else() -> None:
    """A push is answered without Redis, without HTTP and without drawing."""
    program = (
        "import sys; import handlers.door, handlers.messages, flows.arrival.store, wx_backend.bell;"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    )

    assert done.stdout.strip() == "[]"
