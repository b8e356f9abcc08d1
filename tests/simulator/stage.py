"""The control API as tests speak it, and the cast's accounts."""

import json
from typing import Any

import urllib3

SHOP = "wx0123456789abcdef"
MINI = "wxfedcba9876543210"
MCHID = "1900000109"
SECRET = "shop-secret"
TOKEN = "shop-token"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
OLD_AES_KEY = "GFEDCBA9876543210zyxwvutsrqponmlkjihgfedcba"
APIV3_KEY = "0123456789abcdef0123456789abcdef"
MERCHANT_SERIAL = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"


class Stage:
    """Sends control calls and plain API calls to one running simulator."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._http = urllib3.PoolManager(retries=False)

    def control(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        """A control call that must succeed."""
        answer = self._http.request(method, f"{self.base_url}/_sim{path}", json=body or None)
        content: dict[str, Any] = answer.json()
        assert answer.status == 200, content
        return content

    def refused(self, method: str, path: str, **body: Any) -> str:
        """A control call that must be refused; why it was."""
        answer = self._http.request(method, f"{self.base_url}/_sim{path}", json=body or None)
        assert answer.status == 409
        return str(answer.json()["error"])

    def act(self, person: str, act: str, **arguments: Any) -> dict[str, Any]:
        """Let a person act and wait for the push it causes."""
        return self.control("POST", f"/people/{person}/acts/{act}", wait=True, **arguments)

    def chat(self, person: str) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = self.control("GET", f"/people/{person}/chat")["messages"]
        return messages

    def facts(self, kind: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.control("GET", f"/witness?kind={kind}")["facts"]
        return found

    def chaos(self, on: str, action: str, **options: Any) -> None:
        self.control("POST", "/chaos", on=on, action=action, **options)

    def advance(self, seconds: float) -> None:
        self.control("POST", "/clock", advance=seconds)

    def settle(self, within: float = 1.5) -> None:
        assert self.control("POST", "/settle", within=within, timeout=60)["settled"]

    def api(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        """An API call with a JSON body, its answer read as JSON."""
        answer = self._http.request(method, self.base_url + path, json=body or None)
        content: dict[str, Any] = json.loads(answer.data)
        return content

    def raw(self, method: str, path: str, **options: Any) -> urllib3.BaseHTTPResponse:
        return self._http.request(method, self.base_url + path, redirect=False, **options)

    def token(self, appid: str = SHOP) -> str:
        body = {"grant_type": "client_credential", "appid": appid, "secret": SECRET}
        return str(self.api("POST", "/cgi-bin/stable_token", **body)["access_token"])

    def call(self, path: str, appid: str = SHOP, /, **body: Any) -> dict[str, Any]:
        """A POST to the API host with a fresh token."""
        return self.api("POST", f"{path}?access_token={self.token(appid)}", **body)

    def look(self, path: str, appid: str = SHOP, /, **query: str) -> dict[str, Any]:
        """A GET to the API host with a fresh token."""
        fields = {"access_token": self.token(appid), **query}
        answer = self._http.request("GET", self.base_url + path, fields=fields)
        content: dict[str, Any] = json.loads(answer.data)
        return content

    def close(self) -> None:
        self._http.clear()
