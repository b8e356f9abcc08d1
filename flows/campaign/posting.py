"""Sending many messages at a pace: the network part, with no transaction open.

Up to 32 calls are under way at once. Each message has its own moment, so that no second sees more
than the rate; whoever comes late sends later, never faster, and whom a slot has no more time for waits for
another one, of nobody else. It stops by itself when the quota is
used up, when the same error comes too often in a row, when it is told to, or before the lease of
its claim runs out; a template that is gone or banned ends it at once. What was not begun is given back, as is the letter to somebody who wants none any
more. Whatever goes wrong with one letter is that letter's outcome: of the others it is still told
what became of them.
"""

import logging
import math
import threading
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from campaigns.rules import EQUAL_ERRORS_MAX
from flows.messages import CALLS, kind_of_refusal
from templates_msg.bulk import Begun
from templates_msg.operations import Outgoing
from wechat.error_codes import TEMPLATE_GONE, Kind
from wx_backend.errors import PlatformError

if TYPE_CHECKING:
    from wechat.client import Client

log = logging.getLogger(__name__)

AT_ONCE: Final = 32
LONGEST_SECONDS: Final = 25.0
LOOK_EVERY_SECONDS: Final = 1.0
SHORTEST_SECONDS: Final = 0.001
"""Shorter pauses are not worth waking up for."""
GRACE_SECONDS: Final = 0.05
"""By so much letters may leave after the end of their slot: what a machine is late by in a second."""
LEAST_SECONDS: Final = 0.1
"""A shorter slot may be over before its COMMIT is: a few letters take as much as this."""
DAILY_LIMIT: Final = "45009"
NO_TEMPLATE: Final = frozenset(map(str, TEMPLATE_GONE))

# All chunks of a process share these: the next one begins as the last calls of the one before end.
_senders: Final = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="sender")


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to send: whose turn, how often it was his before, to which openid, what."""

    recipient_id: int
    tries: int
    openid: str
    message: Begun


@dataclass(frozen=True, slots=True)
class Posted:
    """What came of one: taken (as `msgid`, where it was told), or the platform's refusal."""

    letter: Letter
    msgid: str | None = None
    error: PlatformError | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was sent, in order, and what was not begun; `used_up`: the day's calls are."""

    posted: Sequence[Posted]
    unsent: Sequence[Letter]
    used_up: bool


@dataclass(frozen=True, slots=True)
class Look:
    """What is looked at while sending: whether to go on, and whom not to write to any more."""

    goes_on: bool
    refusing: Collection[int] = ()


@dataclass(frozen=True, slots=True)
class Slot:
    """When to begin, in seconds from now (before, if it began), and how many messages a second."""

    wait_seconds: float
    rate: float


Another = Callable[[int], Slot]
"""Takes a slot for so many messages; any thread may ask, one at a time."""


