"""Messages to people: made once per business reason, sent with one remote call each.

What the platform answers decides: taken, refused for good, refused for now (tried again later)
or no answer (repeated within minutes under the same client_msg_id, else left for a person).
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from campaigns.rules import loud_at, tomorrow
from flows.message_events import NUMBER
from members.consents import use_consent
from members.operations import found_unfollowed
from members.queries import identity_by_id
from templates_msg.models import MessageKind
from templates_msg.operations import (
    Draft,
    Outgoing,
    mark_failed,
    mark_sent,
    mark_unknown,
    put_back,
    queue_message,
    start_sending,
)
from templates_msg.queries import template_for
from templates_msg.rules import client_msg_id, page_for
from wechat.error_codes import NOT_FOLLOWING, Kind, kind_of
from wx_backend import clock, crash
from wx_backend.errors import PlatformError
from wx_backend.outbox import Steps, defer, remote_job
from wx_backend.platform import client, config

if TYPE_CHECKING:  # the client is loaded by the first call
    from wechat.client import Client

TRIES_MAX: Final = 8
FOR_FOLLOWERS: Final = frozenset({MessageKind.TEMPLATE, MessageKind.CUSTOMER_SERVICE})
BEFORE_MARK = crash.point("messages.before_mark")


def send_message(draft: Draft, *, now: datetime) -> int:
    """Have a message made and sent, once per key; its id. Raises BadField."""
    message_id = queue_message(draft, now=now)
    defer(send, key=f"{message_id}:1", message_id=message_id)
    return message_id


def send_notice(
    *, key: str, identity_id: int, purpose: str, values: Mapping[str, str], url: str, now: datetime
) -> int | None:
    """Send the message an account has for a purpose; None where it has none, or nobody agreed to it.

    `values` go by our own names; the account's template says which field each fills. A mini-program
    tells by subscription notice, which opens the page chosen for the purpose. Raises BadField for
    values the platform would refuse.
    """
    appid = identity_by_id(identity_id).appid
    template, account = template_for(appid, purpose), config().account_of(appid)
    if template is None:
        return None
    draft = Draft(
        key=key,
        appid=appid,
        identity_id=identity_id,
        kind=MessageKind.TEMPLATE,
        purpose=purpose,
        template_id=template.template_id,
        content={"data": template.data(values), "url": url},
    )
    if account is not None and account.is_mini_program:
        page = page_for(template.page, values.get(NUMBER, ""))
        content = {"data": draft.content["data"], "url": page}
        notice = replace(draft, kind=MessageKind.SUBSCRIPTION, content=content)
        return send_subscription(notice, now=now)
    return send_message(draft, now=now)


def send_subscription(draft: Draft, *, now: datetime) -> int | None:
    """Send a subscription notice if the person still agreed to one of its template: its id.

    One yes is used per notice, however often it is asked for. None without a yes left. Raises
    BadField.
    """
    agreed = use_consent(
        key=draft.key,
        identity_id=draft.identity_id,
        template_id=draft.template_id or "",
        now=now,
    )
    return send_message(draft, now=now) if agreed else None


@remote_job("message.send")
def send(*, message_id: int, attempt: int = 1) -> Steps:
    """Send one message and note what came of it; whatever came, this job is done then."""
    outgoing = start_sending(message_id=message_id, now=clock.now())
    if outgoing is None:
        return
    identity = identity_by_id(outgoing.identity_id)
    openid = identity.openid
    if openid is None or identity.lost_at is not None:
        mark_failed(message_id=message_id, error="erased" if openid is None else "lost")
        return
    api, asked_at = client(outgoing.appid), clock.now()
    try:
        msgid = yield lambda: CALLS[outgoing.kind](api, openid, outgoing)
    except PlatformError as error:
        if outgoing.kind in FOR_FOLLOWERS:
            note_unfollowed(error, identity_id=outgoing.identity_id, asked_at=asked_at)
        _note_refusal(outgoing, attempt, error)
        return
    crash.here(BEFORE_MARK)
    mark_sent(message_id=message_id, msgid=msgid, now=clock.now())


def note_unfollowed(error: PlatformError, *, identity_id: int, asked_at: datetime) -> bool:
    """Whether a call begun at `asked_at` failed because the person does not follow; kept if so."""
    if error.code != str(NOT_FOLLOWING):
        return False
    found_unfollowed(identity_id=identity_id, asked_at=asked_at)
    return True


def kind_of_refusal(error: PlatformError) -> Kind:
    """The treatment a refused call needs; transient where the platform gave no number."""
    digits = error.code.removeprefix("-")
    return kind_of(int(error.code)) if digits.isascii() and digits.isdigit() else Kind.transient


def _note_refusal(outgoing: Outgoing, attempt: int, error: PlatformError) -> None:
    message_id, reason = outgoing.id, f"{error.code} {error.message}".strip()
    kind = kind_of_refusal(error)
    is_duplicate = kind is Kind.duplicate
    if error.unknown or (outgoing.is_repeat and not is_duplicate):
        # What refuses a repeat says nothing of the send before it.
        mark_unknown(message_id=message_id, error=reason)
        if not error.permanent:
            _try_again(message_id, attempt, timedelta(seconds=30))
    elif is_duplicate:
        mark_sent(message_id=message_id, msgid=None, now=clock.now())
    elif error.permanent or attempt >= TRIES_MAX:
        mark_failed(message_id=message_id, error=reason)
    else:
        put_back(message_id=message_id, error=reason)
        _try_again(message_id, attempt, _pause(kind, attempt))


def _pause(kind: Kind, attempt: int) -> timedelta:
    """A used-up quota waits for the next morning, since nobody wants a whole evening's notices at
    midnight; anything else twice as long each time.
    """
    if kind is not Kind.quota:
        return timedelta(seconds=15 * 2**attempt)
    now = clock.now()
    return loud_at(tomorrow(now)) - now


def _try_again(message_id: int, attempt: int, pause: timedelta) -> None:
    defer(
        send,
        key=f"{message_id}:{attempt + 1}",
        due_at=clock.now() + pause,
        message_id=message_id,
        attempt=attempt + 1,
    )


def _template(api: "Client", openid: str, message: Outgoing) -> str:
    return api.send_template(
        openid=openid,
        template_id=message.template_id,
        data=message.content["data"],
        client_msg_id=client_msg_id(message.id),
        url=message.content.get("url", ""),
    )


def _subscription(api: "Client", openid: str, message: Outgoing) -> str | None:
    return api.send_subscription_notice(
        openid=openid,
        template_id=message.template_id,
        data=message.content["data"],
        page=message.content.get("url", ""),
    )


def _customer_service(api: "Client", openid: str, message: Outgoing) -> None:
    api.send_text(openid, message.content["text"])


CALLS: Final[Mapping[MessageKind, Callable[["Client", str, Outgoing], Any]]] = {
    MessageKind.TEMPLATE: _template,
    MessageKind.SUBSCRIPTION: _subscription,
    MessageKind.CUSTOMER_SERVICE: _customer_service,
}
