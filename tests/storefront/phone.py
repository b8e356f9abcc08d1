"""A person's phone: WeChat's browser on the mall, with the pretend WeChat behind it."""

import re
from contextvars import Context
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Flask
from werkzeug.test import TestResponse

from tests.forging import one_letter_off
from tests.simulator.stage import Stage

AGENT = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) MicroMessenger/8.0.50"
DESKTOP = "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0"
_TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')


class Phone:
    """One browser: its cookies, and what its owner does in it."""

    def __init__(self, app: Flask, wechat: Stage, owner: str, agent: str = AGENT) -> None:
        self._client = app.test_client()
        self._wechat = wechat
        self._base_url = app.extensions["wx_config"].service.base_url
        self.owner, self.agent = owner, agent

    def get(self, path: str, method: str = "GET", **headers: str) -> TestResponse:
        """Fetch a page without following redirects."""
        sent = {"User-Agent": self.agent, "Accept": "text/html"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return self._send(path, method=method, headers=sent)

    def post(self, path: str, token: str | None = None, **content: Any) -> TestResponse:
        """Send what a page's script sends; the token is the page's unless given."""
        headers = {
            "User-Agent": self.agent,
            "Accept": "application/json",
            "Referer": f"{self._base_url}/",
            "X-CSRFToken": self.page_token() if token is None else token,
        }
        return self._send(path, method="POST", headers=headers, json=content)

    def _send(self, path: str, **request: Any) -> TestResponse:
        """A request with an app context of its own, as a server gives each: not the test's."""
        return Context().run(self._client.open, path, base_url=self._base_url, **request)

    def send_raw(
        self, path: str, content: bytes, kind: str = "application/json", token: str | None = None
    ) -> TestResponse:
        """Send any bytes with the page's token, or the given one."""
        headers = {
            "User-Agent": self.agent,
            "Accept": "application/json",
            "Referer": f"{self._base_url}/",
            "X-CSRFToken": self.page_token() if token is None else token,
            "Content-Type": kind,
        }
        return self._send(path, method="POST", headers=headers, data=content)

    def page_token(self) -> str:
        """What the script reads from any page of the mall."""
        found = _TOKEN.search(self.get("/").text)
        assert found
        return found[1]

    def as_headers(self) -> dict[str, str]:
        """What another client sends to be this browser."""
        token = self.page_token()
        cookie = self._client.get_cookie("wx_session", domain="wx.test")
        assert cookie
        return {
            "Cookie": f"wx_session={cookie.value}",
            "User-Agent": self.agent,
            "X-CSRFToken": token,
        }

    def follow(self, answer: TestResponse) -> TestResponse:
        """Follow redirects, through WeChat's authorisation too, as its browser does."""
        for _ in range(8):
            if answer.status_code not in {301, 302, 303}:
                return answer
            answer = self.get(self.onward(answer.headers["Location"]))
        raise AssertionError("too many redirects")

    def onward(self, location: str) -> str:
        """The path a redirect leads to; WeChat's own page sends the browser straight back."""
        if location.startswith(self._wechat.base_url):
            location = self.authorised(location)
        parts = urlsplit(location)
        return parts.path + (f"?{parts.query}" if parts.query else "")

    def authorised(self, location: str) -> str:
        """Where WeChat sends this phone's owner after its silent page."""
        path = location.removeprefix(self._wechat.base_url).partition("#")[0]
        answer = self._wechat.raw("GET", f"{path}&_sim_person={self.owner}")
        assert answer.status == 302, answer.data.decode()
        return str(answer.headers["Location"])

    def tampered(self, path: str) -> TestResponse:
        """Fetch a page with one letter of the session's content changed."""
        cookie = self._client.get_cookie("wx_session", domain="wx.test")
        assert cookie
        self._client.set_cookie("wx_session", one_letter_off(cookie.value, 1), domain="wx.test")
        return self.get(path)

    def open(self, path: str) -> TestResponse:
        """Open a link, and let the page say that it was opened."""
        page = self.follow(self.get(path))
        if "data-touch" in page.text:
            assert self.post("/api/touch").status_code == 204
        return page

    def sign_in(self, onward: str = "/") -> TestResponse:
        return self.follow(self.get(f"/login?next={onward}"))

    def get_twice(self, path: str) -> tuple[TestResponse, TestResponse]:
        """Fetch a page by two requests that bring the same session; the second is answered last."""
        before = self._session()
        first = self.get(path)
        after = self._session()
        self._client.set_cookie("wx_session", before, domain="wx.test")
        second = self.get(path)
        if not any(each.startswith("wx_session=") for each in second.headers.getlist("Set-Cookie")):
            self._client.set_cookie("wx_session", after, domain="wx.test")
        return first, second

    def _session(self) -> str:
        cookie = self._client.get_cookie("wx_session", domain="wx.test")
        assert cookie
        return cookie.value

    def began(self, onward: str = "/") -> str:
        """Begin a sign-in and stop at WeChat's page: the return address with code and state."""
        answer = self.get(f"/login?next={onward}")
        return self.onward(answer.headers["Location"])


def state_of(address: str) -> str:
    return parse_qs(urlsplit(address).query)["state"][0]
