"""What a reply needs to know, remembered for a while: who stands behind a scene, the reply rules."""

import threading
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Generic, NamedTuple, TypeVar

from menus.book import RuleBook
from menus.queries import reply_rules, rules_revision
from org.queries import rep_card
from referral.queries import scene_share, share_root_rep
from referral.signing import sign_share
from wx_backend.db import db
from wx_backend.platform import config

REMEMBERED = timedelta(seconds=30)
RELOADING = timedelta(seconds=3)
RULES_HOLD = timedelta(seconds=2)  # how long a change of the rules may take to be seen
ENTRIES_MAX = 20_000

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Scanned:
    """Who a scanned code belongs to, and where it leads."""

    rep_name: str
    outlet_name: str
    url: str


class Words(NamedTuple):
    """What a reply is made of: the account's rules, and whose code was scanned."""

    rules: RuleBook
    scanned: Scanned | None


_NOBODY: Final[tuple[datetime, None]] = (datetime.max.replace(tzinfo=UTC), None)


class Remembered(Generic[Key, Value]):
    """A small cache with an end for every entry; what it gives back may be that old.

    Whoever finds an entry too old loads it anew; until then the others go on with the old one,
    for `RELOADING` at most: a crowd does not ask the same question at once.
    """

    def __init__(self, load: Callable[[Key], Value], hold: timedelta = REMEMBERED) -> None:
        self._load = load
        self._hold = hold
        self._entries: dict[Key, tuple[datetime, Value]] = {}
        self._lock = threading.Lock()

    def young(self, key: Key, now: datetime) -> tuple[datetime, Value] | None:
        """The entry, with its end, if it is there and young enough; loads nothing."""
        entry = self._entries.get(key)
        return entry if entry is not None and entry[0] > now else None

    def of(self, key: Key, now: datetime) -> Value:
        """The value, loaded when it is unknown or too old."""
        entry = self._entries.get(key)
        if entry is not None:
            until, value = entry
            if until > now:
                return value
            self._keep(key, now + RELOADING, value)
        value = self._load(key)
        self._keep(key, now + self._hold, value)
        return value

    def _keep(self, key: Key, until: datetime, value: Value) -> None:
        with self._lock:
            if len(self._entries) >= ENTRIES_MAX:
                self._entries.clear()
            self._entries[key] = (until, value)


class Known:
    """What the replies of one application need, read from its database on a miss.

    Only the words of a reply come from here; what is recorded is read when it is stored.
    """

    def __init__(self, in_app: Callable[[], AbstractContextManager[object]]) -> None:
        """`in_app` opens the context that reads of the database need."""
        self._in_app = in_app
        self._scanned = Remembered(self._load_scanned)
        self._rules = Remembered(self._load_rules, RULES_HOLD)
        self._books: dict[str, tuple[int, RuleBook]] = {}

    def at_hand(
        self, appid: str, scene: str | None, share_id: int | None, now: datetime
    ) -> Words | None:
        """What a reply needs, if the database need not be asked."""
        rules = self._rules.young(appid, now)
        scanned = self._scanned.young((appid, scene, share_id), now) if scene else _NOBODY
        if rules is None or scanned is None:
            return None
        return Words(rules[1], scanned[1])

    def words(self, appid: str, scene: str | None, share_id: int | None, now: datetime) -> Words:
        """What a reply needs, read where it is unknown or too old."""
        scanned = self._scanned.of((appid, scene, share_id), now) if scene else None
        return Words(self._rules.of(appid, now), scanned)

    def _load_scanned(self, key: tuple[str, str, int | None]) -> Scanned | None:
        appid, scene, token_share = key
        with self._in_app():
            try:
                share_id = scene_share(appid=appid, scene=scene) or token_share
                rep_id = share_root_rep(share_id) if share_id else None
                if share_id is None or rep_id is None:
                    return None
                card = rep_card(rep_id)
                url = f"{config().service.base_url}/s/{sign_share(share_id)}"
                return Scanned(card.name, card.outlet_name, url)
            finally:
                db.session.remove()

    def _load_rules(self, appid: str) -> RuleBook:
        """The book that is there while its revision holds; made anew from what was read after it."""
        with self._in_app():
            try:
                revision = rules_revision(appid)
                kept = self._books.get(appid)
                if kept is not None and kept[0] == revision:
                    return kept[1]
                book = RuleBook(reply_rules(appid))
            finally:
                db.session.remove()
        self._books[appid] = revision, book
        return book
