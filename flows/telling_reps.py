"""A rep hears in WeChat of what happens to his customers: by the account where it happened."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from flows.accounts import official_accounts
from flows.arrival.understanding import looks_like_ours
from flows.messages import send_notice
from members.queries import identity_at, identity_by_id, member_ids_of
from org.queries import member_of_rep
from referral.queries import scene_share, share_root_rep
from referral.signing import signed_share
from referral.token import ForgedToken
from settlement.queries import freed_between
from templates_msg.digests import takes_digest
from templates_msg.queries import keys_made, template_for
from wx_backend.clock import SHANGHAI, business_on
from wx_backend.money import yuan
from wx_backend.platform import config

SCANNED, FREED = "customer_scanned", "commission_free"
DIGEST: Final = "rep_digest"
AT_ONCE: Final = 200
TOLD_FROM: Final = 9
TOLD_UNTIL: Final = 12  # hours in Shanghai


def tell_scanned(*, appid: str, identity_id: int, scene: str, now: datetime) -> None:
    """Somebody scanned a rep's code: the rep is told, of each person once a day.

    Accounts without a message for it tell nobody, and who takes digests finds it there.
    """
    if template_for(appid, SCANNED) is None:
        return
    rep_id = _rep_of_scene(appid, scene)
    if rep_id is None or hears_by_digest(rep_id):
        return
    receiver = reachable_rep(rep_id, appid)
    if receiver is None or receiver == identity_id:
        return
    send_notice(
        key=f"{SCANNED}:{rep_id}:{identity_id}:{business_on(now):%Y%m%d}",
        identity_id=receiver,
        purpose=SCANNED,
        values={
            "customer": f"客户 {identity_id:04d}",
            "at": f"{now.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
        },
        url=f"{config().service.base_url}/terminal/customers",
        now=now,
    )


def tell_freed(*, now: datetime) -> int:
    """In the morning: each rep hears what of his commission became free yesterday; how many do.

    Of many reps each minute has its share, about 200; who was told is not looked at again.
    """
    local = now.astimezone(SHANGHAI)
    if not TOLD_FROM <= local.hour < TOLD_UNTIL:
        return 0
    today = local.replace(hour=0, minute=0, second=0, microsecond=0)
    yesterday = today - timedelta(days=1)
    freed = {rep: fen for rep, fen in freed_between(yesterday, today).items() if fen > 0}
    shares = max(1, -(-len(freed) // AT_ONCE))
    turn = int(now.timestamp()) // 60 % shares
    keys = {_freed_key(rep, yesterday): rep for rep in freed if rep % shares == turn}
    told = keys_made(keys)
    return sum(
        _tell_freed(rep, freed[rep], yesterday, now) for key, rep in keys.items() if key not in told
    )


def tell_rep(
    rep_id: int, *, purpose: str, key: str, values: Mapping[str, str], page: str, now: datetime
) -> bool:
    """Tell a rep by the first account that reaches him and has a message for it, once per key.

    `page` is the terminal's page it leads to. False when no account does.
    """
    receiver = _receiver(rep_id, purpose)
    if receiver is None:
        return False
    send_notice(
        key=key,
        identity_id=receiver,
        purpose=purpose,
        values=values,
        url=f"{config().service.base_url}/terminal/{page}",
        now=now,
    )
    return True


def can_digest(rep_id: int) -> bool:
    """Whether some account reaches a rep and has a message for digests."""
    return _receiver(rep_id, DIGEST) is not None


def hears_by_digest(rep_id: int) -> bool:
    """Whether digests take the place of single messages: he wants them, and they can reach him."""
    return takes_digest(rep_id) and can_digest(rep_id)


def reachable_rep(rep_id: int, appid: str) -> int | None:
    """The identity a rep has at an account; None if nobody is bound or he is not known there."""
    member_id = member_of_rep(rep_id)
    return identity_at(member_ids_of(member_id), appid) if member_id is not None else None


def _receiver(rep_id: int, purpose: str) -> int | None:
    """The identity by which a rep is told: at the first account he follows that has a message.

    Who is not known to follow any is tried by the first that knows him: nobody tells us of a follow
    from before our time.
    """
    reached = (
        reachable_rep(rep_id, account.appid)
        for account in official_accounts()
        if template_for(account.appid, purpose) is not None
    )
    known = [identity_id for identity_id in reached if identity_id is not None]
    followed = (each for each in known if identity_by_id(each).is_followed)
    return next(followed, known[0] if known else None)


def _tell_freed(rep_id: int, fen: int, day: datetime, now: datetime) -> bool:
    return tell_rep(
        rep_id,
        purpose=FREED,
        key=_freed_key(rep_id, day),
        values={"amount": f"{yuan(fen).replace(',', '')}元", "day": f"{day:%Y-%m-%d}"},
        page="income",
        now=now,
    )


def _freed_key(rep_id: int, day: datetime) -> str:
    return f"{FREED}:{rep_id}:{day:%Y%m%d}"


def _rep_of_scene(appid: str, scene: str) -> int | None:
    share_id = scene_share(appid=appid, scene=scene)
    if share_id is None and looks_like_ours(scene):
        try:
            share_id = signed_share(scene)
        except ForgedToken:
            return None
    return share_root_rep(share_id) if share_id is not None else None
