"""The template library and what each event sends, as staff see and change it per account."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from flows.accounts import account_near, accounts_within
from flows.message_events import EVENTS, Event
from flows.messages import send_message
from flows.telling_reps import reachable_rep
from members.consent_books import Book, books_of, is_waiting
from org.queries import under
from org.roster import rep_within
from templates_msg.library import Listed, ask_for, library_of, note_library, usable_template
from templates_msg.models import LibraryTemplate, MessageKind
from templates_msg.operations import Draft, drop_template, set_template
from templates_msg.queries import Purpose, purposes_of, template_for
from templates_msg.rules import Line, check_filled, lines_of
from wx_backend import clock
from wx_backend.config import Account
from wx_backend.errors import BadInput, Forbidden, NotFound
from wx_backend.outbox import Steps, defer, remote_job
from wx_backend.platform import client, config

VALUE: Final = "value:"
TEXT: Final = "text:"


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event at an account, with the template it is told by, if there is one."""

    key: str
    event: Event
    template: LibraryTemplate | None
    is_mapped: bool


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


@dataclass(frozen=True, slots=True)
class EventForm:
    """One event's form: the chosen template's lines with what fills each, and a sample."""

    key: str
    event: Event
    templates: Sequence[LibraryTemplate]
    chosen: LibraryTemplate | None
    lines: Sequence[Line]
    filled_by: Mapping[str, str]
    sample: Sequence[Line]
    is_mapped: bool


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


def library(name: str, node_id: int) -> Library:
    """The templates of an account and what its events send."""
    account = account_seen(name, node_id)
    templates, used = library_of(account.appid), purposes_of(account.appid)
    by_id = {each.template_id: each for each in templates}
    events = [
        EventRow(key, event, by_id.get(used[key].template_id) if key in used else None, key in used)
        for key, event in EVENTS.items()
    ]
    books, is_counting = books_of(account.appid), is_waiting(account.appid)
    return Library(account, templates, books, is_counting, events, _is_below(account, node_id))


def mapping(name: str, key: str, template_id: str, node_id: int) -> EventForm:
    """The form of an event; `template_id` is the one being tried, empty for the one in use."""
    account, event = account_seen(name, node_id), _event(key)
    used = template_for(account.appid, key)
    templates = [
        each
        for each in library_of(account.appid)
        if each.is_usable and each.kind == MessageKind.TEMPLATE
    ]
    wanted = template_id or (used.template_id if used else "")
    chosen = next((each for each in templates if each.template_id == wanted), None)
    if used is not None and chosen is not None and used.template_id == chosen.template_id:
        filled_by = _filled_by(used)
    else:
        filled_by = _guessed(event, chosen)
    return EventForm(
        key=key,
        event=event,
        templates=templates,
        chosen=chosen,
        lines=lines_of(chosen.content) if chosen else [],
        filled_by=filled_by,
        sample=lines_of(chosen.content, _example(event, filled_by)) if chosen else [],
        is_mapped=used is not None,
    )


def save_mapping(
    *, name: str, key: str, template_id: str, filled_by: Mapping[str, str], node_id: int
) -> None:
    """Have an event told by a template: every field gets a value of ours or a text.

    Tried out with the examples: what the platform would refuse is refused here. Raises BadField,
    NotFound, Forbidden.
    """
    account, event = account_run_from(name, node_id), _event(key)
    template = usable_template(account.appid, template_id)
    if template.kind != MessageKind.TEMPLATE:
        raise BadInput("事件通知须使用模板消息的模板", fields=["template_id"])
    check_filled(template.content, _example(event, filled_by))
    fields = {
        by.removeprefix(VALUE): field for field, by in filled_by.items() if by.startswith(VALUE)
    }
    if len(fields) < sum(by.startswith(VALUE) for by in filled_by.values()):
        raise BadInput("同一个值只能填入一个字段", fields=["filled_by"])
    fixed = {field: by.removeprefix(TEXT) for field, by in filled_by.items() if by.startswith(TEXT)}
    set_template(
        appid=account.appid, purpose=key, template_id=template_id, fields=fields, fixed=fixed
    )


def forget_mapping(*, name: str, key: str, node_id: int) -> None:
    """Tell nobody of an event any more."""
    drop_template(appid=account_run_from(name, node_id).appid, purpose=key)


def test_send(*, name: str, key: str, rep_number: str, node_id: int, now: datetime) -> None:
    """Send an event's message with its examples to an employee, to see it on a phone."""
    account, event = account_run_from(name, node_id), _event(key)
    used = template_for(account.appid, key)
    if used is None:
        raise BadInput("请先保存模板", fields=["template_id"])
    rep = rep_within(rep_number, under(node_id))
    receiver = reachable_rep(rep.id, account.appid) if rep else None
    if receiver is None:
        raise BadInput("没有这位员工，或其微信尚未绑定、未关注该公众号", fields=["rep_number"])
    send_message(
        Draft(
            key=f"test:{key}:{receiver}:{int(now.timestamp() * 1000)}",
            appid=account.appid,
            identity_id=receiver,
            kind=MessageKind.TEMPLATE,
            purpose="test",
            template_id=used.template_id,
            content={
                "data": used.data({name: each.example for name, each in event.values.items()}),
                "url": config().service.base_url,
            },
        ),
        now=now,
    )


def ask(*, name: str, template_id: str, is_asked: bool, node_id: int) -> None:
    """Have people asked to agree to a notice, or not any more. Raises Forbidden, TooManyAsked."""
    ask_for(account_run_from(name, node_id).appid, template_id, is_asked=is_asked)


def start_sync(*, name: str, node_id: int, now: datetime) -> None:
    """Have the library read from the platform; once a minute at most."""
    appid = account_seen(name, node_id).appid
    defer(sync_library, key=f"{appid}:{int(now.timestamp()) // 60}", appid=appid)


@remote_job("templates.sync")
def sync_library(*, appid: str) -> Steps:
    """Read an account's templates of both kinds."""
    api = client(appid)
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


def _event(key: str) -> Event:
    found = EVENTS.get(key)
    if found is None:
        raise NotFound
    return found


def _example(event: Event, filled_by: Mapping[str, str]) -> dict[str, str]:
    """The fields as they would be sent with the event's examples."""
    data = {}
    for field, by in filled_by.items():
        value = event.values.get(by.removeprefix(VALUE)) if by.startswith(VALUE) else None
        data[field] = value.example if value is not None else by.removeprefix(TEXT)
    return data


def _filled_by(used: Purpose) -> dict[str, str]:
    values = {field: f"{VALUE}{name}" for name, field in used.fields.items()}
    return values | {field: f"{TEXT}{text}" for field, text in used.fixed.items()}


def _guessed(event: Event, chosen: LibraryTemplate | None) -> dict[str, str]:
    """A first proposal: fields whose label names one of our values."""
    if chosen is None:
        return {}
    lines = lines_of(chosen.content)
    return {
        line.key: f"{VALUE}{name}"
        for name, value in event.values.items()
        for line in lines
        if value.name in line.label or line.label in value.name
    }


def _is_below(account: Account, node_id: int) -> bool:
    return account in accounts_within(node_id)
