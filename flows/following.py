"""After somebody followed, scanned or left: learn who it is, or forget what must be forgotten."""

from members.erasure import erase_identity, erase_profile
from members.joining import merge_same_person
from members.operations import note_profile
from members.queries import identity_by_id
from wx_backend import clock
from wx_backend.outbox import Steps, job, remote_job
from wx_backend.platform import client


@remote_job("identity.refresh")
def refresh_identity(*, identity_id: int) -> Steps:
    """Ask the platform for the unionid of a follower, and join him with himself elsewhere."""
    identity = identity_by_id(identity_id)
    openid = identity.openid
    if openid is None or not identity.is_followed:
        return
    info = yield lambda: client(identity.appid).user_info(openid)
    if info.is_subscribed:
        note_profile(
            identity_id=identity_id,
            unionid=info.unionid or None,
            subscribe_scene=info.subscribe_scene or None,
        )
        if identity_by_id(identity_id).member_id is not None:
            merge_same_person(identity_id=identity_id, now=clock.now())


@job("identity.forget")
def forget_identity(*, identity_id: int, for_good: bool) -> None:
    """Erase what the platform demands: the profile on leaving, the openid on closing an account."""
    if for_good:
        erase_identity(identity_id=identity_id)
    else:
        erase_profile(identity_id=identity_id, until=clock.now())
