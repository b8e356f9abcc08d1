"""A list is turned over at the same address, whatever else stands in its query."""

import pytest
from flask import Flask

from wx_backend.same_page import same_page


@pytest.mark.parametrize(
    ("asked", "turned"),
    [
        ("/a/b", "/a/b?page=2"),
        ("/a/b?page=1&text=x", "/a/b?text=x&page=2"),
        (
            "/a/b?endpoint=x&_method=POST&_external=1",
            "/a/b?endpoint=x&_method=POST&_external=1&page=2",
        ),
        ("/a/b?state=paid&state=placed", "/a/b?state=paid&state=placed&page=2"),
        ("/a/%E6%98%9F?text=%E6%B2%B3%26", "/a/%E6%98%9F?text=%E6%B2%B3%26&page=2"),
    ],
)
def test_another_page_is_at_the_same_address(asked: str, turned: str) -> None:
    with Flask(__name__).test_request_context(asked):
        assert same_page(page=2) == turned


def test_what_is_none_is_taken_out() -> None:
    with Flask(__name__).test_request_context("/a?after=7"):
        assert same_page(after=None) == "/a"


def test_a_service_below_another_address_stays_there() -> None:
    with Flask(__name__).test_request_context("/a", environ_overrides={"SCRIPT_NAME": "/wx"}):
        assert same_page(page=2) == "/wx/a?page=2"
