"""WeChat forgets the tags of who is erased: else its list would bring them back once he is known anew."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from flows.resuming import is_kind, tomorrow
from flows.sealed import vault
from members.queries import identity_by_id
from members.tags.queries import numbers_there
from wechat.error_codes import NO_SUCH_TAG, Kind
from wx_backend import clock
from wx_backend.errors import PlatformError
from wx_backend.outbox import BULK, Steps, defer, remote_job
from wx_backend.platform import client

PLACE: Final = "tags.untag:{}"


def untag_at_wechat(identity_id: int) -> None:
    """Have WeChat take its tags from somebody who is about to be erased; whom it means is sealed."""
    identity, numbers = identity_by_id(identity_id), numbers_there(identity_id)
    if identity.openid is not None and numbers:
        sealed = vault().seal(identity.openid, place=PLACE.format(identity_id))
        defer(untag, identity_id=identity_id, sealed=sealed.hex(), numbers=numbers)


@remote_job("tags.untag", queue=BULK)
def untag(*, identity_id: int, sealed: str, numbers: Sequence[int]) -> Steps:
    """Take tags from one person. Who left, and a tag that was deleted, need nothing any more."""
    api = client(identity_by_id(identity_id).appid)
    openid = vault().open(bytes.fromhex(sealed), place=PLACE.format(identity_id))
    for at, number in enumerate(numbers):
        try:
            yield partial(api.untag_followers, number, [openid])
        except PlatformError as refusal:
            if is_kind(refusal, Kind.quota):
                due_at, rest = tomorrow(clock.now()), numbers[at:]
                defer(untag, due_at=due_at, identity_id=identity_id, sealed=sealed, numbers=rest)
                return
            if not is_kind(refusal, Kind.receiver) and refusal.code != str(NO_SUCH_TAG):
                raise
