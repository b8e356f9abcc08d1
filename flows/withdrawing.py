"""What somebody takes back in WeChat's settings is erased here as well, as far as it was ever kept."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol

from flows.following import forget_identity
from members.erasure import erase_addresses, erase_phone
from members.queries import member_of
from wx_backend.outbox import job


class Erasing(Protocol):
    """Forgets one thing about a person, as it stood at an instant."""

    def __call__(self, *, member_id: int, until: datetime) -> None: ...


KEPT: Final[Mapping[str, Erasing]] = {
    "2": erase_addresses,
    "8": erase_phone,
    "201": erase_addresses,
}
"""The platform's codes for what is kept here: mini-programs count from 1, web pages from 201."""

NEVER_KEPT: Final = frozenset(
    {
        *("1", "3", "4", "5", "6", "7", "12", "13", "14", "15", "16", "18", "19", "20"),
        *("202", "203", "204", "205", "206", "207"),
    }
)
"""Number plate, invoice, Bluetooth, microphone, name and picture, camera, steps, places, photos, files,
mail: nothing here asks for any of it."""


def codes_in(revoke_info: str) -> list[str]:
    """What a person took back, by the platform's codes: `8`, or several at once."""
    return re.findall(r"[0-9]+", revoke_info)


@job("identity.withdraw")
def forget_withdrawn(*, identity_id: int, codes: Sequence[str], until: str) -> None:
    """Erase what a person took back at `until` (ISO 8601); what he gave again since then stays.

    Orders keep where they went and whom to call. A code that nobody told us about, or none at all, takes
    everything but the person: what was learnt of him at this account, his phone and his addresses.
    """
    taken = [KEPT[code] for code in codes if code in KEPT]
    if not codes or set(codes) - KEPT.keys() - NEVER_KEPT:
        forget_identity(identity_id=identity_id, for_good=False, until=until)
        taken = [erase_addresses, erase_phone]
    member_id = member_of(identity_id)
    if member_id is None:
        return
    for erase in taken:
        erase(member_id=member_id, until=datetime.fromisoformat(until))
