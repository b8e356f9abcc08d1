"""From the clear body of a push to what it tells us: its key, its class, its scene and share."""

from flows.arrival.plan import Told
from referral.token import LENGTH, SHARE, ForgedToken, Keyring, verify
from wechat import events
from wechat.events import Malformed
from wx_backend.config import Account

OPENID_LENGTH = 64


def understood(raw: bytes, *, account: Account, keyring: Keyring) -> Told:
    """What an authentic push tells. Raises Malformed when it makes no sense to us."""
    sent = events.fields(raw)
    push = events.parse(sent)
    if not 0 < len(push.openid) <= OPENID_LENGTH:
        raise Malformed("openid")
    scene = events.scene(push)
    share_id = _share_in(scene, keyring) if scene else None
    return Told(
        key=events.dedupe_key(account.appid, sent),
        account=account.name,
        appid=account.appid,
        raw=raw,
        push=push,
        scene=scene,
        share_id=share_id,
        is_forged=share_id is None and scene is not None and looks_like_ours(scene),
    )


def looks_like_ours(scene: str) -> bool:
    """Whether a scene has the form of a share token; codes of an older system may have it too."""
    return len(scene) == LENGTH and scene[0] == SHARE


def _share_in(scene: str, keyring: Keyring) -> int | None:
    """The share of a token used as scene; other scenes are looked up when stored."""
    try:
        return verify(scene, keyring)
    except ForgedToken:
        return None
