"""The SQL of storing an arrival, for both databases; the one place that names several packages' tables.

`spelled_out.arrive` says the same in ordinary code; a property test drives both with the same
histories and compares every table.
"""

from collections.abc import Callable

from wx_backend.claims import WorkStatus

_PUSH_COLUMNS = (
    "key, account, kind, raw, digest, reply, event_at, known_at, status, attempts, due_at, done_at"
)
# What the one statement on PostgreSQL is told of each push, in this order.
COLUMNS = {
    "key": "bytea",
    "account": "text",
    "kind": "text",
    "raw": "bytea",
    "reply": "text",
    "event_at": "timestamptz",
    "known_at": "timestamptz",
    "due_at": "timestamptz",
    "has_work": "bool",
    "appid": "text",
    "openid": "text",
    "is_followed": "bool",
    "follow_kind": "text",
    "touch_kind": "text",
    "certainty": "text",
    "scene": "text",
    "share_id": "int8",
}
_NEWER = (
    "identity.state_at IS NULL OR excluded.state_at > identity.state_at"
    " OR (excluded.state_at = identity.state_at AND NOT excluded.is_followed)"
)
# Whoever was seen followed or not: a newer event overwrites, an older one is only kept as history;
# within one second leaving wins.
_IDENTITY_CONFLICT = f"""
ON CONFLICT (appid, openid) DO UPDATE SET
  is_followed = CASE WHEN {_NEWER} THEN excluded.is_followed ELSE identity.is_followed END,
  state_at = CASE WHEN {_NEWER} THEN excluded.state_at ELSE identity.state_at END,
  seen_at = CASE WHEN excluded.seen_at > identity.seen_at
            THEN excluded.seen_at ELSE identity.seen_at END
RETURNING id"""


def _touch_select(p: Callable[[str], str], who: str) -> str:
    """The touch of a scan: its code's target at that time, else the share of a verified token."""
    target = (
        "SELECT share_id FROM code_target WHERE code_target.code_id = code.id"
        f" ORDER BY valid_from <= {p('event_at')} DESC,"
        f" CASE WHEN valid_from <= {p('event_at')} THEN valid_from END DESC, valid_from LIMIT 1"
    )
    certainty = (
        f"CASE WHEN code.kind <> 'legacy' OR code.kind IS NULL THEN {p('certainty')}"
        f" WHEN code.expires_at <= {p('event_at')} THEN 'unverified' ELSE 'legacy' END"
    )
    token_share = f"SELECT share.id FROM share WHERE share.id = {p('share_id')}"
    return f"""
SELECT {p("key")}, who.id, CASE WHEN code.id IS NULL THEN ({token_share}) ELSE ({target}) END,
  code.id, {p("touch_kind")}, {certainty}, {p("scene")}, {p("event_at")}, {p("known_at")}
FROM {who} LEFT JOIN code ON code.appid = {p("appid")} AND code.scene = {p("scene")}"""


_TOUCH_INTO = (
    "INSERT INTO touch (key, identity_id, share_id, code_id, kind, certainty, scene,"
    " event_at, known_at)"
)


def _sent(name: str) -> str:
    return f"sent.{name}"


_ARRAYS = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(COLUMNS.values(), 1))

# Any number of pushes at once, each person at most once: `ON CONFLICT DO UPDATE` changes a row
# only once in a statement. Keys, then people, both in the order of their bytes, in which others
# lock them too, so that no two statements wait for each other. Back come the keys that were new.
POSTGRES_STORE = f"""
WITH sent AS (SELECT * FROM unnest({_ARRAYS}) AS t ({", ".join(COLUMNS)})),
new AS (INSERT INTO push ({_PUSH_COLUMNS})
  SELECT key, account, kind, raw, sha256(raw), reply, event_at, known_at,
    CASE WHEN has_work THEN '{WorkStatus.PENDING}' ELSE '{WorkStatus.DONE}' END, 0, due_at,
    CASE WHEN NOT has_work THEN known_at END FROM sent ORDER BY key
  ON CONFLICT (key) DO NOTHING RETURNING key),
who AS (INSERT INTO identity (appid, openid, is_followed, state_at, seen_at, created_at)
  SELECT appid, openid, is_followed, event_at, event_at, known_at FROM sent JOIN new USING (key)
  WHERE is_followed IS NOT NULL ORDER BY appid COLLATE "C", openid COLLATE "C"
  {_IDENTITY_CONFLICT}, appid, openid),
followed AS (INSERT INTO follow_event (key, identity_id, kind, event_at, known_at)
  SELECT key, who.id, follow_kind, event_at, known_at FROM sent JOIN who USING (appid, openid)
  WHERE follow_kind IS NOT NULL ON CONFLICT (key) DO NOTHING),
touched AS ({_TOUCH_INTO} {_touch_select(_sent, "sent JOIN who USING (appid, openid)")}
  WHERE sent.touch_kind IS NOT NULL ON CONFLICT (key) DO NOTHING)
SELECT key FROM new"""
POSTGRES_FIRST_REPLIES = "SELECT key, reply FROM push WHERE key = ANY($1::bytea[])"


def _colon(name: str) -> str:
    return f":{name}"


# SQLite allows no INSERT inside WITH: the same steps one by one.
SQLITE_PUSH = (
    f"INSERT INTO push ({_PUSH_COLUMNS}) VALUES (:key, :account, :kind, :raw, :digest, :reply,"
    " :event_at, :known_at, :status, 0, :due_at, :done_at) ON CONFLICT (key) DO NOTHING"
)
SQLITE_IDENTITY = (
    "INSERT INTO identity (appid, openid, is_followed, state_at, seen_at, created_at)"
    " VALUES (:appid, :openid, :is_followed, :event_at, :event_at, :known_at)" + _IDENTITY_CONFLICT
)
SQLITE_FOLLOW = (
    "INSERT INTO follow_event (key, identity_id, kind, event_at, known_at)"
    " VALUES (:key, :identity_id, :follow_kind, :event_at, :known_at) ON CONFLICT (key) DO NOTHING"
)
SQLITE_TOUCH = (
    f"{_TOUCH_INTO} {_touch_select(_colon, '(SELECT :identity_id AS id) AS who')}"
    " WHERE true ON CONFLICT (key) DO NOTHING"
)
