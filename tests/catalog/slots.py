"""Banners as the tests put them up."""

from datetime import datetime, timedelta
from typing import Any

from catalog.banner_models import LeadsTo
from catalog.banners import BannerData, Target, add_banner
from catalog.showing import Picture
from wx_backend import clock
from wx_backend.db import transaction

PICTURE = Picture("/mall-assets/mark.png", 300, 300)
PHONES = Target(LeadsTo.SEARCH, words="手机")


def put_up(node_id: int, title: str = "开学季", *, now: datetime | None = None, **told: Any) -> str:
    """A banner shown at a place since yesterday, for a week; its number."""
    now = now or clock.now()
    data = {
        "node_id": node_id,
        "title": title,
        "picture": PICTURE,
        "target": PHONES,
        "shown_from": now - timedelta(days=1),
        "shown_until": now + timedelta(days=7),
        **told,
    }
    with transaction():
        return add_banner(
            BannerData(**data), form_key=f"{node_id}:{title}", actor="staff:1", now=now
        )
