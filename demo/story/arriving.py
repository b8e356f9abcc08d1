"""Chapters: the rep gets her poster, and its code brings her a customer."""

import base64
import json
import re
import urllib.request
from typing import Any

from demo.story.frame import Story, eventually, expect

_LINK = re.compile(r'href="([^"]+/s/[^"]+)"')


def bind(story: Story) -> str:
    """Alice follows, opens the terminal, and types in the code her outlet gave her."""
    name, outlet, number, code = invitations(story)[0]
    become_rep(story, "Alice", number, code)
    story.facts.update({"rep_name": name, "rep_number": number, "rep_id": _rep_id(story, number)})
    return f"Alice is {name} of {outlet}, number {number}"


def poster(story: Story) -> str:
    """Alice says 海报 and gets her poster in the chat."""
    jpeg = posted(story, "Alice")
    story.facts["poster"] = base64.b64encode(jpeg).decode()
    return f"a JPEG of {len(jpeg) // 1024} kB"


def scan(story: Story) -> str:
    """Bob scans it (decoded from its pixels), follows, and is welcomed by her name and showroom."""
    jpeg = base64.b64decode(story.facts["poster"])
    story.facts["welcome_link"] = welcomed(story, "Bob", jpeg, by=story.facts["rep_name"])
    expect("touches by the code", _touches(story, story.openid("Bob")), 1)
    return f"he gets {story.facts['welcome_link']}"


def again(story: Story) -> str:
    """WeChat sends Carol's follow three times: it is stored once and answered alike."""
    stored = story.value("SELECT count(*) FROM push")
    story.pretend.post("chaos", on="push:subscribe", action="duplicate", n=2, spacing=0.2)
    story.act("Carol", "follow")
    story.pretend.post("settle", timeout=20)
    expect("pushes stored", story.value("SELECT count(*) FROM push"), stored + 1)
    return "sent three times, stored once"


def invitations(story: Story) -> list[list[str]]:
    """Name, outlet, number and code of the reps who may be bound."""
    return _seeded(story)["invitations"]


def logins(story: Story) -> list[list[str]]:
    """Login and password of the console's staff."""
    return _seeded(story)["logins"]


def become_rep(story: Story, person: str, number: str, code: str) -> None:
    """Follow, sign in by WeChat, and type the invitation into the terminal."""
    story.act(person, "follow")
    browser = story.browser(person)
    browser.sign_in("/terminal/bind")
    page = browser.submit("/terminal/bind", number=number, code=code)
    expect(f"the terminal takes {person}'s code", "绑定成功" in page.text, True)


def posted(story: Story, person: str) -> bytes:
    """Say 海报 and wait for the picture."""
    before = len(story.chat(person))
    story.act(person, "say", text="海报")
    eventually("pictures in the chat", lambda: len(_pictures(story, person, before)), 1, 60)
    return _downloaded(story, _pictures(story, person, before)[0]["content"]["media_id"])


def welcomed(story: Story, person: str, jpeg: bytes, by: str = "") -> str:
    """Scan a poster and follow; the link to the showroom that the welcome carries."""
    before = len(story.chat(person))
    story.act(person, "scan", image=base64.b64encode(jpeg).decode())
    welcome = story.chat(person)[before:]
    expect(f"answers in {person}'s chat", [line["kind"] for line in welcome], ["passive"])
    text = str(welcome[0]["content"]["content"])
    expect(f"the welcome names {by}", by in text, True)
    found = _LINK.search(text)
    expect("the welcome has a link", found is not None, True)
    return found[1] if found else ""


def _seeded(story: Story) -> dict[str, list[list[str]]]:
    kept = story.stack.places.data / "files" / "demo-logins.json"
    said: dict[str, list[list[str]]] = json.loads(kept.read_text("utf-8"))
    return said


def _pictures(story: Story, person: str, before: int) -> list[dict[str, Any]]:
    return [line for line in story.chat(person)[before:] if line["msg_type"] == "image"]


def _downloaded(story: Story, media_id: str) -> bytes:
    """What the phone shows for a picture in the chat."""
    identities, base = story.stack.identities, story.stack.places.simulator_url
    asked = {
        "grant_type": "client_credential",
        "appid": identities.appid,
        "secret": identities.app_secret,
    }
    token = json.loads(_fetched(f"{base}/cgi-bin/stable_token", asked))["access_token"]
    return _fetched(f"{base}/cgi-bin/media/get?access_token={token}&media_id={media_id}")


def _fetched(url: str, asked: dict[str, str] | None = None) -> bytes:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    body = None if asked is None else json.dumps(asked).encode()
    request = urllib.request.Request(  # noqa: S310 - our own loopback address
        url, body, {"Content-Type": "application/json"}
    )
    with opener.open(request, timeout=20) as answer:
        content: bytes = answer.read()
    return content


def _touches(story: Story, openid: str) -> Any:
    return story.value(
        "SELECT count(*) FROM touch JOIN identity ON identity.id = touch.identity_id"
        " WHERE identity.openid = :openid AND touch.kind = 'subscribe'",
        openid=openid,
    )


def _rep_id(story: Story, number: str) -> int:
    return int(story.value("SELECT id FROM rep WHERE number = :number", number=number))


CHAPTERS = {"bind": bind, "poster": poster, "scan": scan, "repeat": again}
