"""Chapter: a bundle with a number of its own, refused by the real-name service, goes back by itself."""

from demo.story import mall
from demo.story.buying import HELD, order_lines, prove_who
from demo.story.frame import Story, eventually, expect
from demo.story.mall import Basket

BUNDLE, ENDING = "星河 X1 + 畅享 129", "888"
ERIN_PHONE = "13800000006"
LEFT = (
    "SELECT coalesce(sum(commission.amount_fen - commission.taken_back_fen), 0) FROM commission"
    " JOIN accrual ON accrual.id = commission.accrual_id JOIN order_line"
    " ON order_line.id = accrual.order_line_id JOIN sales_order"
    " ON sales_order.id = order_line.order_id WHERE sales_order.number = :number"
)


def refuse(story: Story) -> str:
    """Erin buys phone, plan and a number ending in 888; the service refuses her: all goes back."""
    story.meet("Erin", ERIN_PHONE)
    story.act("Erin", "follow")
    erin = story.browser("Erin")
    erin.sign_in()
    erin.open(story.facts["bobs_link"])
    held = story.value(HELD, rep=story.facts["rep_id"])
    ware = mall.choose(erin, BUNDLE, mall.products(erin, "/", "bundle")[BUNDLE])
    picked = mall.pick_number(erin, ENDING)
    expect("the number ends as wished", picked[-3:], ENDING)
    basket = Basket((ware,), "艾琳", ERIN_PHONE, user_phone=ERIN_PHONE, number=picked)
    number = mall.order(erin, basket)
    sheet = mall.payment_sheet(erin, number)
    said = story.act("Erin", "pay", wait=False, **sheet)["err_msg"]
    expect("the pay sheet", said, "get_brand_wcpay_request:ok")
    eventually("the order", lambda: mall.status(erin, number), "paid")
    paid = [line["paid_fen"] for line in order_lines(story, number)]
    expect("what the lines cost together", sum(paid), ware.price_fen)
    prove_who(story, erin, number, "refused")
    eventually("the order", lambda: mall.status(erin, number), "refunded", 60)
    lines = [line["fulfilment"] for line in order_lines(story, number)]
    expect("the lines", lines, ["cancelled", "cancelled"])
    state = "SELECT state FROM phone_number WHERE msisdn = :number"
    expect("the number", story.value(state, number=picked), "quarantined")
    eventually("held for Alice", lambda: story.value(HELD, rep=story.facts["rep_id"]), held)
    back = [f["amount_fen"] for f in story.witness("refund") if f["person"] == "Erin"]
    expect("what WeChat Pay gave back to Erin", back, [ware.price_fen])
    expect("commission left", story.value(LEFT, number=number), 0)
    expect(
        "orders at billing",
        [f for f in story.witness("billing.order") if f["order_number"] == number],
        [],
    )
    story.facts["refused_order"] = number
    return f"{picked} rests, {ware.price_fen} fen are back with Erin, no commission is left"


CHAPTERS = {"refuse": refuse}
