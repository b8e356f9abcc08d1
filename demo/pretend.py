"""The pretend WeChat's control calls, as the demo and the story make them."""

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from demo.refusal import CannotStart

TIMEOUT_SECONDS = 40.0
# The environment's proxy is for the world outside, not for this machine.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Unanswered(CannotStart):
    """The simulator did not answer: nothing is known about what was asked."""


class Pretend:
    """The control interface under `/_sim/` of one simulator."""

    def __init__(self, url: str) -> None:
        self.url = url

    def read(self, *path: str, **query: object) -> Any:
        """GET; path parts are names, not yet quoted. Raises CannotStart with what was answered."""
        return self._ask("GET", path, None, query)

    def delete(self, *path: str) -> Any:
        """DELETE: take something away."""
        return self._ask("DELETE", path, None)

    def put(self, *path: str, **values: object) -> Any:
        """PUT the values onto a row; what is not named stays."""
        return self._ask("PUT", path, values)

    def post(self, *path: str, **values: object) -> Any:
        """POST: have something done."""
        return self._ask("POST", path, values)

    def _ask(
        self,
        method: str,
        path: tuple[str, ...],
        values: dict[str, object] | None,
        query: dict[str, object] | None = None,
    ) -> Any:
        parts = "/".join(urllib.parse.quote(part, safe="") for part in path)
        if query:
            parts += f"?{urllib.parse.urlencode(query)}"
        request = urllib.request.Request(  # noqa: S310 - our own loopback address
            f"{self.url}/_sim/{parts}",
            data=None if values is None else json.dumps(values).encode(),
            headers={"Content-Type": "application/json"},
            method=method,
        )
        try:
            with _opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                said = error.read().decode("utf-8", "replace")[:500]
            raise CannotStart(
                f"the simulator refused {method} {parts}: {error.code} {said}"
            ) from None
        except (OSError, http.client.HTTPException) as error:
            raise Unanswered(f"the simulator did not answer {method} {parts}: {error}") from error
