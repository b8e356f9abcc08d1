"""One customer of a rep: the way he came, what he looked at, and what the rep writes down.

Everything here is the rep's own and is there for him only while the customer is his: asked again
by the rules of attribution on every look and every change.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from catalog.queries import product_by_number
from customers import operations
from customers.models import PageSeen
from customers.operations import note_place, remark_place
from customers.queries import last_page, notes_about
from flows.my_customers import Customer, as_customers, card_of, sales_to
from flows.receipt_pages import PLACES, HopView
from flows.sealed import vault
from flows.standing import Standing, judge_of
from orders.figures import Sales
from org.queries import rep_card
from org.roster import names_of_reps
from referral.models import Subject
from referral.sentences import KINDS, Names
from referral.values import Hop, Touch
from wx_backend.clock import business_on
from wx_backend.errors import BadInput, NotFound

TOUCHES_SHOWN: Final = 30
REMARK_MAX: Final = 20
NOTE_MAX: Final = 200
AHEAD_MAX: Final = timedelta(days=366)
MYSELF: Final = "我"


@dataclass(frozen=True, slots=True)
class Step:
    """One contact on the customer's way, and by whom and where it had been passed on."""

    kind: str
    at: datetime
    hops: Sequence[HopView]


@dataclass(frozen=True, slots=True)
class Note:
    """What the rep wrote, and when."""

    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Seen:
    """The page looked at last."""

    page: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CustomerFile:
    """Everything a rep sees of one customer; steps and notes the latest first."""

    customer: Customer
    sales: Sales
    steps: Sequence[Step]
    notes: Sequence[Note]
    seen: Seen | None


def my_customer(identity_id: int, *, rep_id: int, now: datetime) -> CustomerFile:
    """One customer; NotFound for who is not the rep's now, as for nobody."""
    standing = _mine(identity_id, rep_id, now)
    customer = as_customers(rep_id, [standing])[0]
    latest = standing.touches[-TOUCHES_SHOWN:][::-1]
    reps = {hop.rep_id for touch in latest for hop in touch.path if hop.rep_id is not None}
    names = Names({**names_of_reps(reps), rep_id: MYSELF})
    return CustomerFile(
        customer=customer,
        sales=sales_to(rep_id, [customer])[customer.member_id],
        steps=[_step(touch, names) for touch in latest],
        notes=[
            Note(vault().open(row.sealed, place=note_place(rep_id, row.client_key)), row.noted_at)
            for row in notes_about(rep_id, standing.identity_ids)
        ],
        seen=_seen(last_page(standing.identity_ids)),
    )


def call_customer(identity_id: int, *, rep_id: int, remark: str, now: datetime) -> None:
    """Give a customer a name of the rep's own; an empty one takes it away.

    Raises NotFound, and BadInput for a longer one than twenty characters.
    """
    if len(remark) > REMARK_MAX:
        raise BadInput(f"备注最多 {REMARK_MAX} 个字", fields=["remark"])
    about = _card_identity(identity_id, rep_id, now)
    sealed = vault().seal(remark, place=remark_place(rep_id, about)) if remark else None
    operations.set_remark(rep_id=rep_id, identity_id=about, sealed=sealed, now=now)


def plan_visit(identity_id: int, *, rep_id: int, on: date | None, now: datetime) -> None:
    """Note the day of the next visit, or that there is none.

    Raises NotFound, and BadInput for a day before today or more than a year ahead.
    """
    today = business_on(now)
    if on is not None and not today <= on <= today + AHEAD_MAX:
        raise BadInput("回访日期应在今天之后的一年内", fields=["visit_on"])
    about = _card_identity(identity_id, rep_id, now)
    operations.plan_visit(rep_id=rep_id, identity_id=about, on=on, now=now)


def note_down(identity_id: int, *, rep_id: int, text: str, client_key: str, now: datetime) -> None:
    """Add a note; the same form sent twice is one note.

    Raises NotFound, and BadInput for an empty or too long text.
    """
    if not 0 < len(text) <= NOTE_MAX:
        raise BadInput(f"请填写跟进内容，最多 {NOTE_MAX} 个字", fields=["text"])
    operations.add_note(
        rep_id=rep_id,
        identity_id=_mine(identity_id, rep_id, now).identity_id,
        client_key=client_key,
        sealed=vault().seal(text, place=note_place(rep_id, client_key)),
        now=now,
    )


def _mine(identity_id: int, rep_id: int, now: datetime) -> Standing:
    standing = judge_of(rep_card(rep_id), now).standing(identity_id)
    if standing is None:
        raise NotFound("客户不存在，或已不在您的名下")
    return standing


def _card_identity(identity_id: int, rep_id: int, now: datetime) -> int:
    """The identity the rep's card hangs on: the one it hangs on already, if there is one."""
    standing = _mine(identity_id, rep_id, now)
    card = card_of(rep_id, standing)
    return card.identity_id if card else standing.identity_id


def _step(touch: Touch, names: Names) -> Step:
    hops = [_hop(hop, names, number) for number, hop in enumerate(touch.path)]
    return Step(KINDS[touch.kind], touch.event_at, hops)


def _hop(hop: Hop, names: Names, number: int) -> HopView:
    name = names.sharer(hop.rep_id, None, is_first=number == 0)
    return HopView(name, PLACES.get(hop.place, hop.place), hop.rep_id is not None)


def _seen(row: PageSeen | None) -> Seen | None:
    if row is None:
        return None
    product = product_by_number(row.subject_key) if row.subject == Subject.PRODUCT else None
    page = product.name if product else "展厅" if row.subject_key else "商城首页"
    return Seen(page, row.seen_at)
