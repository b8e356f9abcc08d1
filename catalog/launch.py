"""Verbs and reads of a product's launch: tick the check-list, ask for approval, decide, be ready.

A product is ready when every item is done and its newest approval was given, by somebody else
than who asked for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, update

from catalog.launch_models import (
    LaunchApproval,
    LaunchItem,
    LaunchStep,
    ProductEvent,
    Verdict,
)
from catalog.launch_rules import TITLES, checked_content
from catalog.models import Product
from wx_backend.db import db, locked, upsert
from wx_backend.errors import BadInput, Conflict, Forbidden, NotFound, NotTheAsker

TICKED: Final = (LaunchStep.PLAN, LaunchStep.RESOURCES, LaunchStep.TRAINING)


class NotReady(Conflict):
    """Something of the launch is missing; `details.missing` names the steps."""

    code, message = "not_ready", "上架准备未完成"


class AlreadyAsked(Conflict):
    code, message = "already_asked", "已有待审批的上架申请"


class UnderApproval(Conflict):
    code, message = "under_approval", "上架申请待审批，审批结束后才能修改"


class SamePerson(Forbidden):
    code, message = "same_person", "不能审批自己提交的上架申请"


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemData:
    """What staff type in about one item of the list."""

    step: LaunchStep
    owner: str
    content: Mapping[str, str]
    evidence: str


def tick(*, product_id: int, data: ItemData, actor: str, now: datetime) -> None:
    """Note that an item is done, with its evidence; again, to put it right.

    Raises BadInput for what is not filled in.
    """
    _locked_product(product_id)
    if data.step not in TICKED or not data.owner or not data.evidence:
        raise BadInput("请填写负责人和完成证据", fields=["owner", "evidence"])
    values = {
        "product_id": product_id,
        "step": data.step,
        "owner": data.owner,
        "content": checked_content(data.step, data.content),
        "evidence": data.evidence,
        "done_by": actor,
        "done_at": now,
    }
    upsert(
        LaunchItem,
        values,
        key=("product_id", "step"),
        update=("owner", "content", "evidence", "done_by", "done_at"),
    )
    record_event(product_id=product_id, what=f"{data.step}_done", actor=actor, now=now)


def ask_approval(
    *,
    product_id: int,
    on_sale_from: datetime,
    on_sale_until: datetime | None,
    actor: str,
    now: datetime,
) -> int:
    """Ask that a product go on sale; the question's id. Raises NotReady, AlreadyAsked, BadInput."""
    _locked_product(product_id)
    if on_sale_until is not None and on_sale_until <= max(on_sale_from, now):
        raise BadInput("下架时间须晚于上架时间", fields=["on_sale_until"])
    if missing := [step for step in missing_steps(product_id) if step is not LaunchStep.LISTING]:
        raise _not_ready(missing)
    if open_approval(product_id) is not None:
        raise AlreadyAsked
    asked = LaunchApproval(
        product_id=product_id,
        on_sale_from=on_sale_from,
        on_sale_until=on_sale_until,
        asked_by=actor,
        asked_at=now,
    )
    db.session.add(asked)
    db.session.flush()
    record_event(product_id=product_id, what="asked", actor=actor, now=now)
    return asked.id


def decide(
    *, approval_id: int, verdict: Verdict, note: str, actor: str, now: datetime
) -> LaunchApproval:
    """Approve or reject; an approval sets the product's schedule.

    Raises SamePerson for who asked, and for who would approve a price he set himself; Conflict for
    what is decided already, NotFound.
    """
    asked = locked(select(LaunchApproval).where(LaunchApproval.id == approval_id))
    if asked is None:
        raise NotFound
    if asked.verdict is not None:
        raise Conflict
    if asked.asked_by == actor:
        raise SamePerson
    if verdict is Verdict.APPROVED and actor in _set_prices(asked.product_id):
        raise SamePerson("不能审批自己定的价格，请由另一位同事审批")
    asked.verdict, asked.note = verdict, note
    asked.decided_by, asked.decided_at = actor, now
    if verdict is Verdict.APPROVED:
        db.session.execute(
            update(Product)
            .where(Product.id == asked.product_id)
            .values(on_sale_from=asked.on_sale_from, on_sale_until=asked.on_sale_until)
            .execution_options(synchronize_session="fetch")
        )
    db.session.flush()
    record_event(
        product_id=asked.product_id, what=verdict, details={"note": note}, actor=actor, now=now
    )
    return asked


