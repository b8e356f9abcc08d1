"""The template library of each account, as staff see it: read from the platform, and what is asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flows.accounts import account_near, accounts_within, programs_within
from flows.message_events import EVENTS, Event
from members.consent_books import Book, books_of, is_waiting
from templates_msg.library import Listed, ask_for, library_of, note_library
from templates_msg.models import LibraryTemplate, MessageKind
from templates_msg.queries import Purpose, purposes_of
from wx_backend import clock
from wx_backend.config import Account
from wx_backend.errors import Forbidden, NotFound
from wx_backend.outbox import Steps, defer, remote_job
from wx_backend.platform import client


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event at an account, with the template it is told by, if there is one.

    `page` is what a tap opens in a mini-program.
    """

    key: str
    event: Event
    template: LibraryTemplate | None
    is_mapped: bool
    page: str = ""


@dataclass(frozen=True, slots=True)
class Library:
    """An account's templates, what people said to its notices, and its events.

    `is_counting`: some of what they said is not in the books yet.
    """

    account: Account
    templates: Sequence[LibraryTemplate]
    books: Mapping[str, Book]
    is_counting: bool
    events: Sequence[EventRow]
    may_change: bool


def accounts_seen(node_id: int) -> list[Account]:
    """The accounts that concern a node: its own and those below it, else the one nearest to it."""
    mine = accounts_within(node_id)
    near = account_near(node_id)
    return mine or ([near] if near is not None else [])


def account_seen(name: str, node_id: int) -> Account:
    """One of them by its name; NotFound for any other."""
    found = next((each for each in accounts_seen(node_id) if each.name == name), None)
    if found is None:
        raise NotFound
    return found


def account_run_from(name: str, node_id: int) -> Account:
    """An account that is run from this node; NotFound, Forbidden for one that is run from above."""
    account = account_seen(name, node_id)
    if not _is_below(account, node_id):
        raise Forbidden("该公众号由上级管理")
    return account


def libraries_seen(node_id: int) -> list[Account]:
    """Whose templates concern a node: those accounts', and those of its own mini-programs."""
    return [*accounts_seen(node_id), *programs_within(node_id)]


def library(name: str, node_id: int) -> Library:
    """The templates of an account and what its events send."""
    account = library_seen(name, node_id)
    templates, used = library_of(account.appid), purposes_of(account.appid)
    by_id = {each.template_id: each for each in templates}
    events = [
        _row(key, event, used.get(key), by_id)
        for key, event in EVENTS.items()
        if tells(account, event)
    ]
    books, is_counting = books_of(account.appid), is_waiting(account.appid)
    return Library(account, templates, books, is_counting, events, _is_below(account, node_id))


def _row(
    key: str, event: Event, used: Purpose | None, by_id: Mapping[str, LibraryTemplate]
) -> EventRow:
    if used is None:
        return EventRow(key, event, template=None, is_mapped=False)
    return EventRow(key, event, by_id.get(used.template_id), is_mapped=True, page=used.page)


def ask(*, name: str, template_id: str, is_asked: bool, node_id: int) -> None:
    """Have people asked to agree to a notice, or not any more. Raises Forbidden, TooManyAsked."""
    ask_for(run_from(name, node_id).appid, template_id, is_asked=is_asked)


def start_sync(*, name: str, node_id: int, now: datetime) -> None:
    """Have the library read from the platform; once a minute at most."""
    appid = library_seen(name, node_id).appid
    defer(sync_library, key=f"{appid}:{int(now.timestamp()) // 60}", appid=appid)


@remote_job("templates.sync")
def sync_library(*, appid: str) -> Steps:
    """Read an account's templates of both kinds; a mini-program has only notices."""
    api = client(appid)
    if not api.is_mini_program:
        listed = yield api.templates
        _note(appid, MessageKind.TEMPLATE, listed, "template_id")
    listed = yield api.subscription_templates
    _note(appid, MessageKind.SUBSCRIPTION, listed, "priTmplId")


def _note(appid: str, kind: MessageKind, sent: Sequence[Mapping[str, Any]], key: str) -> None:
    listed = [
        Listed(str(each[key]), str(each.get("title", "")), str(each.get("content", "")))
        for each in sent
        if each.get(key)
    ]
    note_library(appid=appid, kind=kind, listed=listed, now=clock.now())


def library_seen(name: str, node_id: int) -> Account:
    """One of `libraries_seen` by its name; NotFound for any other."""
    found = next((each for each in libraries_seen(node_id) if each.name == name), None)
    if found is None:
        raise NotFound
    return found


def run_from(name: str, node_id: int) -> Account:
    """One that is run from this node; NotFound, Forbidden for one that is run from above."""
    account = library_seen(name, node_id)
    return account if account.is_mini_program else account_run_from(name, node_id)


def kind_for(account: Account) -> MessageKind:
    """What tells of an event: a mini-program has no template messages."""
    return MessageKind.SUBSCRIPTION if account.is_mini_program else MessageKind.TEMPLATE


def tells(account: Account, event: Event) -> bool:
    """Whether an account tells of an event: employees are told by Official Accounts, which they follow."""
    return not (account.is_mini_program and event.is_for_reps)


def _is_below(account: Account, node_id: int) -> bool:
    return account.is_mini_program or account in accounts_within(node_id)
