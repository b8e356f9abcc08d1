"""The people of these tests, and the times things happen to them."""

from datetime import UTC, datetime, timedelta

CITY, PROVINCE = "wx5ad0c1ee0a2b3f4d", "wx77aa00bb11cc22dd"
ALICE, BOB = "oAlice0000000000000000000000", "oBob000000000000000000000000"
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def key(number: int) -> bytes:
    """A push key."""
    return number.to_bytes(16, "big")
