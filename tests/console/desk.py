"""A staff member's browser on the console."""

import re
from contextvars import Context
from io import BytesIO
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

PASSWORD = "a long enough password"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Desk:
    """One browser: its cookies, and the token of its pages."""

    def __init__(self, app: Flask, browser: FlaskClient | None = None) -> None:
        self.browser = browser or app.test_client()

    def get(self, path: str, **query: str) -> TestResponse:
        """Fetch a page without following redirects."""
        return self._open("GET", path, query_string=query)

    def post(self, path: str, token: str | None = None, **form: str) -> TestResponse:
        """Send a form with the page's token, or with the given one."""
        sent = {"csrf_token": self.token() if token is None else token, **form}
        return self._open("POST", path, data=sent)

    def ask(self, path: str, token: str, **form: str) -> TestResponse:
        """Send a form as a program does, which is told the fields at fault."""
        sent, headers = {"csrf_token": token, **form}, {"Accept": "application/json"}
        return self._open("POST", path, data=sent, headers=headers)

    def upload(self, path: str, file: BytesIO, name: str, **form: str) -> TestResponse:
        """Send a file in a form."""
        sent = {"csrf_token": self.token(), "file": (file, name), **form}
        return self._open("POST", path, data=sent)

    def _open(self, method: str, path: str, **what: Any) -> TestResponse:
        """One request in an application context of its own, as a server gives it."""
        return Context().run(self.browser.open, f"/console{path}", method=method, **what)

    def token(self) -> str:
        """The token that every form of this browser carries."""
        found = _TOKEN.search(self.get("/login").text)
        assert found
        return found[1]

    def sign_in(self, login: str, password: str = PASSWORD) -> TestResponse:
        return self.post("/login", login=login, password=password)
