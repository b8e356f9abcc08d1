"""Who is looking: the signed session, the visitor's cookie, and the link he came by."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from flask import Response, g, request, session

from flows.accounts import official_accounts
from flows.signing_in import Person, signed_in_person
from flows.visit import Opened
from members.operations import hold_identity, sign_out
from referral.values import Certainty
from wx_backend import clock
from wx_backend.carried import is_carried
from wx_backend.config import Account, Mode
from wx_backend.db import retried
from wx_backend.errors import NotSignedIn
from wx_backend.platform import config

Result = TypeVar("Result")
VISITOR_COOKIE: Final = "wx_visitor"
VISITOR_SECONDS: Final = 365 * 86_400
CARRIED_FOR: Final = timedelta(days=30)  # as long as a touch can win
_KEPT: Final = ("share", "opened", "account", "visitor")


def viewer() -> Person | None:
    """Who is signed in on this browser; read once per request."""
    if "viewer" not in g:
        g.viewer = _viewer()
    found: Person | None = g.viewer
    return found


def member() -> Person:
    """Who is signed in; NotSignedIn if nobody is."""
    found = viewer()
    if found is None:
        raise NotSignedIn
    return found


def acting(work: Callable[[Person], Result], *, first: Callable[[], None] = lambda: None) -> Result:
    """Run `work` in a transaction as whoever is signed in, who is that person until it ends.

    Two may be parted between a request's first look and its work: then nothing is made under the
    other one. What everybody locks before a person is taken `first`. Raises NotSignedIn.
    """
    identity_id = member().identity_id

    def act() -> Result:
        first()
        hold_identity(identity_id)
        g.pop("viewer", None)
        return work(member())

    return retried(act)


def _viewer() -> Person | None:
    identity_id, since = session.get("identity"), session.get("signed_in_at")
    if not isinstance(identity_id, int) or not isinstance(since, int | float):
        return None
    return signed_in_person(identity_id=identity_id, signed_in_at=_instant(since), now=clock.now())


def enter(identity_id: int, now: datetime) -> None:
    """Begin a signed-in session: nothing of the one before stays, but how the browser came."""
    kept = {name: session[name] for name in _KEPT if name in session}
    session.clear()
    session.update(kept)
    session["identity"], session["signed_in_at"] = identity_id, now.timestamp()
    session.permanent = True
    g.pop("viewer", None)


def leave() -> None:
    """Sign out, keeping nothing."""
    session.clear()
    g.pop("viewer", None)


def end(now: datetime) -> None:
    """Sign out on every browser and program: a copy of the session is worth nothing afterwards."""
    person = viewer()
    if person is not None:
        retried(lambda: sign_out(identity_id=person.identity_id, now=now))
    leave()


def note_opened(opened: Opened, now: datetime) -> None:
    """A link was opened: it waits to become a touch, and is what the browser passes on."""
    session["opened"] = as_values(opened)
    carry(opened, now)


def carry(opened: Opened | None, now: datetime) -> None:
    """Have the browser pass a share on from now on; None leaves it with the one it has."""
    if opened is not None:
        session["share"] = [opened.share_id, opened.certainty.value, int(now.timestamp())]
        session.permanent = True


def waiting() -> Opened | None:
    """The opened link that has not become a touch yet."""
    return opened_from(session.get("opened"))


def settle_opened() -> None:
    """It has become one."""
    session.pop("opened", None)


def carried_share() -> int | None:
    """The share this browser came by last, while a touch of it could still win."""
    values = session.get("share")
    if not values or _instant(values[2]) + CARRIED_FOR <= clock.now():
        return None
    return int(values[0])


def opened_from(values: Any) -> Opened | None:
    """What `as_values` wrote."""
    return Opened(int(values[0]), Certainty(values[1])) if values else None


def as_values(opened: Opened | None) -> list[Any] | None:
    """An opening as it is kept in the session."""
    return [opened.share_id, opened.certainty.value] if opened else None


def visitor_cookie() -> str:
    """The anonymous visitor's cookie; empty without one. A program has it in its session."""
    if is_carried():
        return str(session.get("visitor", ""))
    return request.cookies.get(VISITOR_COOKIE, "")


def give_visitor(response: Response, cookie: str) -> None:
    """Let the browser keep its visitor's cookie for a year."""
    if is_carried():
        session["visitor"] = cookie
        return
    response.set_cookie(
        VISITOR_COOKIE,
        cookie,
        max_age=VISITOR_SECONDS,
        secure=config().service.base_url.startswith("https://"),
        httponly=True,
        samesite="Lax",
    )


def forget_visitor(response: Response) -> None:
    """The cookie is another person's: this browser gets a new one when it needs one."""
    if is_carried():
        session.pop("visitor", None)
        return
    response.delete_cookie(VISITOR_COOKIE, httponly=True, samesite="Lax")


def is_in_wechat() -> bool:
    """Whether WeChat's own browser asks. The demo's pretend WeChat has no browser of its own."""
    agent = request.user_agent.string
    return "MicroMessenger" in agent or config().service.mode is Mode.DEMO


def account() -> Account:
    """The account this browser meets: its person's, else the Official Account it came by, else the first."""
    person = viewer()
    own = config().account_of(person.appid) if person is not None else None
    if own is not None:
        return own
    accounts = official_accounts() or config().accounts
    wanted = session.get("account")
    return next((each for each in accounts if each.appid == wanted), accounts[0])


def meet(account: Account | None) -> None:
    """Have this browser meet an account from now on; None leaves it with the one it met."""
    if account is not None:
        session["account"] = account.appid


def named_account(name: str) -> Account | None:
    """The account that an address asks for by name, as the links of an account's menu may."""
    return next((each for each in official_accounts() if each.name == name), None)


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
