"""Which person asks, as the gate of the members found out, and which rep he is."""

from dataclasses import dataclass

from flask import g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from members.queries import member_ids_of
from org.queries import rep_card, rep_of_member
from wx_backend.audit import Act, act_as
from wx_backend.error_pages import wants_json
from wx_backend.errors import Forbidden, NotSignedIn


@dataclass(frozen=True, slots=True)
class Person:
    """A signed-in WeChat person, as one of his identities."""

    identity_id: int
    member_id: int
    appid: str


class NotARep(Forbidden):
    code, message = "not_a_rep", "请先绑定员工身份"


def seat(person: Person) -> None:
    """The gate of the members let this person through."""
    g.person = person


def person() -> Person:
    """Who asks; NotSignedIn outside of the gate."""
    found: Person | None = g.get("person")
    if found is None:
        raise NotSignedIn
    return found


def require_rep() -> ResponseReturnValue | None:
    """Let a seated person through who is an active rep this moment; others go to the binding."""
    rep_id = rep_of_member(*member_ids_of(person().member_id))
    if rep_id is None:
        if wants_json() or request.method != "GET":
            raise NotARep
        return redirect(url_for("terminal.binding.page"))
    g.rep_id = rep_id
    return None


def rep() -> int:
    """The rep who asks; NotARep outside of the gate."""
    found: int | None = g.get("rep_id")
    if found is None:
        raise NotARep
    return found


def begin_act(subject: str) -> None:
    """From here on what this request does is in the audit trail, by the rep's number and at his outlet."""
    card = rep_card(rep())
    act_as(
        Act(
            actor=f"rep:{rep()}",
            what=request.endpoint or "",
            subject=f"{subject} {card.number}",
            node_id=card.outlet_id,
            request_id=str(g.get("request_id", "")),
        )
    )
