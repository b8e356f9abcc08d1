"""A message to Bob, and when."""

from datetime import UTC, datetime, timedelta
from typing import Any

from members.operations import ensure_identity
from templates_msg.models import Message, MessageKind
from templates_msg.operations import Draft
from wx_backend.db import db, transaction

CITY, BOB = "wx5ad0c1ee0a2b3f4d", "oBob000000000000000000000000"
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def bob() -> int:
    """Bob's identity, committed."""
    with transaction():
        return ensure_identity(appid=CITY, openid=BOB, now=NOON)


def draft(identity_id: int, key: str = "order_paid:OD1", **more: Any) -> Draft:
    """A template message about a paid order."""
    usual: dict[str, Any] = {
        "kind": MessageKind.TEMPLATE,
        "template_id": "TPL-PAID",
        "content": {"data": {"thing1": "手机一台", "amount2": "¥12.30"}, "url": "https://x/o"},
    }
    return Draft(key=key, appid=CITY, identity_id=identity_id, purpose="order_paid", **usual | more)


def message(message_id: int) -> Message:
    """The message as it stands in the database."""
    db.session.rollback()
    return db.session.get_one(Message, message_id, populate_existing=True)
