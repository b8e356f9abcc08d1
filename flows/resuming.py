"""Long work at the platform, one call after another: when to go on after a refusal, or that it is over."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from wechat.error_codes import Kind, kind_of
from wx_backend.claims import ATTEMPTS_MAX, backoff
from wx_backend.clock import SHANGHAI, business_on
from wx_backend.errors import PlatformError

AFTER_MIDNIGHT: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Pause:
    """What a person reads meanwhile; `due_at` is when to go on, None when it is over."""

    note: str
    due_at: datetime | None = None
    tries: int = 0


def pause_after(refusal: PlatformError, tries: int, *, now: datetime) -> Pause:
    """A quota used up waits for the next day; what is refused for good, or too often, ends it.

    `tries` counts the refusals of this step so far, this one not among them.
    """
    if is_kind(refusal, Kind.quota):
        return Pause("今日接口额度已用完，次日零点后继续", tomorrow(now))
    if refusal.permanent:
        return Pause(f"微信拒绝：{refusal.code} {refusal.message}".rstrip())
    tries += 1
    if tries >= ATTEMPTS_MAX:
        return Pause(f"微信多次没有给出可用的应答（{refusal.code}），请稍后重新同步")
    said = f"微信暂时没有给出可用的应答（{refusal.code}），稍后重试"
    return Pause(said, now + backoff(tries), tries)


def is_kind(refusal: PlatformError, kind: Kind) -> bool:
    """Whether the platform's code asks for a treatment."""
    return refusal.code.isdigit() and kind_of(int(refusal.code)) is kind


def tomorrow(now: datetime) -> datetime:
    """Shortly after the next midnight in Shanghai, when quotas are full again."""
    midnight = datetime.combine(business_on(now) + timedelta(days=1), time(), SHANGHAI)
    return midnight + AFTER_MIDNIGHT
