"""The session of a program that has no cookies: the same signed values, carried in a header.

A mini-program sends `X-Session` with every call below `/api/`, empty at first, and goes on with what
an answer's `X-Session` says, where it says anything. Of whoever sends it no cookie is looked at: a
browser cannot be made to send it from elsewhere, so that such a call needs no token of a page.
"""

from typing import Final

from flask import Flask, Request, Response, g, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import BadSignature

HEADER: Final = "X-Session"


class CarriedSessions(SecureCookieSessionInterface):
    """Sessions of browsers in cookies, those of programs in the header."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session a request belongs to; an empty one for values that are not ours or too old."""
        if not is_carried():
            return super().open_session(app, request)
        signer = _SIGNED.get_signing_serializer(app)
        assert signer is not None  # noqa: S101 - the configuration has a key
        max_age = int(app.permanent_session_lifetime.total_seconds())
        try:
            return self.session_class(signer.loads(request.headers[HEADER], max_age=max_age))
        except BadSignature:
            return self.session_class()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Tell whoever asked what to go on with, if that has changed.

        What a cache may keep renews no session, and what sets a cookie no cache may keep.
        """
        if not g.get("is_session_as_sent"):
            self._tell(app, session, response)
        if "Set-Cookie" in response.headers:
            response.headers["Cache-Control"] = "no-store"

    def _tell(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if not is_carried():
            if session.modified or response.cache_control.no_store:
                super().save_session(app, session, response)
            elif session.accessed:
                response.vary.add("Cookie")
        elif session.modified:
            signer = _SIGNED.get_signing_serializer(app)
            assert signer is not None  # noqa: S101 - the configuration has a key
            response.headers[HEADER] = signer.dumps(dict(session)) if session else ""


class _Signed(SecureCookieSessionInterface):
    """What signs the header's values; a cookie's are none of them."""

    salt = "carried-session"


_SIGNED: Final = _Signed()


def leave_session_as_sent() -> None:
    """Have the answer to this request say nothing of the session: another one is changing it meanwhile."""
    g.is_session_as_sent = True


def is_carried() -> bool:
    """Whether this request is a program's, which carries its session itself."""
    return HEADER in request.headers and request.path.startswith("/api/")
