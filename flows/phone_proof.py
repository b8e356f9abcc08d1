"""A member proves that he holds a phone: a one-time code by text message, typed in once."""

import logging
from collections.abc import Sequence
from datetime import datetime

from flows.sealed import vault
from insights.briefings import staff_read_by
from members.addresses import has_addresses
from members.join_requests import waiting_for
from members.models import PhoneJoin
from members.phone_codes import Outcome, new_code, use_code, void_code
from members.phone_joining import PROOF_COUNTS_FOR, answer_join, join_by_phone, prove_phone
from members.phones import normalised
from members.queries import member_ids_of, phone_holder
from members.vault import member_phone
from orders.queries import orders_of_members
from org.queries import bound_rep
from wx_backend import clock, platform
from wx_backend.db import retried
from wx_backend.errors import BadInput, Conflict, PlatformError, Unavailable
from wx_backend.outbox import defer, job

log = logging.getLogger(__name__)
TEXT = (
    "【{title}】验证码 {digits}，5 分钟内有效。输入者可申请与本手机号的会员合并，请勿告诉任何人。"
)


class CodeNotSent(Unavailable):
    code, message = "code_not_sent", "验证码发送失败，请稍后再试"


class WrongCode(BadInput):
    code, message = "wrong_code", "验证码不正确，请核对后再试"


class CodeOver(Conflict):
    """Used, too old, guessed too often, or never sent."""

    code, message = "code_over", "验证码已失效，请重新获取"


class PhoneNotProven(Conflict):
    """The installation wants contact phones proven; `details.fields` names the field."""

    code, message = "phone_not_proven", "请先验证手机号"


def send_code(*, member_id: int, phone: str, title: str) -> None:
    """Send a code to a phone; makes its own transactions. Call it with none open.

    Raises BadPhone, TooMany, CodeNotSent, and SmsNotConfigured without a gateway.
    """
    number, gateway = normalised(phone), platform.sms()
    sent = retried(
        lambda: new_code(member_id=member_id, phone=number, vault=vault(), now=clock.now())
    )
    try:
        gateway.send(phone=number, text=TEXT.format(title=title, digits=sent.digits))
    except PlatformError as error:
        log.warning("code not sent", extra={"api": error.api, "code": error.code})
        if error.unknown:  # it may arrive all the same: then it is good
            return
        retried(lambda: void_code(code_id=sent.code_id, now=clock.now()))
        raise CodeNotSent from error


def prove(*, member_id: int, phone: str, digits: str, now: datetime) -> Outcome:
    """Try a code; when it is right the phone is the member's, and he is whoever proved it lately.

    Commit whatever comes out. Raises BadPhone, MemberErased.
    """
    number = normalised(phone)
    outcome = use_code(member_id=member_id, phone=number, digits=digits, vault=vault(), now=now)
    if outcome is Outcome.RIGHT:
        prove_phone(member_id=member_id, phone=number, vault=vault(), now=now)
        join_by_phone(member_id=member_id, has_rights=has_rights, has_things=has_things, now=now)
        defer(look_again, member_id=member_id)
    return outcome


@job("phone.join")
def look_again(*, member_id: int) -> None:
    """Once everything is committed: two who prove a phone at one moment do not see each other."""
    join_by_phone(
        member_id=member_id, has_rights=has_rights, has_things=has_things, now=clock.now()
    )


def has_rights(member_ids: frozenset[int]) -> bool:
    """Whether a person is some rep's hands, also of one disabled, or reads a staff's figures."""
    return bound_rep(*member_ids) is not None or bool(staff_read_by(member_ids))


def has_things(member_ids: frozenset[int]) -> bool:
    """Whether a person has something that whoever is joined with him would see."""
    return bool(orders_of_members(member_ids, limit=1)) or has_addresses(member_ids)


def joins_waiting(member_id: int, *, now: datetime) -> Sequence[PhoneJoin]:
    """Who proved this person's phone too, and waits to hear whether they are one."""
    return waiting_for(member_id, since=now - PROOF_COUNTS_FOR)


def answer(join_id: int, *, member_id: int, agrees: bool, now: datetime) -> bool:
    """This person says whether the other one is he himself; whether they are one now.

    Raises NotFound and JoinOver.
    """
    return answer_join(
        join_id,
        member_id=member_id,
        agrees=agrees,
        has_rights=has_rights,
        has_things=has_things,
        now=now,
    )


def proven_phone(member_id: int) -> str:
    """The phone a person has proven last; empty without one."""
    member = phone_holder(member_ids_of(member_id))
    if member is None or member.phone is None:
        return ""
    return vault().open(member.phone, place=member_phone(member.id))


def must_prove() -> bool:
    """Whether orders are taken only with a contact phone that was proven."""
    settings = platform.config().sms
    return settings is not None and settings.must_prove


def require_proven(*, member_id: int, phone: str) -> None:
    """Raises PhoneNotProven for a contact phone the buyer has not proven, where it is asked for."""
    if must_prove() and proven_phone(member_id) != phone:
        raise PhoneNotProven(fields=["contact_phone"])
