"""Chapters: a link passed on twice, an order, a payment, and everything that follows from it."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from demo.story import mall
from demo.story.browser import Browser
from demo.story.frame import Story, eventually, expect
from demo.story.mall import Basket
from wechat.events import dedupe_key

PHONE, PLAN = "星河 X1", "畅享 99"
# As the demo's goods are seeded: 5 % of a phone, 30 yuan for a plan.
PHONE_BP, PLAN_FEN = 500, 3_000
SETTLED = "TRANSACTION.SUCCESS"
DAVE_PHONE = "13800000004"
LINES = (
    "SELECT line.id, line.position, line.name, line.paid_fen, line.fulfilment,"
    " line.developer_rep_id, line.acceptor_rep_id FROM order_line AS line"
    " JOIN sales_order ON sales_order.id = line.order_id"
    " WHERE sales_order.number = :number ORDER BY line.position"
)
HELD = (
    "SELECT -coalesce(sum(entry.amount_fen), 0) FROM entry JOIN account"
    " ON account.id = entry.account_id WHERE account.kind = 'commission_held'"
    " AND account.owner_kind = 'rep' AND account.owner_id = :rep"
)


def pass_on(story: Story) -> str:
    """Bob opens the showroom from the welcome, signed in silently by WeChat, and shares a phone."""
    bob, showroom = story.browser("Bob"), f"/r/{story.facts['rep_number']}"
    page = bob.open(story.facts["welcome_link"])
    expect("the link leads to her showroom", page.path, showroom)
    phones = mall.products(bob, showroom, "phone")
    plans = mall.products(bob, showroom, "plan")
    story.facts.update({"phone": phones[PHONE], "plan": plans[PLAN]})
    bob.get(f"/p/{phones[PHONE]}")
    story.facts["bobs_link"] = mall.share(bob, "product", phones[PHONE])
    return f"{PHONE} of {showroom}, as {story.facts['bobs_link'].rpartition('/')[2]}"


def arrive(story: Story) -> str:
    """Dave follows, signs in, and opens Bob's link: the page itself says that it was opened."""
    story.meet("Dave", DAVE_PHONE)
    story.act("Dave", "follow")
    dave = story.browser("Dave")
    dave.sign_in()
    page = dave.open(story.facts["bobs_link"])
    expect("the link leads to the phone", page.path, f"/p/{story.facts['phone']}")
    expect("the page names the rep", story.facts["rep_name"] in page.text, True)
    touches = story.value(
        "SELECT count(*) FROM touch JOIN identity ON identity.id = touch.identity_id"
        " WHERE identity.openid = :openid AND touch.kind = 'link_opened'",
        openid=story.openid("Dave"),
    )
    expect("touches by the link", touches, 1)
    return f"{story.facts['rep_name']} is on the page"


def order(story: Story) -> str:
    """Dave orders the phone together with a plan."""
    dave, facts = story.browser("Dave"), story.facts
    phone = mall.choose(dave, PHONE, facts["phone"])
    plan = mall.choose(dave, PLAN, facts["plan"])
    basket = Basket((phone, plan), "戴夫", DAVE_PHONE, user_phone=DAVE_PHONE)
    number = mall.order(dave, basket)
    expect("the same submit is the same order", mall.order(dave, basket), number)
    lines = order_lines(story, number)
    expect("developers", {line["developer_rep_id"] for line in lines}, {facts["rep_id"]})
    facts |= {"order": number, "paid_fen": basket.total_fen}
    facts |= {"phone_fen": phone.price_fen, "plan_fen": plan.price_fen}
    return f"{number}, {basket.total_fen} fen, credited to {facts['rep_name']}"


def pay(story: Story) -> str:
    """He pays; the notice comes twice and once badly signed: the order is paid exactly once."""
    facts, dave = story.facts, story.browser("Dave")
    # The pretend platform's wait before it repeats a refused notice: 15 s, here 1.5 s.
    story.pretend.put("settings", time_scale=0.1)
    story.pretend.post("chaos", on=f"notice:{SETTLED}", action="duplicate", n=1, spacing=0.5)
    story.pretend.post("chaos", on=f"notice:{SETTLED}", action="bad_signature")
    story.pretend.post("chaos", on="/cgi-bin/message/template/send", action="event_first")
    sheet = mall.payment_sheet(dave, facts["order"])
    said = story.act("Dave", "pay", wait=False, **sheet)["err_msg"]
    expect("the pay sheet", said, "get_brand_wcpay_request:ok")
    eventually("the order", lambda: mall.status(dave, facts["order"]), "paid")
    eventually("answers to the notices", lambda: _answers(story), [204, 204, 401])
    expect("payments", _count(story, "payment", "order_id"), 1)
    expect("times it was sold", _posted(story, f"sale:{facts['order']}"), 1)
    return "two good notices and a forged one: one payment, one sale"


