"""A rep's phone: the mall's phone that also sends forms, and binds by an invitation."""

from werkzeug.test import TestResponse

from org.invites import create_invite
from org.queries import rep_card
from tests.storefront.phone import Phone
from wx_backend import clock
from wx_backend.db import transaction


class RepPhone(Phone):
    """One browser in WeChat, on the terminal's pages."""

    def send(self, path: str, token: str | None = None, **form: str) -> TestResponse:
        """Submit a form with the page's token, or with the given one."""
        sent = {"csrf_token": self.page_token() if token is None else token, **form}
        headers = {"User-Agent": self.agent, "Accept": "text/html"}
        return self._send(path, method="POST", headers=headers, data=sent)

    def ask(self, path: str, token: str, **form: str) -> TestResponse:
        """Submit a form as a program does, which is told the fields at fault."""
        headers = {"User-Agent": self.agent, "Accept": "application/json"}
        sent = {"csrf_token": token, **form}
        return self._send(path, method="POST", headers=headers, data=sent)

    def send_file(self, path: str, **form: object) -> TestResponse:
        """Submit a form that may hold a file: a pair of stream and name."""
        sent = {"csrf_token": self.page_token(), **form}
        headers = {"User-Agent": self.agent, "Accept": "text/html"}
        return self._send(
            path, method="POST", headers=headers, data=sent, content_type="multipart/form-data"
        )

    def bind(self, rep_id: int) -> TestResponse:
        """Be invited at the outlet and type the code in."""
        with transaction():
            code = create_invite(rep_id=rep_id, now=clock.now())
            number = rep_card(rep_id).number
        return self.send("/terminal/bind", number=number, code=code)
