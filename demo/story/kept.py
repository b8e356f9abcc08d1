"""What was promised or told is kept, once, and nothing is left to do: witness and clients against rows."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import func, select

from demo.story.frame import Story, eventually, expect
from demo.story.journal import Kind, Promise
from referral.signing import signed_share
from templates_msg.rules import client_msg_id
from wechat.events import dedupe_key
from wx_backend import clock, tables
from wx_backend.db import db

UNKNOWN_PERCENT: Final = 25  # of a crowd that writes to two reps, while answers are lost
WORK_TABLES: Final = ("push", "pay_notice", "job")
# How many rows stand for a promise of each kind; at least one must.
PROMISED: Final[Mapping[Kind, str]] = {
    Kind.SIGN_IN: "SELECT count(*) FROM identity WHERE openid = :who AND member_id IS NOT NULL",
    # Where WeChat did not say who he is, a link's touch is his browser's, and the browser his later.
    Kind.TOUCH: "SELECT count(*) FROM touch"
    " LEFT JOIN identity_link ON identity_link.visitor_id = touch.visitor_id"
    " AND identity_link.undone_at IS NULL"
    " JOIN identity ON identity.id = coalesce(touch.identity_id, identity_link.identity_id)"
    " WHERE touch.kind = 'link_opened' AND touch.share_id = :share AND identity.openid = :who",
    Kind.SHARE: "SELECT count(*) FROM share JOIN identity ON identity.id = share.identity_id"
    " WHERE share.id = :share AND identity.openid = :who",
    Kind.ORDER: "SELECT count(*) FROM sales_order"
    " JOIN identity ON identity.id = sales_order.identity_id"
    " WHERE sales_order.number = :about AND identity.openid = :who",
    Kind.PREPAY: "SELECT count(*) FROM payment"
    " JOIN identity ON identity.id = payment.identity_id"
    " WHERE payment.prepay_id = :about AND identity.openid = :who",
    Kind.REFUND: "SELECT count(*) FROM refund JOIN payment ON payment.id = refund.payment_id"
    " JOIN identity ON identity.id = payment.identity_id"
    " JOIN sales_order ON sales_order.id = payment.order_id"
    " WHERE sales_order.number = :about AND identity.openid = :who",
}


def promises_kept(story: Story) -> str:
    """Whatever the service acknowledged to a browser is in the database."""
    people = openids(story)
    for kind in PROMISED:
        for promise in story.journal.of(kind):
            count = story.value(PROMISED[kind], **_promised(story, promise, people))
            expect(f"{promise} is kept", count >= 1, True)
    return f"{len(story.journal)} answers"


def pushes_stored(story: Story) -> str:
    """Every push that WeChat saw acknowledged is stored, and nothing is that WeChat did not send."""
    sent = story.witness("push.sent")
    keys = {fact["number"]: dedupe_key(story.appid, fact["fields"]) for fact in sent}
    acknowledged = {keys[fact["number"]] for fact in sent if fact["status"] == 200}
    stored = [bytes(row["key"]) for row in story.rows("SELECT key FROM push")]
    expect("acknowledged, not stored", len(acknowledged - set(stored)), 0)
    expect("stored, never sent", len(set(stored) - set(keys.values())), 0)
    return f"{len(sent)} deliveries, {len(acknowledged)} acknowledged, {len(stored)} stored"


def touches_are_scans(story: Story) -> str:
    """There is one touch for each scan whose push was stored, however often it was told.

    That every push WeChat saw acknowledged is stored is `pushes_stored`'s to say. One more may be:
    its commit was done, and nobody could say so before WeChat gave up.
    """
    sent = (fact["fields"] for fact in story.witness("push.sent"))
    told = {dedupe_key(story.appid, fields) for fields in sent if _has_scene(fields)}
    scans = told & {bytes(row["key"]) for row in story.rows("SELECT key FROM push")}
    query = "SELECT key FROM touch WHERE kind IN ('subscribe', 'scan') AND identity_id NOT IN"
    demo = "(SELECT id FROM identity WHERE openid LIKE 'oDemo%')"
    touches = [bytes(row["key"]) for row in story.rows(f"{query} {demo}")]
    expect("touches, by scans that were stored", len(touches), len(scans))
    expect("touches of no scan, scans of no touch", len(set(touches) ^ scans), 0)
    return f"{len(touches)} scans"


def nothing_open(story: Story) -> str:
    """No work is dead, none stays due."""
    for table in WORK_TABLES:
        dead = f"SELECT count(*) FROM {table} WHERE status = 'dead'"  # noqa: S608 - our own names
        expect(f"dead rows of {table}", story.value(dead), 0)
    eventually("work left", lambda: open_work(story), {}, 60)
    return "all done"


def open_work(story: Story) -> dict[str, int]:
    """How much is not done although it is due, per table."""
    return {table: count for table in WORK_TABLES if (count := _open(story, table))}


def messages_once(story: Story) -> str:
    """Each message has one reason and was shown once; none is lost, and only those wait for a person
    that nothing tells apart.

    A campaign's are `demo.chaos.letters`' matter: of those without an answer it knows no more.
    """
    shown = Counter(
        fact["client_msg_id"]
        for fact in story.witness("message.delivered")
        if fact["message"] == "template"
    )
    expect("messages shown twice", [key for key, times in shown.items() if times > 1], [])
    rows = story.rows(
        "SELECT status, count(*) AS n FROM message WHERE purpose <> 'campaign' GROUP BY status"
    )
    states = {row["status"]: int(row["n"]) for row in rows}
    delivered, unknown = states.pop("delivered", 0), states.pop("unknown", 0)
    expect("messages neither delivered nor held as unknown", states, {})
    expect(
        f"shown ({len(shown)}) are those delivered ({delivered}), or held as unknown ({unknown})",
        delivered <= len(shown) <= delivered + unknown,
        True,
    )
    expect("unknown, though its one outcome was told us", could_be_known(story), [])
    few = unknown * 100 <= (delivered + unknown) * UNKNOWN_PERCENT
    expect(f"few are unknown ({unknown} of {delivered + unknown})", few, True)
    return f"{len(shown)} shown, {unknown} held as unknown"


def could_be_known(story: Story) -> list[int]:
    """Messages held as unknown although they came, we were told so, and no other could be meant.

    Two to one person whose answers were lost within minutes cannot be told apart by their outcomes.
    """
    told = {
        str(fact["fields"].get("MsgID"))
        for fact in story.witness("push.sent")
        if fact["status"] == 200 and fact["fields"].get("Event") == "TEMPLATESENDJOBFINISH"
    }
    came = {
        fact["client_msg_id"]
        for fact in story.witness("message.delivered")
        if fact["message"] == "template" and fact["msg_id"] in told
    }
    rows = story.rows("SELECT id, identity_id FROM message WHERE status = 'unknown'")
    times = Counter(row["identity_id"] for row in rows)
    return [
        row["id"]
        for row in rows
        if times[row["identity_id"]] == 1 and client_msg_id(row["id"]) in came
    ]


def billing_once(story: Story) -> str:
    """Each paid order with a plan is at billing once, and active here by its receipt."""
    taken = Counter(fact["order_number"] for fact in story.witness("billing.order"))
    expect("orders taken twice", [key for key, times in taken.items() if times > 1], [])
    rows = story.rows(
        "SELECT sales_order.number, hand_over.status FROM hand_over"
        " JOIN sales_order ON sales_order.id = hand_over.order_id"
    )
    expect("hand-overs", {row["number"] for row in rows}, set(taken))
    expect("hand-overs not accepted", [r["number"] for r in rows if r["status"] != "accepted"], [])
    return f"{len(rows)} hand-overs"


def _promised(story: Story, promise: Promise, people: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {"who": people[promise.person]}
    if promise.kind in {Kind.TOUCH, Kind.SHARE}:
        with story.ours():
            values["share"] = signed_share(promise.about)
    elif promise.kind is not Kind.SIGN_IN:
        values["about"] = promise.about
    return values


def openids(story: Story) -> dict[str, str]:
    """By which name the account knows each person."""
    return {
        person["name"]: contact["openid"]
        for person in story.pretend.read("people")["people"]
        for contact in person["contacts"]
        if contact["appid"] == story.appid
    }


def _has_scene(fields: Mapping[str, Any]) -> bool:
    return fields.get("Event") in {"subscribe", "SCAN"} and bool(fields.get("EventKey"))


def _open(story: Story, table: str) -> int:
    rows = tables.metadata.tables[table]
    undone = select(func.count()).where(rows.c.status == "pending", rows.c.due_at <= clock.now())
    with story.ours():
        return int(db.session.scalar(undone) or 0)
