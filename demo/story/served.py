"""What is served to strangers, and to staff of a part: no secret, and nobody who is not theirs."""

import re
import urllib.error
import urllib.request
from typing import Final
from urllib.parse import urljoin, urlsplit

from demo.story import canaries
from demo.story.frame import Story, expect
from demo.story.proving import desk
from flows.imports.taking import EXPORTED
from flows.payment.address import NOTICE_PATH

TIMEOUT_SECONDS: Final = 20
CALLBACK: Final = "/wechat/city/callback"
# Pages, doors, figures and errors, as somebody without a sign-in asks for them.
ASKED: Final = (
    *("/", "/nowhere", "/p/PD0", "/s/forged", "/l/forged", "/orders/OD0", "/checkout", "/cart"),
    *("/login?next=//evil.example", "/console/", "/console/login", "/console/orders.csv"),
    *("/terminal/", "/api/v1/products/PD0", "/api/numbers", "/api/orders/OD0"),
    *(CALLBACK, f"{CALLBACK}?signature=x&timestamp=1&nonce=n&echostr=e"),
    *(
        "/healthz",
        "/readyz",
        "/metrics",
        "/openapi.json",
        "/.env",
        "/config.toml",
        "/static/../wsgi.py",
    ),
)
SENT: Final = (CALLBACK, NOTICE_PATH, "/billing/receipt", "/real-name/decision")
ENDS: Final = ("csv", "xlsx")
# What is there of the organisation, as an administrator takes it; orders as the manager of one city does.
EXPORTS: Final = tuple(f"/console/exports/{kind}.{end}" for kind in EXPORTED for end in ENDS)
FILES: Final = ("/console/orders.csv", "/console/figures.csv", "/console/orders", "/console/")
STATEMENTS: Final = "SELECT number FROM statement ORDER BY id"
_ASSET = re.compile(r'(?:src|href)="(/[^"#]+\.(?:js|css|map|json|webmanifest|svg)(?:\?[^"]*)?)"')


def strangers_are_told_no_secret(story: Story) -> str:
    """No page, no error, no figure and no script says a key, or anything of a person."""
    texts = canaries.keys_of(story) | canaries.openids(story) | story.journal.told
    pages = {path: _fetched(story, path) for path in ASKED}
    pages |= {f"POST {path}": _fetched(story, path, b'{"x": 1}') for path in SENT}
    assets = {
        urlsplit(urljoin("/", found)).path
        for page in pages.values()
        for found in _ASSET.findall(page.decode("utf-8", "replace"))
    }
    pages |= {path: _fetched(story, path) for path in sorted(assets)}
    expect("there are scripts and styles", len(assets) > 0, True)
    said = [path for path, content in pages.items() if canaries.is_said(content, texts)]
    expect("pages that say a secret", said, [])
    return f"{len(pages)} pages, {len(assets)} of them scripts and styles"


def files_of_a_part_name_no_customer(story: Story) -> str:
    """What a city's manager, an administrator and finance take, spreadsheets too, has nothing of a customer."""
    texts = canaries.keys_of(story) | canaries.openids(story) | story.journal.told
    numbers = [row["number"] for row in story.rows(STATEMENTS)]
    statements = [f"/console/statements/{each}.{end}" for each in numbers for end in ENDS]
    paths = {"city": FILES, "province": EXPORTS, "finance": statements}
    taken = {
        path: desk(story, login).get(path).content
        for login, theirs in paths.items()
        for path in theirs
    }
    said = [path for path, content in taken.items() if canaries.is_said(content, texts)]
    expect("files with something of a customer", said, [])
    return f"{len(taken)} files"


def _fetched(story: Story, path: str, sent: bytes | None = None) -> bytes:
    """What a stranger gets, headers too, whatever the status."""
    headers = {"Content-Type": "application/json"} if sent else {}
    places = story.stack.places
    home = places.push_url if path.startswith(CALLBACK) else places.url
    request = urllib.request.Request(home + path, sent, headers)  # noqa: S310 - our own loopback address
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
            return str(answer.headers).encode() + bytes(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return str(error.headers).encode() + error.read()
