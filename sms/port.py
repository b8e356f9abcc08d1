"""What this service needs of a text-message gateway."""

from typing import Protocol


class SmsPort(Protocol):
    """Sends one text; an operator's own gateway is one more class with this method."""

    def send(self, *, phone: str, text: str) -> str:
        """Send a text to eleven digits; the gateway's id for it. Raises PlatformError.

        `unknown` means that it may have been sent: texts are not repeated then.
        """
