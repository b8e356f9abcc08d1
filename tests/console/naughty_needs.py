"""What the console's forms need beside naughty texts, and the fields no text comes to in the sweep."""

from collections.abc import Mapping
from datetime import date, timedelta

from org.hours import WEEKDAYS
from tests.console.owned import ON
from tests.console.world import World
from tests.needs import Needs
from tests.storefront.mall import product_of
from wx_backend import clock

# A secret is never a naughty text: these refuse it, and say no more than that something was wrong. Who has
# not shown his password is asked for no code: `test_second_factor` types one in.
SECRETS = {
    "console.account.begin_factor": {"current"},
    "console.account.codes": {"current"},
    "console.account.confirm_factor": {"code"},
    "console.account.drop": {"current"},
    "console.account.new_password": {"again", "current", "password"},
    "console.sign_in.enter": {"login", "password"},
    "console.sign_in.enter_code": {"code"},
}
FOLLOWER = "oFollower0"
# What holds others up once it is done: after all pages.
LATER = {
    *("console.products.ask", "console.reps.leave"),
    *("console.stops.stop", "console.stops.stop_place"),
}
# Written beside a form's own fields, and sent by other forms or tests.
ELSEWHERE = {
    "console.campaigns.create": {"field-*-*", "text-*"},  # `console.campaigns.edit` has a template
    "console.message_templates.save": {"page"},  # a mini-program's: `test_mini_notices`
    "console.skus.save": {
        "part-*"
    },  # the same template's fields of a new bundle: `console.skus.add`
}
# What is in no row as it was typed.
SEALED = {
    "console.refunds.work_off bank_type": "of the payer's card, which is sealed",
    "console.refunds.work_off name": "of the payer's card, which is sealed",
}


def needs(world: World, picture: str) -> Needs:
    """In this world; `picture` is the address of a picture that was kept."""
    today = clock.business_on(clock.now())
    later = (today + timedelta(days=30)).isoformat()
    shown = {"picture": picture, "shown_from": f"{today}T08:00", "shown_until": f"{later}T08:00"}
    search, product = ({**shown, "leads_to": leads_to} for leads_to in ("search", "product"))
    goods = {"kind": "goods", "category_id": str(world.wares.category_id)}
    return Needs(
        sound={
            **dict.fromkeys(WEEKDAYS, ""),
            "articles": "{}|https://shop.example/a",
            "change": "1",
            "channel_code": "C1",
            "code": "SC9",
            "cut_off": "15:00",
            "days": "2031-10-01,holiday,{}",
            "developer_code": "D1",
            "first_on": ON.isoformat(),
            "gifts": "{}*1=29.00",
            "landing": "",
            "last_on": ON.isoformat(),
            "line-1": "1.00",
            "list": FOLLOWER,
            "login": "naughty.one",
            "on_sale_from": later,
            "on_sale_until": "",
            "options": "",
            "outlet": "SC1",
            "part-1": world.wares.phone,
            "part-2": world.wares.plan,
            **dict.fromkeys(("part-3", "part-4", "part-5"), ""),
            "place": "G",
            "product": "",
            "product_number": "",
            "quantity": "1",
            "rep": "",
            "rep_number": "",
            "sent_on": today.isoformat(),
            "slug": "naughty",
            "staff_number": "S1",
            "tiers": "",
            "valid_until": "",
            "value": "1.00",
            "console.banners.create product": product_of(world.wares.phone_id),
            "console.banners.save product": product_of(world.wares.phone_id),
            "console.message_templates.save page": "",
            "console.message_templates.try_out rep_number": world.alice_number,
            **_policy(today),
            "console.product_editor.save gifts": "",
            "console.message_templates.save fixed-amount3": "",
            "console.message_templates.save fixed-character_string1": "",
            "console.product_editor.create monthly_fee_fen": "59.00",
            "console.refunds.work_off account": "6222021234567890",
            "console.rep_moves.hire developer_code": "D2",
            "console.skus.add price": "1000.00",
        },
        chosen={
            "console.banners.create": (search, product),
            "console.banners.save": (search, product),
            "console.campaigns.create": ({"campaign_class": "promotion"},),
            "console.campaigns.edit": ({"campaign_class": "promotion"},),
            "console.menus.edit": tuple(
                {"act": "save", "type": kind}
                for kind in ("miniprogram", "click", "media_id", "article_id")
            ),
            "console.message_templates.save": (
                {**_texts(), "field-character_string1": "value:number"},
            ),
            "console.staff.create": ({"role": "clerk", "place": "SC1"},),
            "console.staff.transfer": ({"role": "manager"},),
            "console.product_editor.create": (goods, {**goods, "kind": "plan", "gifts": ""}),
            "console.replies.add": _replies(),
            "console.replies.change": _replies(),
        },
        most={"days": 20, "gifts": 20, "promises": 30, "regions": 20},
        day=later,
    )


def _policy(today: date) -> Mapping[str, str]:
    """Numbers, and no exceptions from them."""
    names = ("window_days", "protection_days", "developer_percent", "flash_recent_minutes")
    numbers = dict(zip(names, ("30", "9", "70", "10"), strict=True))
    begins = {"valid_from": f"{today + timedelta(days=60)}T08:00"}
    empty = {f"{name}-{row}": "" for name in names for row in range(3)}
    return {
        f"console.policies.create {name}": said for name, said in (numbers | begins | empty).items()
    }


def _texts() -> Mapping[str, str]:
    return dict.fromkeys(("field-thing2", "field-thing4"), "text")


def _replies() -> tuple[Mapping[str, str], ...]:
    return tuple(
        {"trigger": "exact", "kind": kind} for kind in ("text", "image", "news", "transfer")
    )
