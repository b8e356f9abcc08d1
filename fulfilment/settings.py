"""Rules that are data: how the pool finds an outlet, where same-day delivery holds, serials."""

from collections.abc import Sequence

from sqlalchemy import delete, select, update

from catalog.models import DEFAULT_PLACE
from fulfilment.models import DispatchBy, DispatchRule, SameDayRule, SerialKind, SerialRule
from wx_backend.db import db, upsert


def dispatch_order() -> Sequence[DispatchBy]:
    """The ways of finding an outlet, in the order they are tried."""
    rows = db.session.scalars(
        select(DispatchRule.by).where(DispatchRule.is_active).order_by(DispatchRule.position)
    )
    return [DispatchBy(by) for by in rows]


def dispatch_rules() -> Sequence[DispatchRule]:
    """Every way of finding an outlet, those out of use too."""
    return db.session.scalars(select(DispatchRule).order_by(DispatchRule.position)).all()


def use_dispatch_rule(by: DispatchBy, *, is_active: bool) -> None:
    """Let the pool find outlets this way, or not."""
    db.session.execute(
        update(DispatchRule).where(DispatchRule.by == by).values(is_active=is_active)
    )


def same_day_rule(city_id: int) -> SameDayRule | None:
    """The rule of a city, if it is in force."""
    return db.session.scalars(
        select(SameDayRule).where(SameDayRule.city_id == city_id, SameDayRule.is_active)
    ).one_or_none()


def same_day_rules() -> Sequence[SameDayRule]:
    """The rules of every city that has one."""
    return db.session.scalars(select(SameDayRule).order_by(SameDayRule.city_id)).all()


def set_same_day_rule(
    *,
    city_id: int,
    cut_off: int,
    within_minutes: int,
    place_id: int = DEFAULT_PLACE,
    is_active: bool = True,
) -> None:
    """State a city's rule: minutes after midnight, open minutes until delivery, whose stock."""
    values = {
        "city_id": city_id,
        "place_id": place_id,
        "cut_off": cut_off,
        "within_minutes": within_minutes,
        "is_active": is_active,
    }
    upsert(SameDayRule, values, key=("city_id",), update=tuple(values))


def set_serial_rule(*, category_id: int, serial: SerialKind | None) -> None:
    """Say which serial number a category's units carry; None leaves it to their kind."""
    if serial is None:
        db.session.execute(delete(SerialRule).where(SerialRule.category_id == category_id))
    else:
        values = {"category_id": category_id, "serial": serial}
        upsert(SerialRule, values, key=("category_id",), update=("serial",))


def serial_rules() -> dict[int, str]:
    """What was said of categories, by category id."""
    rows = db.session.execute(select(SerialRule.category_id, SerialRule.serial))
    return {category_id: serial for category_id, serial in rows}  # noqa: C416 - rows are no pairs