def withdraw(*, product_id: int, actor: str, now: datetime) -> None:
    """Whoever asked that a product go on sale takes it back; the shelves stay as they are.

    Raises NotFound, NotTheAsker.
    """
    asked = locked(
        select(LaunchApproval).where(
            LaunchApproval.product_id == product_id, LaunchApproval.verdict.is_(None)
        )
    )
    if asked is None:
        raise NotFound("没有待审批的上架申请")
    if asked.asked_by != actor:
        raise NotTheAsker
    asked.verdict = Verdict.WITHDRAWN
    asked.decided_by, asked.decided_at = actor, now
    record_event(product_id=product_id, what=Verdict.WITHDRAWN, actor=actor, now=now)


def require_ready(product_id: int) -> None:
    """Raises NotReady while anything of the launch is missing."""
    if missing := missing_steps(product_id):
        raise _not_ready(missing)


def missing_steps(product_id: int) -> list[LaunchStep]:
    """What is not done yet, in the order of the list."""
    done = {item.step for item in items_of(product_id) if item.done_at is not None}
    answer = newest_answer(product_id)
    if answer is not None and answer.verdict == Verdict.APPROVED:
        done.add(LaunchStep.LISTING)
    return [step for step in LaunchStep if step not in done]


def items_of(product_id: int) -> Sequence[LaunchItem]:
    """The items somebody has worked on."""
    return db.session.scalars(
        select(LaunchItem)
        .where(LaunchItem.product_id == product_id)
        .execution_options(populate_existing=True)
    ).all()


def approvals_of(product_id: int) -> Sequence[LaunchApproval]:
    """Every time somebody asked, the newest first."""
    return db.session.scalars(
        select(LaunchApproval)
        .where(LaunchApproval.product_id == product_id)
        .order_by(LaunchApproval.id.desc())
    ).all()


def newest_answer(product_id: int) -> LaunchApproval | None:
    """What a second person said last; what was taken back counts as never asked."""
    answers = {Verdict.APPROVED, Verdict.REJECTED}
    return next((each for each in approvals_of(product_id) if each.verdict in answers), None)


def open_approval(product_id: int) -> LaunchApproval | None:
    """The question nobody has answered yet."""
    return next((each for each in approvals_of(product_id) if each.verdict is None), None)


def launches_waiting() -> Sequence[LaunchApproval]:
    """Every question nobody has answered yet, the oldest first."""
    query = select(LaunchApproval).where(LaunchApproval.verdict.is_(None))
    return db.session.scalars(query.order_by(LaunchApproval.id)).all()


def require_undecided(product_id: int) -> None:
    """Raises UnderApproval while somebody decides: he agrees to what he has seen."""
    if open_approval(product_id) is not None:
        raise UnderApproval


def record_event(
    *,
    product_id: int,
    what: str,
    actor: str,
    now: datetime,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Write down what somebody did to a product."""
    db.session.add(
        ProductEvent(
            product_id=product_id,
            what=what,
            details=dict(details or {}),
            actor=actor,
            happened_at=now,
        )
    )
    db.session.flush()


def events_of(product_id: int, *, limit: int = 50) -> Sequence[ProductEvent]:
    """What was done to a product, the newest first."""
    return db.session.scalars(
        select(ProductEvent)
        .where(ProductEvent.product_id == product_id)
        .order_by(ProductEvent.id.desc())
        .limit(limit)
    ).all()


def _locked_product(product_id: int) -> None:
    """Whoever changes the launch of a product does so one after another."""
    if locked(select(Product).where(Product.id == product_id)) is None:
        raise NotFound


def _set_prices(product_id: int) -> set[str]:
    """Who alone set today's price of a variant, since the product was last let go on sale."""
    events = db.session.scalars(
        select(ProductEvent)
        .where(
            ProductEvent.product_id == product_id,
            ProductEvent.what.in_(("priced", "sku_added", Verdict.APPROVED)),
        )
        .order_by(ProductEvent.id.desc())
    )
    newest: dict[Any, ProductEvent] = {}
    for event in events:
        if event.what == Verdict.APPROVED:
            break
        newest.setdefault(event.details.get("sku", event.id), event)
    return {event.actor for event in newest.values() if not event.details.get("asked_by")}


def _not_ready(missing: Sequence[LaunchStep]) -> NotReady:
    names = "、".join(TITLES[step] for step in missing)
    return NotReady(f"上架准备未完成：{names}", missing=[*missing])