class _Round:
    """One chunk on its way: shared by the threads that send it."""

    def __init__(
        self, api: "Client", letters: Sequence[Letter], slot: Slot, another: Another
    ) -> None:
        self._api, self._letters, self._another = api, letters, another
        self._lock, self._gate = threading.Lock(), threading.Lock()
        self._begun = time.monotonic()
        self._next = 0
        self.is_over = self.used_up = False
        self._gap = self._moment = self._end = 0.0
        self._enter(slot, len(letters))
        self._errors: tuple[str, int] = ("", 0)
        self._held: list[Letter] = []
        self.refusing: Collection[int] = ()
        self.posted: list[Posted] = []

    def work(self) -> None:
        """Send until nothing is left or it is over."""
        while (letter := self._turn()) is not None:
            self._note(self._send(letter))

    def ahead(self) -> Sequence[Letter]:
        """Whose turn is still to come."""
        return self._letters[self._next :]

    def unsent(self) -> Sequence[Letter]:
        return [*self._held, *self.ahead()]

    def _turn(self) -> Letter | None:
        """The next letter, once its moment has come; one thread at a time waits for it.

        So each leaves a gap after the one before: whoever wakes up late lets the others leave later.
        """
        with self._gate:
            now = self._await_moment()
            with self._lock:
                letter = None if self.is_over else self._next_letter()
            if letter is None:
                return None
            self._moment = max(self._moment, now) + self._gap
            return letter

    def _enter(self, slot: Slot, count: int) -> None:
        """Send in this slot, which is of so many letters; not at all in one that is too far away."""
        now = time.monotonic()
        self._gap = 1 / slot.rate
        self._moment = now + max(0.0, slot.wait_seconds)
        self._end = now + slot.wait_seconds + count * self._gap + GRACE_SECONDS
        self.is_over = self.is_over or self._moment - self._begun > LONGEST_SECONDS

    def _await_moment(self) -> float:
        """The time, once a letter may leave, in another slot if need be; or it is over."""
        while True:
            while (
                not self.is_over and (pause := self._moment - time.monotonic()) > SHORTEST_SECONDS
            ):
                time.sleep(min(pause, LOOK_EVERY_SECONDS))
            now = time.monotonic()
            self.is_over = self.is_over or now - self._begun > LONGEST_SECONDS
            if self.is_over or now <= self._end or not self.ahead():
                return now
            self._take_another()

    def _take_another(self) -> None:
        """For no more than can be under way at once: of a slow platform the others would wait in vain."""
        count = max(min(len(self.ahead()), AT_ONCE), math.ceil(LEAST_SECONDS / self._gap))
        try:
            self._enter(self._another(count), count)
        except Exception:
            log.exception("no time of their own for the letters left")
            self.is_over = True

    def _next_letter(self) -> Letter | None:
        while self._next < len(self._letters):
            letter = self._letters[self._next]
            self._next += 1
            if letter.message.identity_id not in self.refusing:
                return letter
            self._held.append(letter)
        return None

    def _send(self, letter: Letter) -> Posted:
        message = letter.message
        outgoing = Outgoing(
            id=message.id,
            appid=self._api.appid,
            identity_id=message.identity_id,
            kind=message.kind,
            template_id=message.template_id,
            content=message.content,
        )
        try:
            return Posted(letter, msgid=CALLS[message.kind](self._api, letter.openid, outgoing))
        except PlatformError as error:
            return Posted(letter, error=error)
        except Exception as error:  # a fault of ours, and the call may have been made
            log.exception("letter not sent as meant", extra={"message_id": message.id})
            code = type(error).__name__
            return Posted(
                letter, error=PlatformError(message.kind, code, permanent=False, unknown=True)
            )

    def _note(self, posted: Posted) -> None:
        code = posted.error.code if posted.error is not None else ""
        with self._lock:
            self.posted.append(posted)
            last, times = self._errors
            self._errors = (code, times + 1 if code == last else 1)
            if code == DAILY_LIMIT:
                self.used_up = self.is_over = True
            elif code in NO_TEMPLATE or (code and self._errors[1] >= EQUAL_ERRORS_MAX):
                self.is_over = True


def post(
    api: "Client",
    letters: Sequence[Letter],
    slot: Slot,
    *,
    another: Another,
    look: Callable[[Sequence[Letter]], Look],
) -> Outcome:
    """Send the letters, in `another` slot too where one is too short.

    About once a second `look` is asked about those ahead, by whoever called.
    """
    one, threads = _Round(api, letters, slot, another), min(AT_ONCE, len(letters))
    if not threads:
        return Outcome((), (), used_up=False)
    working = all_of_them = {_senders.submit(one.work) for _ in range(threads)}
    try:
        while working:
            _, working = wait(working, timeout=LOOK_EVERY_SECONDS)
            if working:
                _heed(one, look)
    finally:  # nobody sends unsupervised
        one.is_over = True
        wait(all_of_them)
    return Outcome(one.posted, one.unsent(), one.used_up)


def _heed(one: _Round, look: Callable[[Sequence[Letter]], Look]) -> None:
    """Do as is seen; who cannot tell stops, and what was sent until then is not lost."""
    try:
        seen = look(one.ahead())
    except Exception:
        log.exception("not known whether to go on sending")
        seen = Look(goes_on=False)
    one.refusing = seen.refusing
    if not seen.goes_on:
        one.is_over = True


def is_worth_repeating(error: PlatformError) -> bool:
    """Whether the platform refused for now only."""
    return not error.permanent and kind_of_refusal(error) in (Kind.transient, Kind.token)
