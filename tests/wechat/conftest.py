"""An account's client on a scripted transport."""

import pytest

from tests.wechat.doubles import APPID, BASE, NOW, SECRET, STABLE, ScriptedTransport
from wechat.client import Client, access_token_keeper
from wechat.tokens import MemoryTokenStore

TOKEN = {"access_token": "token-canary-1", "expires_in": 7200}
RENEWED = {"access_token": "token-canary-2", "expires_in": 7200}


@pytest.fixture
def transport() -> ScriptedTransport:
    made = ScriptedTransport()
    made.on(STABLE, TOKEN, RENEWED)
    return made


@pytest.fixture
def client(transport: ScriptedTransport) -> Client:
    keeper = access_token_keeper(
        appid=APPID,
        secret=SECRET,
        store=MemoryTokenStore(),
        transport=transport,
        base_url=BASE,
        now=lambda: NOW,
    )
    return Client(APPID, SECRET, keeper, transport, BASE, "http://127.0.0.1:9/open")
