"""The answer to one push: authenticate, decrypt, parse, plan, store, encrypt. Only store writes.

This runs on an event loop: what reads the database, and what may wait, is done in threads.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from hashlib import blake2b
from itertools import product
from time import monotonic

from prometheus_client import Counter
from sqlalchemy.exc import SQLAlchemyError

from flows.arrival.known import Known
from flows.arrival.plan import Arrival, plan, unreadable
from flows.arrival.reply import reply_to
from flows.arrival.store import CouldNotStore, Store
from flows.arrival.threads import Threads
from flows.arrival.understanding import understood
from handlers.http import Answer
from referral.signing import keyring
from wechat.codec import Codec, NotAuthentic, Opened
from wechat.events import Malformed
from wx_backend import bell, patience
from wx_backend.config import Account, Config

log = logging.getLogger(__name__)

ANSWERED = Counter("wx_push_answers", "Pushes by account and answer", ["account", "answer"])
OUTCOMES = ("stored", "not stored", "refused")

REFUSED = Answer(403, b"forbidden")
NO_SUCH_ACCOUNT = Answer(404, b"not found")
TRY_AGAIN = Answer(503, b"try again")
NOTHING_TO_SAY = Answer(200)


@dataclass(frozen=True, slots=True)
class Letter:
    """A push as it came in: the query's fields and the raw body."""

    query: Mapping[str, str]
    raw: bytes

    def field(self, name: str) -> str:
        """A query field, or nothing: a missing signature is a wrong one."""
        return self.query.get(name, "")


class Messages:
    """The pushes of all configured accounts."""

    def __init__(self, config: Config, store: Store, known: Known, threads: Threads) -> None:
        self._accounts = {account.name: account for account in config.accounts}
        self._codecs = {account.name: _codec(account) for account in config.accounts}
        self._keyring = keyring(config.share_keys)
        self._store = store
        self._known = known
        self._threads = threads
        for account, outcome in product(self._accounts, OUTCOMES):
            _counter(account, outcome)  # at 0: Prometheus sees no growth in what was not there

    def verify_url(self, account_name: str, letter: Letter) -> Answer:
        """The console's check of our address: a good signature gets its echo back, raw."""
        codec = self._codecs.get(account_name)
        if codec is None:
            return NO_SUCH_ACCOUNT
        try:
            codec.verify_url(
                signature=letter.field("signature"),
                timestamp=letter.field("timestamp"),
                nonce=letter.field("nonce"),
            )
        except NotAuthentic:
            return REFUSED
        return Answer(200, letter.field("echostr").encode())

    async def answer(self, account_name: str, letter: Letter, now: datetime) -> Answer:
        """Store a push once and answer it; the same push again gets the same reply.

        403 and nothing stored unless the platform's signature holds; 503 when it could not be
        stored, so that the platform sends it again; an empty 200 for what makes no sense to us.
        """
        account = self._accounts.get(account_name)
        if account is None:
            return NO_SUCH_ACCOUNT
        try:
            opened = self._authentic(account, letter)
        except NotAuthentic:
            return _counted(account_name, "refused", REFUSED)
        until = monotonic() + patience.ANSWER_SECONDS
        try:
            arrival = await self._arrival(account, opened, now, until)
            reply = await self._store.store(arrival, until=until)
        except (CouldNotStore, SQLAlchemyError) as error:
            log.error("push not stored", extra={"account": account_name, "error": repr(error)})
            return _counted(account_name, "not stored", TRY_AGAIN)
        if arrival.has_work:
            bell.ring("work")
        return _counted(account_name, "stored", self._sealed(account, letter, opened, reply, now))

    def _authentic(self, account: Account, letter: Letter) -> Opened:
        codec = self._codecs[account.name]
        signed = {"timestamp": letter.field("timestamp"), "nonce": letter.field("nonce")}
        if letter.field("encrypt_type") == "aes":
            if not account.modes & {"safe", "compatible"}:
                raise NotAuthentic
            return codec.open(letter.raw, msg_signature=letter.field("msg_signature"), **signed)
        if "plaintext" not in account.modes:
            raise NotAuthentic
        codec.verify_url(signature=letter.field("signature"), **signed)
        return Opened(letter.raw, key_index=-1, is_json=letter.raw[:1] == b"{")

    async def _arrival(
        self, account: Account, opened: Opened, now: datetime, until: float
    ) -> Arrival:
        try:
            told = understood(opened.plain, account=account, keyring=self._keyring)
        except Malformed as error:
            log.warning("push unreadable", extra={"account": account.name, "error": str(error)})
            return unreadable(
                key=blake2b(account.appid.encode() + opened.plain, digest_size=16).digest(),
                account=account.name,
                appid=account.appid,
                raw=opened.plain,
                now=now,
            )
        asked = (account.appid, told.scene, told.share_id, now)
        words = self._known.at_hand(*asked)
        if words is None:
            words = await self._threads.do(until, partial(self._known.words, *asked))
        reply = reply_to(told.push, rules=words.rules, account=account, scanned=words.scanned)
        text = ""
        if reply is not None:
            written = reply.to(told.push)
            text = (written.json() if opened.is_json else written.xml()).decode()
        return plan(told, reply=text, now=now)

    def _sealed(
        self, account: Account, letter: Letter, opened: Opened, reply: str, now: datetime
    ) -> Answer:
        if not reply or reply.startswith("{") is not opened.is_json:
            return NOTHING_TO_SAY  # the second: a repeat from after a change of the format
        body = reply.encode()
        if opened.key_index >= 0:
            body = self._codecs[account.name].seal(
                body,
                timestamp=int(now.timestamp()),
                nonce=letter.field("nonce"),
                key_index=opened.key_index,
                is_json=opened.is_json,
            )
        kind = "application/json" if opened.is_json else "text/xml"
        return Answer(200, body, f"{kind}; charset=utf-8")


def _codec(account: Account) -> Codec:
    keys = [account.aes_key, account.previous_aes_key]
    return Codec(account.appid, account.token, tuple(key for key in keys if key))


def _counted(account: str, outcome: str, answer: Answer) -> Answer:
    _counter(account, outcome).inc()
    return answer


@cache
def _counter(account: str, outcome: str) -> Counter:
    return ANSWERED.labels(account, outcome)
