"""WeChat's browser on somebody's phone: cookies, redirects through WeChat's sign-in, the page's token."""

import http.client
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import IO, Any

from demo.places import Places
from demo.story.journal import Journal, Kind

AGENT = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) MicroMessenger/8.0.50"
TIMEOUT_SECONDS = 20.0
REDIRECTS_MAX = 8
ROUND_TRIP_OVER = ("/oauth/return", 403)  # it took longer than it may: the page asks to begin again
_CSRF = re.compile(r'name="csrf[-_]token" (?:content|value)="([^"]+)"')


class Unreachable(Exception):
    """No answer, or one that says to come again: nothing is known about what was asked."""


class Refused(Exception):
    """The service answered with a refusal."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: where from, status and content."""

    url: str
    status: int
    content: bytes
    location: str = ""

    @property
    def text(self) -> str:
        """The content as text."""
        return self.content.decode("utf-8", "replace")

    @property
    def path(self) -> str:
        """Where the browser is now."""
        return urllib.parse.urlsplit(self.url).path

    def json(self) -> Any:
        """The answer as data."""
        return json.loads(self.text)


def first(pattern: re.Pattern[str], text: str) -> str:
    """What a page has at the first place of a pattern. Raises LookupError."""
    found = pattern.search(text)
    if found is None:
        raise LookupError(f"the page has no {pattern.pattern}")
    return found[1]


class _Stay(urllib.request.HTTPRedirectHandler):
    """Redirects are followed by the browser itself: WeChat's page has to be told who holds it."""

    def redirect_request(
        self,
        _req: urllib.request.Request,
        _fp: IO[bytes],
        _code: int,
        _msg: str,
        _headers: http.client.HTTPMessage,
        _newurl: str,
    ) -> None:
        return None


class Browser:
    """One person's browser."""

    def __init__(self, person: str, places: Places, journal: Journal) -> None:
        self.person, self.journal = person, journal
        self._home, self._wechat = places.url, places.simulator_url
        self._token = ""
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(), _Stay()
        )

    def get(self, address: str) -> Answer:
        """Fetch a page, following redirects, through WeChat's sign-in too."""
        answer = self._fetch(self._absolute(address))
        for _ in range(REDIRECTS_MAX):
            if answer.status not in {301, 302, 303}:
                break
            answer = self._fetch(urllib.parse.urljoin(answer.url, answer.location))
        return self._seen(answer)

    def open(self, link: str) -> Answer:
        """Open somebody's link; the page says by itself that it was opened."""
        page = self.get(link)
        if "data-touch" in page.text:
            self.post("/api/touch")
        self.journal.write(self.person, Kind.TOUCH, link.rpartition("/")[2])
        return page

    def post(self, path: str, **content: object) -> Answer:
        """What a page's script sends, with the page's token. Raises Refused."""
        if not self._token:
            self.get("/")
        return self._accepted(
            self._ask(
                self._absolute(path),
                json.dumps(content).encode(),
                {"Content-Type": "application/json", "X-CSRFToken": self._token},
            )
        )

    def submit(self, path: str, **fields: str) -> Answer:
        """Send a form as a browser does, and go where it leads. Raises Refused."""
        body = urllib.parse.urlencode({**fields, "csrf_token": self._token}).encode()
        answer = self._accepted(self._ask(self._absolute(path), body, {}))
        return self.get(answer.location) if answer.location else self._seen(answer)

    def is_refused(self, path: str, **fields: str) -> bool:
        """Send a form; whether it was refused."""
        try:
            self.submit(path, **fields)
        except Refused:
            return True
        return False

    def upload(self, path: str, name: str, content: bytes) -> Answer:
        """Send a file as a form does, and go where it leads. Raises Refused."""
        mark = "story-form-part"
        head = (
            f'--{mark}\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{self._token}\r\n'
            f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        body = head.encode() + content + f"\r\n--{mark}--\r\n".encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={mark}"}
        answer = self._accepted(self._ask(self._absolute(path), body, headers))
        return self.get(answer.location) if answer.location else self._seen(answer)

    def sign_in(self, onward: str = "/") -> Answer:
        """Sign in by WeChat's silent round trip."""
        page = self.get(f"/login?next={onward}")
        self.journal.write(self.person, Kind.SIGN_IN)
        return page

    def _seen(self, answer: Answer) -> Answer:
        if found := _CSRF.search(answer.text):
            self._token = found[1]
        return self._accepted(answer)

    def _accepted(self, answer: Answer) -> Answer:
        if (answer.path, answer.status) == ROUND_TRIP_OVER:
            raise Unreachable(f"{self.person}: the sign-in took too long")
        if answer.status >= 400:
            raise Refused(f"{self.person} {answer.path}: {answer.status} {answer.text[:300]}")
        return answer

    def _absolute(self, address: str) -> str:
        return address if "://" in address else self._home + address

    def _fetch(self, url: str) -> Answer:
        if url.startswith(self._wechat):
            url = url.partition("#")[0] + f"&_sim_person={self.person}"
        return self._ask(url, None, {"Accept": "text/html"})

    def _ask(self, url: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        request = urllib.request.Request(  # noqa: S310 - our own loopback addresses
            url,
            data=body,
            headers={"User-Agent": AGENT, "Referer": f"{self._home}/", **headers},
        )
        try:
            answer = self._answered(request)
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"{url}: {error}") from error
        if answer.status in {502, 503, 504}:
            raise Unreachable(f"{url}: {answer.status}")
        return answer

    def _answered(self, request: urllib.request.Request) -> Answer:
        """The whole answer, whatever it says."""
        url = request.full_url
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as reply:
                return Answer(url, reply.status, reply.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(url, error.code, error.read(), error.headers.get("Location", ""))
