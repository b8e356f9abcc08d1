"""Chapters: the attribution policy is changed by two persons, and later lines go by the new version alone."""

import re
import secrets
from datetime import timedelta
from typing import Final

from demo.story.browser import Browser, first
from demo.story.calendar import wait_until
from demo.story.frame import Story, expect
from demo.story.proving import desk
from wx_backend import clock
from wx_backend.clock import SHANGHAI

CHIEF: Final = "chief"
AHEAD: Final = timedelta(minutes=15)
_PASSWORD: Final = re.compile(r'<div class="code my-1">([^<]+)</div>')
_DRAFT: Final = re.compile(r'action="(/console/policies/drafts/[0-9]+)/withdraw"')
VERSIONS: Final = "SELECT DISTINCT policy_version AS version FROM attribution ORDER BY 1"


def change(story: Story) -> str:
    """The province's administrator writes version 2, a manager agrees, and its moment comes."""
    province, chief = desk(story, "province"), _chief(story)
    begins = (clock.now() + AHEAD).astimezone(SHANGHAI).replace(second=0, microsecond=0)
    province.get("/console/policies/new")
    page = province.submit(
        "/console/policies/new",
        window_days="30",
        protection_days="7",
        developer_percent="70",
        flash_recent_minutes="20",
        valid_from=f"{begins:%Y-%m-%dT%H:%M}",
        reason="放宽锁号前的时限",
    )
    draft = first(_DRAFT, page.text)
    expect("alone he agrees", province.is_refused(f"{draft}/approve", note="同意"), True)
    chief.get(draft)
    chief.submit(f"{draft}/approve", note="同意")
    wait_until(story, begins.date(), begins.time())
    expect("versions lines were decided by", _decided(story), [1])
    return f"version 2 holds from {begins:%H:%M}"


def keep(story: Story) -> str:
    """What was ordered before the moment is version 1's, what came after version 2's."""
    expect("versions lines were decided by", _decided(story), [1, 2])
    return "lines of both versions"


def _decided(story: Story) -> list[int]:
    return [row["version"] for row in story.rows(VERSIONS)]


def _chief(story: Story) -> Browser:
    """A second person who may: employed by the first, with a password of his own."""
    province = desk(story, "province")
    province.get("/console/staff/new")
    page = province.submit(
        "/console/staff",
        login=CHIEF,
        name="省分总监",
        role="manager",
        place="PV01",
        reason="新任",
    )
    once, own = first(_PASSWORD, page.text), secrets.token_urlsafe(12)
    chief = story.browser(f"staff {CHIEF}")
    chief.get("/console/")
    chief.submit("/console/login", login=CHIEF, password=once)
    chief.submit("/console/account/password", current=once, password=own, again=own)
    return chief


CHANGING = {"change the rules": change}
KEEPING = {"keep the rules": keep}
