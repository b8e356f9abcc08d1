"""How a page was fetched: by a person, or by what fetches pages for previews and in advance."""

from typing import Final

from flask import request

from flows.visit import Sight

_PREFETCH_HEADERS: Final = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
_PREVIEW_AGENTS: Final = (
    "bot", "spider", "crawler", "preview", "facebookexternalhit", "whatsapp", "curl", "python",
)  # fmt: skip


def sight() -> Sight:
    """What this request is, as far as its headers tell."""
    headers, agent = request.headers, request.user_agent.string.lower()
    if request.method == "HEAD":
        return Sight.HEAD
    if any("prefetch" in headers.get(name, "").lower() for name in _PREFETCH_HEADERS):
        return Sight.PREFETCH
    if headers.get("X-Purpose") == "preview" or not agent:
        return Sight.PREVIEW
    return Sight.PREVIEW if any(name in agent for name in _PREVIEW_AGENTS) else Sight.VIEW
