"""Asking people to agree to subscription notices, and what they said, counted."""

from collections.abc import Sequence
from dataclasses import dataclass

from members.consents import free_consents
from members.queries import identity_by_id
from templates_msg.library import asked_notices
from templates_msg.rules import lines_of


@dataclass(frozen=True, slots=True)
class Asked:
    """One notice somebody is asked to agree to: what it tells, and how often he agreed to get it."""

    template_id: str
    title: str
    lines: Sequence[str]
    agreed: int


def asked_of(identity_id: int) -> list[Asked]:
    """The notices of the account one meets, of which one yes is one message."""
    appid = identity_by_id(identity_id).appid
    return [
        Asked(
            template_id=each.template_id,
            title=each.title,
            lines=[line.label for line in lines_of(each.content)],
            agreed=free_consents(identity_id, each.template_id),
        )
        for each in asked_notices(appid)
    ]
