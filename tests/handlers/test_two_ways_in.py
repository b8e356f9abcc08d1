"""Door and route give the same answer, and the door loads nothing that a push does not need."""

import subprocess
import sys
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import Client, TestResponse

from handlers.door import QUERY_FIELDS_MAX, read_query
from tests.handlers.platform import NOON, Platform, Sent, event, follow, query_string, scan, text
from wx_backend.app import with_door

HEAVY = ("redis", "rq", "requests", "urllib3", "wechatpy", "PIL", "zxingcpp")

said = st.one_of(
    st.builds(scan, st.sampled_from(["alice", "x"]), at=st.integers(NOON, NOON + 3)),
    st.builds(follow, st.sampled_from(["alice", "x"]), at=st.integers(NOON, NOON + 3)),
    st.builds(text, st.text(max_size=20), number=st.integers(1, 9)),
    st.builds(event, st.sampled_from(["unsubscribe", "CLICK", "VIEW", "novelty"])),
    st.binary(max_size=60),
)
changes = st.dictionaries(
    st.sampled_from(["msg_signature", "timestamp", "nonce", "encrypt_type", "signature"]),
    st.sampled_from(["", "x", "raw", "aes", "0", "\ud800", "签"]),
    max_size=2,
)
bodies = st.sampled_from(["whole", "cut", "empty", "padded"])


@pytest.fixture
def ways(app: Flask) -> tuple[Client, Client]:
    return Client(with_door(app)), Client(app.wsgi_app)


def request(
    platform: Platform, content: Any, form: str, changed: Mapping[str, str], body: str
) -> Sent:
    sent = platform.safe(content, form=form)
    raw = {
        "whole": sent.body,
        "cut": sent.body[: len(sent.body) // 2],
        "empty": b"",
        "padded": sent.body + b" \n",
    }[body]
    return Sent({**sent.query, **changed}, raw)


def answer(client: Client, sent: Sent, name: str) -> TestResponse:
    query = query_string(
        Sent({k: v.encode("utf-8", "replace").decode() for k, v in sent.query.items()}, b"")
    )
    return client.post(f"/wechat/{name}/callback", query_string=query, data=sent.body)


def opened(platform: Platform, response: TestResponse) -> object:
    """What an answer says, without what differs in every envelope."""
    if response.status_code != 200 or not response.data:
        return response.data
    reply = platform.opened(response.data, form="json" if response.is_json else "xml")
    return {name: value for name, value in reply.items() if name != "CreateTime"}


@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    content=said,
    form=st.sampled_from(["xml", "json"]),
    changed=changes,
    body=bodies,
    name=st.sampled_from(["city", "city", "city", "plain", "nobody"]),
)
def test_door_and_route_answer_alike(
    ways: tuple[Client, Client],
    city: Platform,
    *,
    content: Any,
    form: str,
    changed: dict[str, str],
    body: str,
    name: str,
) -> None:
    sent = request(city, content, form, changed, body)
    at_door, at_route = (answer(way, sent, name) for way in ways)

    assert at_door.status_code == at_route.status_code
    assert at_door.status_code in (200, 403, 404)
    assert at_door.content_type == at_route.content_type
    assert opened(city, at_door) == opened(city, at_route)
    for header in ("X-Content-Type-Options", "Cache-Control", "Content-Length"):
        assert (header in at_door.headers) == (header in at_route.headers)


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
