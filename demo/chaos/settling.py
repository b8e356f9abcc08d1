"""After the trouble: everything that was begun comes to its end."""

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import func, select

from demo.story.frame import Contradiction, Story, eventually
from demo.story.kept import could_be_known, open_work
from flows.campaign.texts import PURPOSE
from templates_msg.models import Message, MessageStatus
from wx_backend import clock
from wx_backend.db import db

ROUNDS_MAX: Final = 30
ROUND_SECONDS: Final = 61.0  # longer than any lease, so that what a killed process held is free
NOTICE_SECONDS: Final = 2.5  # within which the clock process sees that time has passed
ANSWERS_WITHIN: Final = timedelta(minutes=15)
UNSETTLED: Mapping[str, str] = {
    "messages": "SELECT count(*) FROM message WHERE status IN ('queued', 'sending', 'sent')",
    "hand-overs": "SELECT count(*) FROM hand_over WHERE status <> 'accepted'",
    "refunds": "SELECT count(*) FROM refund WHERE status NOT IN ('succeeded', 'closed')",
    "receipts": "SELECT count(*) FROM receipt WHERE position IS NULL",
    "campaigns": "SELECT count(*) FROM campaign WHERE status NOT IN ('done', 'stopped')",
}


def drain(story: Story) -> None:
    """Let everything that was begun come to its end, the clock moved where somebody waits."""
    for _ in range(ROUNDS_MAX):
        story.pretend.post("settle", timeout=30, within=5)
        eventually("work left", lambda: open_work(story), {}, 60)
        if not _unsettled(story):
            return
        story.pass_time(ROUND_SECONDS)
        time.sleep(NOTICE_SECONDS)
    raise Contradiction(f"never settled: {_unsettled(story)}; {_messages_left(story)}")


def _unsettled(story: Story) -> dict[str, int]:
    left = {name: int(story.value(query)) for name, query in UNSETTLED.items()}
    left["messages without an answer"] = _unanswered(story)
    left["messages whose outcome is here"] = len(could_be_known(story))
    came = {fact["out_trade_no"] for fact in story.witness("payment")}
    known = story.rows("SELECT out_trade_no FROM payment WHERE status = 'succeeded'")
    left["payments"] = len(came - {row["out_trade_no"] for row in known})
    return {name: count for name, count in left.items() if count}


def _messages_left(story: Story) -> list[dict[str, Any]]:
    """A few of the messages that nobody knows the end of, as they are stored."""
    rows = story.rows(
        "SELECT id, key, kind, purpose, status, error, msgid, created_at, sending_at, sent_at"
        " FROM message WHERE status IN ('queued', 'sending', 'sent') ORDER BY id LIMIT 5"
    )
    return [{name: str(value) for name, value in row.items()} for row in rows]


def _unanswered(story: Story) -> int:
    """Messages whose answer or outcome may still be found; what is older is for a person to decide.

    Of a campaign's notice no more is known than the outcome that was told, and all have been told.
    """
    with story.ours():
        query = select(func.count()).where(
            Message.status == MessageStatus.UNKNOWN,
            Message.purpose != PURPOSE,
            Message.sending_at > clock.now() - ANSWERS_WITHIN,
        )
        return int(db.session.scalar(query) or 0)
