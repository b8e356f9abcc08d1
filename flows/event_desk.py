"""What each event sends, as staff see and change it per account: a template, and what fills its fields."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from campaigns.guard import findings
from campaigns.models import CampaignClass
from flows.message_desk import kind_for, library_seen, run_from, tells
from flows.message_events import EVENTS, NUMBER, Event
from flows.messages import send_message, send_subscription
from flows.telling_reps import reachable_rep
from org.queries import under
from org.roster import rep_within
from templates_msg.library import library_of, usable_template
from templates_msg.models import LibraryTemplate
from templates_msg.operations import Draft, drop_template, set_template
from templates_msg.queries import Purpose, template_for
from templates_msg.rules import Line, check_filled, check_page, lines_of, page_for
from wx_backend.config import Account
from wx_backend.errors import BadInput, Conflict, NotFound
from wx_backend.platform import config

VALUE: Final = "value:"
TEXT: Final = "text:"


class TextBanned(Conflict):
    """A fixed text breaks a rule of the platform; `details` names the rules."""

    code, message = "guard", "固定文字违反平台规则，请修改"


@dataclass(frozen=True, slots=True)
class EventForm:
    """One event's form: the chosen template's lines with what fills each, and a sample.

    `is_notice`: a subscription notice, for a mini-program; then `page` is what a tap opens, as it is
    written and in the sample.
    """

    key: str
    event: Event
    templates: Sequence[LibraryTemplate]
    chosen: LibraryTemplate | None
    lines: Sequence[Line]
    filled_by: Mapping[str, str]
    sample: Sequence[Line]
    is_mapped: bool
    is_notice: bool
    page: str
    sample_page: str


def mapping(name: str, key: str, template_id: str, node_id: int) -> EventForm:
    """The form of an event; `template_id` is the one being tried, empty for the one in use."""
    account = library_seen(name, node_id)
    event, used = _event(account, key), template_for(account.appid, key)
    templates = [
        each
        for each in library_of(account.appid)
        if each.is_usable and each.kind == kind_for(account)
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
        is_notice=account.is_mini_program,
        page=used.page if used else "",
        sample_page=_example_page(event, used.page) if used else "",
    )


@dataclass(frozen=True, slots=True)
class Choice:
    """What staff chose for an event: the template, what fills each field, and the page a tap opens."""

    template_id: str
    filled_by: Mapping[str, str]
    page: str = ""


def save_mapping(*, name: str, key: str, choice: Choice, node_id: int) -> None:
    """Have an event told by a template: every field gets a value of ours or a text.

    Tried out with the examples: what the platform would refuse is refused here, and so is a fixed text
    that no service notice may say. Raises BadField, TextBanned, BadInput, NotFound, Forbidden.
    """
    account = run_from(name, node_id)
    filled_by, page = choice.filled_by, choice.page if account.is_mini_program else ""
    event, template = _event(account, key), usable_template(account.appid, choice.template_id)
    if template.kind != kind_for(account):
        raise BadInput(
            "公众号的事件通知用模板消息，小程序的用订阅消息，请换一个模板", fields=["template_id"]
        )
    check_filled(template.content, _example(event, filled_by))
    if page:
        check_page(page, has_number=NUMBER in event.values)
    fields = {
        by.removeprefix(VALUE): field for field, by in filled_by.items() if by.startswith(VALUE)
    }
    if len(fields) < sum(by.startswith(VALUE) for by in filled_by.values()):
        raise BadInput("同一个值只能填入一个字段", fields=["filled_by"])
    fixed = {field: by.removeprefix(TEXT) for field, by in filled_by.items() if by.startswith(TEXT)}
    _require_allowed(fixed)
    set_template(
        appid=account.appid,
        purpose=key,
        template_id=choice.template_id,
        fields=fields,
        fixed=fixed,
        page=page,
    )


def forget_mapping(*, name: str, key: str, node_id: int) -> None:
    """Tell nobody of an event any more."""
    drop_template(appid=run_from(name, node_id).appid, purpose=key)


def test_send(*, name: str, key: str, rep_number: str, node_id: int, now: datetime) -> None:
    """Send an event's message with its examples to an employee, to see it on a phone."""
    account = run_from(name, node_id)
    event, used = _event(account, key), template_for(account.appid, key)
    if used is None:
        raise BadInput("请先保存模板", fields=["template_id"])
    rep = rep_within(rep_number, under(node_id))
    receiver = reachable_rep(rep.id, account.appid) if rep else None
    if receiver is None:
        raise BadInput("没有这位员工，或其微信尚未绑定、未关注该公众号", fields=["rep_number"])
    data = used.data({name: each.example for name, each in event.values.items()})
    page = _example_page(event, used.page)
    url = page if account.is_mini_program else config().service.base_url
    draft = Draft(
        key=f"test:{key}:{receiver}:{int(now.timestamp() * 1000)}",
        appid=account.appid,
        identity_id=receiver,
        kind=kind_for(account),
        purpose="test",
        template_id=used.template_id,
        content={"data": data, "url": url},
    )
    if not account.is_mini_program:
        send_message(draft, now=now)
    elif send_subscription(draft, now=now) is None:
        raise BadInput("这位员工没有同意接收该订阅消息", fields=["rep_number"])


def _require_allowed(fixed: Mapping[str, str]) -> None:
    """Everybody is sent these, whatever happened to him. Raises TextBanned."""
    if found := findings(CampaignClass.SERVICE, fixed):
        said = "；".join(f"“{each.words}”：{each.rule.says}" for each in found)
        raise TextBanned(
            f"请修改固定文字。{said}", rules=sorted({each.rule.name for each in found})
        )


def _event(account: Account, key: str) -> Event:
    found = EVENTS.get(key)
    if found is None or not tells(account, found):
        raise NotFound
    return found


def _example(event: Event, filled_by: Mapping[str, str]) -> dict[str, str]:
    """The fields as they would be sent with the event's examples."""
    data = {}
    for field, by in filled_by.items():
        value = event.values.get(by.removeprefix(VALUE)) if by.startswith(VALUE) else None
        data[field] = value.example if value is not None else by.removeprefix(TEXT)
    return data


def _example_page(event: Event, page: str) -> str:
    number = event.values.get(NUMBER)
    return page_for(page, number.example if number is not None else "")


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
