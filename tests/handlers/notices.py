"""WeChat Pay as the notice door meets it: a configured merchant, and notices signed a moment ago."""

from dataclasses import dataclass, replace
from pathlib import Path

from flask import Flask
from werkzeug.test import TestResponse

from flows.payment.address import NOTICE_PATH
from tests.limits import comes_again
from tests.wechat.pay.platform import (
    APIV3_KEY,
    KEY_ID,
    MCHID,
    PAYMENT,
    SERIAL,
    private_pem,
    public_pem,
    sealed,
    signed,
)
from wx_backend import clock
from wx_backend.config import Config, Pay, PlatformKey

NOTICE_ID = b"EV-2018022511223320873"


def with_merchant(config: Config, folder: Path) -> Config:
    """The configuration with a merchant in public-key mode."""
    key_file, public_file = folder / "key.pem", folder / "public.pem"
    key_file.write_bytes(private_pem("merchant"))
    public_file.write_bytes(public_pem("platform"))
    pay = Pay(
        mchid=MCHID,
        serial=SERIAL,
        private_key_file=key_file,
        apiv3_key=APIV3_KEY.decode(),
        api_url="http://127.0.0.1:9",
        platform_keys=(PlatformKey(KEY_ID, public_file),),
    )
    return replace(config, pay=pay)


@dataclass(frozen=True)
class Till:
    """Sends notices of payments to the door of an application."""

    app: Flask

    def post(self, *, number: int = 1) -> TestResponse:
        raw = sealed(PAYMENT, "TRANSACTION.SUCCESS").replace(NOTICE_ID, f"EV-{number}".encode())
        headers = signed(raw, at=clock.now())
        return self.app.test_client().post(NOTICE_PATH, data=raw, headers=headers)

    def takes(self, *, number: int) -> bool:
        """Whether WeChat Pay, which comes again when it is asked to, gets its notice taken."""
        answer = comes_again(lambda: self.post(number=number), lambda each: each.status_code == 204)
        return answer.status_code == 204
