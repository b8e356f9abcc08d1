"""A mini-program in somebody's hands: it draws its own pages, has no cookies, and carries its session itself."""

from contextvars import Context
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from tests.simulator.stage import Stage
from wx_backend.carried import HEADER

NAME = "mini"
APPID = "wxfedcba9876543210"


class Program:
    """One running mini-program; `session` is what it sends along, and goes on with."""

    def __init__(self, app: Flask, wechat: Stage, owner: str) -> None:
        self._client = app.test_client(use_cookies=False)
        self._wechat = wechat
        self._base_url = app.extensions["wx_config"].service.base_url
        self.owner, self.session = owner, ""

    def get(self, path: str, **headers: str) -> TestResponse:
        return self._send(path, method="GET", headers=headers)

    def post(self, path: str, /, **content: Any) -> TestResponse:
        return self._send(path, method="POST", headers={}, json=content)

    def code(self) -> str:
        """What `wx.login` gives."""
        return str(self._wechat.act(self.owner, "login", appid=APPID)["code"])

    def sign_in(self) -> TestResponse:
        return self.post("/api/sign-in", account=NAME, code=self.code())

    def _send(self, path: str, *, headers: dict[str, str], **request: Any) -> TestResponse:
        sent = {HEADER: self.session} | headers
        answer = Context().run(
            self._client.open, path, base_url=self._base_url, headers=sent, **request
        )
        assert "Set-Cookie" not in answer.headers
        self.session = answer.headers.get(HEADER, self.session)
        return answer
