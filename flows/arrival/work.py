"""The work of a stored push: whatever did not have to happen while the platform waited."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from campaigns.mass import Told, record_end
from campaigns.recipients import opt_in, opt_out
from flows.arrival.outcomes import words_of
from flows.arrival.understanding import looks_like_ours
from flows.campaign.outcomes import note_outcome
from flows.following import forget_identity, refresh_identity
from flows.poster import send_poster
from flows.tags.applying import something_happened
from flows.telling_reps import tell_scanned
from flows.withdrawing import codes_in, forget_withdrawn
from members.consents import Answer, record_consents
from members.operations import seen
from members.queries import identity_of
from members.tags.operations import forget_there
from menus.defaults import POSTER_KEY, POSTER_WORDS
from menus.rules import folded
from referral.operations import count_forged
from referral.queries import scene_share
from referral.signing import signed_share
from referral.token import ForgedToken
from templates_msg.models import Trigger
from templates_msg.windows import open_window
from wechat import events, pushes
from wx_backend.inbox import Push
from wx_backend.outbox import defer
from wx_backend.platform import config

ACCEPTED: Final = "accept"
OPT_OUT_WORDS: Final = frozenset(map(folded, ("TD", "退订")))
OPT_IN_WORDS: Final = frozenset(map(folded, ("恢复订阅",)))
CLOSED: Final = "user_authorization_cancellation"


def work_off(push: Push) -> None:
    """Do what a stored push asks for, in the transaction that also marks it done."""
    account = config().account(push.account)
    if account is None or push.raw is None:
        return  # an account that was removed, or a body that was purged
    told = events.parse(events.fields(push.raw))
    work = WORKS.get(type(told))
    if work is not None:
        work(push, account.appid, told)


def _identity(push: Push, appid: str, told: pushes.Push) -> int:
    return seen(appid=appid, openid=told.openid, event_at=push.event_at, known_at=push.known_at)


def _followed(push: Push, appid: str, told: pushes.Subscribe) -> None:
    identity_id = _identity(push, appid, told)
    defer(refresh_identity, identity_id=identity_id)
    open_window(identity_id=identity_id, trigger=Trigger.FOLLOW, at=push.event_at)
    forget_there(identity_id)
    something_happened(identity_id)
    _tell_rep(push, appid, identity_id, told)
    _count_forged(push, appid, told)


def _scanned(push: Push, appid: str, told: pushes.Scan) -> None:
    identity_id = _identity(push, appid, told)
    open_window(identity_id=identity_id, trigger=Trigger.SCAN, at=push.event_at)
    something_happened(identity_id)
    _tell_rep(push, appid, identity_id, told)
    _count_forged(push, appid, told)


def _tell_rep(
    push: Push, appid: str, identity_id: int, told: pushes.Scan | pushes.Subscribe
) -> None:
    scene = events.scene(told)
    if scene is not None:
        tell_scanned(appid=appid, identity_id=identity_id, scene=scene, now=push.event_at)


def _count_forged(push: Push, appid: str, told: pushes.Scan | pushes.Subscribe) -> None:
    """Count a scene that only looks like one of our tokens: nobody is credited by it."""
    scene = events.scene(told)
    if scene is None or not looks_like_ours(scene) or scene_share(appid=appid, scene=scene):
        return
    try:
        signed_share(scene)
    except ForgedToken as forged:
        count_forged(source="scene", reason=forged.reason, sample=scene, now=push.known_at)


def _left(push: Push, appid: str, told: pushes.Unsubscribe) -> None:
    defer(
        forget_identity,
        identity_id=_identity(push, appid, told),
        for_good=False,
        until=push.event_at.isoformat(),
    )


def _withdrawn(push: Push, appid: str, told: pushes.DataWithdrawn) -> None:
    """The platform's push service is the sender: the person is named apart, and so is the account.

    Of somebody we never met there is nothing to forget, and nothing to begin.
    """
    subject = identity_of(appid, told.subject_openid)
    if subject is None or told.appid not in ("", appid):
        return
    if told.event == CLOSED:
        defer(forget_identity, identity_id=subject.id, for_good=True)
    else:
        defer(
            forget_withdrawn,
            identity_id=subject.id,
            codes=codes_in(told.revoke_info),
            until=push.event_at.isoformat(),
        )


def _wrote(push: Push, appid: str, told: pushes.Message) -> None:
    """Whatever a person sends lets the account write to him for 48 hours."""
    identity_id = _identity(push, appid, told)
    open_window(identity_id=identity_id, trigger=Trigger.MESSAGE, at=push.event_at)


def _texted(push: Push, appid: str, told: pushes.Text) -> None:
    _wrote(push, appid, told)
    said = folded(told.content)
    if said in OPT_OUT_WORDS:
        opt_out(identity_id=_identity(push, appid, told), now=push.event_at)
    elif said in OPT_IN_WORDS:
        opt_in(identity_id=_identity(push, appid, told))
    if said in POSTER_WORDS:
        _poster(push, appid, told)


def _tapped(push: Push, appid: str, told: pushes.Click | pushes.MenuScan) -> None:
    identity_id = _identity(push, appid, told)
    open_window(identity_id=identity_id, trigger=Trigger.MENU, at=push.event_at)


def _clicked(push: Push, appid: str, told: pushes.Click) -> None:
    _tapped(push, appid, told)
    if told.event_key == POSTER_KEY:
        _poster(push, appid, told)


def _poster(push: Push, appid: str, told: pushes.Push) -> None:
    defer(send_poster, key=push.key.hex(), identity_id=_identity(push, appid, told))


def _messages_told(
    push: Push, appid: str, told: pushes.TemplateResult | pushes.SubscriptionSent
) -> None:
    for msgid, status in words_of(told).items():
        note_outcome(
            appid=appid,
            msgid=msgid,
            status=status,
            event_at=push.event_at,
            identity_id=_identity(push, appid, told),
        )


def _choices(push: Push, appid: str, told: pushes.SubscriptionChoices) -> None:
    record_consents(
        push_key=push.key,
        identity_id=_identity(push, appid, told),
        answers=[Answer(each.template_id, each.status == ACCEPTED) for each in told.choices],
        event_at=push.event_at,
        known_at=push.known_at,
    )


def _mass_ended(push: Push, appid: str, told: pushes.MassResult) -> None:
    """The platform names some follower as the sender: of him it says nothing."""
    record_end(
        appid=appid,
        msg_id=told.msg_id,
        told=Told(
            status=told.status[:60],
            total=told.total,
            filtered=told.filtered,
            sent=told.sent,
            failed=told.failed,
            event_at=push.event_at,
        ),
    )


WORKS: Final[Mapping[type[pushes.Push], Callable[[Push, str, Any], None]]] = {
    pushes.Subscribe: _followed,
    pushes.Scan: _scanned,
    pushes.Unsubscribe: _left,
    pushes.DataWithdrawn: _withdrawn,
    pushes.Text: _texted,
    pushes.Image: _wrote,
    pushes.Voice: _wrote,
    pushes.Video: _wrote,
    pushes.Location: _wrote,
    pushes.Link: _wrote,
    pushes.Click: _clicked,
    pushes.MenuScan: _tapped,
    pushes.TemplateResult: _messages_told,
    pushes.MassResult: _mass_ended,
    pushes.SubscriptionChoices: _choices,
    pushes.SubscriptionSent: _messages_told,
}