def show_who(story: Story) -> str:
    """Billing waits until the plan's user has shown the operator's service who he is."""
    facts, dave = story.facts, story.browser("Dave")
    expect("orders at billing", story.witness("billing.order"), [])
    reference = prove_who(story, dave, facts["order"], "passed")
    state = "SELECT real_name_state FROM order_line WHERE real_name_reference = :reference"
    eventually("the real name", lambda: story.value(state, reference=reference), "passed")
    return f"{reference} passed; we never saw a document"


def prove_who(story: Story, browser: Browser, number: str, decision: str) -> str:
    """Follow the one link of the order's page, and let the service decide; our reference."""
    (link,) = mall.real_names(browser, number)
    page = browser.get(link)
    expect("the service knows the person", "运营商实名认证" in page.text, True)
    (reference,) = parse_qs(urlsplit(link).query)["reference"]
    story.pretend.post("real-names", reference, "decide", decision=decision, copies=2)
    return reference


def activate(story: Story) -> str:
    """Billing takes the plan with both operator codes, and activates it."""
    number = story.facts["order"]
    eventually("the plan", lambda: order_lines(story, number)[1]["fulfilment"], "activated")
    taken = [each for each in story.witness("billing.order") if each["order_number"] == number]
    expect("orders at billing", len(taken), 1)
    (line,) = taken[0]["order"]["lines"]
    codes = story.rows(
        "SELECT developer_code, channel_code, staff_number FROM operator_identity"
        " WHERE rep_id = :rep",
        rep=story.facts["rep_id"],
    )[0]
    expect("the codes billing got", {name: line[name] for name in codes}, dict(codes))
    story.facts["billing_receipt"] = taken[0]["receipt_no"]
    return f"{line['developer_code']} / {line['staff_number']}, receipt {taken[0]['receipt_no']}"


def earn(story: Story) -> str:
    """Alice's commission is held for her: by the rate of the phone, by the piece of the plan."""
    expected = story.facts["phone_fen"] * PHONE_BP // 10_000 + PLAN_FEN
    eventually("fen held", lambda: story.value(HELD, rep=story.facts["rep_id"]), expected)
    story.facts["held_fen"] = expected
    return f"{expected} fen"


def tell(story: Story) -> str:
    """Buyer and rep are told once each; WeChat's word on one message came before its own answer."""
    number = story.facts["order"]
    eventually("messages delivered", lambda: _messages(story, number), {"delivered": 2})
    # Dave was asked to show who he is, too.
    told = [("Alice", number), *[("Dave", number)] * 2]
    eventually("on the phones", lambda: _shown(story), told)
    expect("outcomes known before their send", early_outcomes(story) >= 1, True)
    return "both delivered, one outcome was here before its message was marked sent"


def order_lines(story: Story, number: str) -> list[dict[str, Any]]:
    """The lines of an order as they are now."""
    return [dict(row) for row in story.rows(LINES, number=number)]


def early_outcomes(story: Story) -> int:
    """How many outcomes were stored before the send they belong to was recorded."""
    events = story.witness("push.sent")
    return sum(
        story.value(
            "SELECT count(*) FROM message, push WHERE message.msgid = :msgid"
            " AND push.key = :key AND push.known_at < message.sent_at",
            msgid=str(event["fields"]["MsgID"]),
            key=dedupe_key(story.appid, event["fields"]),
        )
        for event in events
        if event["name"] == "TEMPLATESENDJOBFINISH"
    )


def _answers(story: Story) -> list[int]:
    return sorted(
        fact["status"] for fact in story.witness("notice.sent") if fact["event_type"] == SETTLED
    )


def _shown(story: Story) -> list[tuple[str, str]]:
    """Who saw a template message about which order."""
    return sorted(
        (fact["person"], fact["data"]["character_string1"])
        for fact in story.witness("message.delivered")
        if fact["message"] == "template" and "character_string1" in fact["data"]
    )


def _messages(story: Story, number: str) -> dict[str, int]:
    found = story.rows(
        "SELECT status, count(*) AS n FROM message WHERE key LIKE :key GROUP BY status",
        key=f"%:{number}%",
    )
    return {row["status"]: row["n"] for row in found}


def _count(story: Story, table: str, column: str) -> Any:
    order_id = "(SELECT id FROM sales_order WHERE number = :number)"
    query = f"SELECT count(*) FROM {table} WHERE {column} = {order_id}"  # noqa: S608 - our own names
    return story.value(query, number=story.facts["order"])


def _posted(story: Story, key: str) -> Any:
    return story.value("SELECT count(*) FROM posting WHERE key = :key", key=key)


CHAPTERS = {
    "pass on": pass_on,
    "arrive": arrive,
    "order": order,
    "pay": pay,
    "show who": show_who,
    "activate": activate,
    "earn": earn,
    "tell": tell,
}
