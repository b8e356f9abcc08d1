"""Codes of an account are made at the platform once, kept, and renewed before they lapse."""

from collections.abc import Callable, Generator
from datetime import datetime, timedelta
from typing import Any, Final

from referral.models import Code, CodeKind
from referral.operations import CodeMade, note_code_made, plan_scene_code
from referral.queries import code_of_share
from referral.signing import sign_share
from wechat.answers import QrCode
from wx_backend import clock
from wx_backend.platform import client

TEMPORARY_FOR: Final = timedelta(days=30)  # the longest the platform allows
RENEW_BEFORE: Final = timedelta(days=3)

CodeSteps = Generator[Callable[[], Any], Any, Code]


def permanent_code(*, share_id: int, appid: str) -> CodeSteps:
    """The permanent code of a share at an account: for print, out of a book of 100,000 for ever."""
    return _made_code(CodeKind.OA_PERMANENT, share_id, appid)


def temporary_code(*, share_id: int, appid: str) -> CodeSteps:
    """The temporary code of a share at an account, good for at least three more days."""
    return _made_code(CodeKind.OA_TEMPORARY, share_id, appid)


def is_good(code: Code, now: datetime) -> bool:
    """Whether a code was made at the platform and is not about to lapse."""
    if code.ticket is None:
        return False
    return code.expires_at is None or code.expires_at - RENEW_BEFORE > now


def _made_code(kind: CodeKind, share_id: int, appid: str) -> CodeSteps:
    """Plan the code, have the platform make it if it has not yet, and keep its answer.

    The scene is the share's token, so that a scan proves by itself whose code it was. It stays
    when the signing key is changed, and a temporary code is renewed under it.
    """
    now = clock.now()
    code = code_of_share(share_id=share_id, kind=kind, appid=appid) or plan_scene_code(
        kind=kind, appid=appid, scene=sign_share(share_id), share_id=share_id, now=now
    )
    if is_good(code, now):
        return code
    scene, code_id, seconds = code.scene or "", code.id, _seconds(kind)
    made: QrCode = yield lambda: client(appid).create_qr(scene, expire_seconds=seconds)
    ends = now + timedelta(seconds=made.expires_in) if seconds else None
    kept = CodeMade(ticket=made.ticket, url=made.url, expires_at=ends)
    return note_code_made(code_id=code_id, made=kept)


def _seconds(kind: CodeKind) -> int | None:
    return int(TEMPORARY_FOR.total_seconds()) if kind is CodeKind.OA_TEMPORARY else None
