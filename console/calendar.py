"""Rules that are data: the working calendar, same-day delivery, dispatch, serial numbers."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from catalog.queries import categories
from console.pages import as_date, text
from console.session import staff
from fulfilment import calendar, settings
from fulfilment.models import DispatchBy, SerialKind
from org.models import Tier
from org.queries import nodes_under
from org.roster import holds_everything
from wx_backend import clock
from wx_backend.clock import business_on
from wx_backend.db import retried
from wx_backend.errors import BadInput, Forbidden, NotFound

bp = Blueprint("calendar", __name__)

LIST_MAX = 20_000
_CHOICES = {"": None, **{kind.value: kind for kind in SerialKind}}


@bp.get("/calendar")
def index() -> str:
    """The days of a year that differ, and the rules that go by hours."""
    year = _year()
    return render_template(
        "console/calendar.html",
        year=year,
        days=calendar.calendar_days(year=year),
        rules={rule.city_id: rule for rule in settings.same_day_rules()},
        cities=nodes_under(staff().node_id, tier=Tier.CITY),
        finders=settings.dispatch_rules(),
        categories=categories(),
        serials=settings.serial_rules(),
    )


@bp.post("/calendar/days")
def add_days() -> ResponseReturnValue:
    """Put a list of days into the calendar: one per line."""
    _check_whole()
    days = calendar.read_days(request.form.get("days", "")[:LIST_MAX].splitlines())
    count = retried(lambda: calendar.import_days(days, source=f"staff:{staff().staff_id}"))
    flash(f"已导入 {count} 天")
    return redirect(url_for(".index", year=days[0].day.year if days else None))


@bp.post("/calendar/days/<day>/forget")
def forget_day(day: str) -> ResponseReturnValue:
    """Let a day be like its weekday again."""
    _check_whole()
    wanted = as_date(day, "day")
    retried(lambda: calendar.forget_day(wanted))
    flash("已恢复为普通日")
    return redirect(url_for(".index", year=wanted.year))


@bp.post("/calendar/same-day/<int:city_id>")
def same_day(city_id: int) -> ResponseReturnValue:
    """State a city's same-day rule."""
    if city_id not in {city.id for city in nodes_under(staff().node_id, tier=Tier.CITY)}:
        raise NotFound("没有这个地市")
    cut_off, within = _minutes("cut_off"), _number("within_minutes", most=24 * 60)
    is_active = request.form.get("is_active") == "1"
    retried(
        lambda: settings.set_same_day_rule(
            city_id=city_id, cut_off=cut_off, within_minutes=within, is_active=is_active
        )
    )
    flash("当日达规则已保存")
    return redirect(url_for(".index"))


@bp.post("/calendar/dispatch/<by>")
def dispatch(by: str) -> ResponseReturnValue:
    """Let the pool find outlets this way, or not."""
    _check_whole()
    if by not in set(DispatchBy):
        raise BadInput
    is_active = request.form.get("is_active") == "1"
    retried(lambda: settings.use_dispatch_rule(DispatchBy(by), is_active=is_active))
    flash("派单规则已保存")
    return redirect(url_for(".index"))


@bp.post("/calendar/serials/<int:category_id>")
def serial(category_id: int) -> ResponseReturnValue:
    """Say which serial number a category's units carry."""
    _check_whole()
    chosen = request.form.get("serial", "")
    if chosen not in _CHOICES or category_id not in {each.id for each in categories()}:
        raise BadInput
    retried(lambda: settings.set_serial_rule(category_id=category_id, serial=_CHOICES[chosen]))
    flash("串码规则已保存")
    return redirect(url_for(".index"))


def _check_whole() -> None:
    """What holds everywhere is said by whoever answers for everything. Raises Forbidden."""
    if not holds_everything(staff().node_id):
        raise Forbidden


def _year() -> int:
    asked = request.args.get("year", "")
    is_year = asked.isascii() and asked.isdigit() and len(asked) == 4
    return as_date(f"{asked}-01-01", "year").year if is_year else business_on(clock.now()).year


def _minutes(name: str) -> int:
    """`15:00` as minutes after midnight. Raises BadInput."""
    hours, colon, minutes = text(name, request.form).partition(":")
    if not (colon and _is_number(hours) and _is_number(minutes)):
        raise BadInput("时间格式应为 15:00", fields=[name])
    total = int(hours) * 60 + int(minutes)
    if int(minutes) >= 60 or total > 24 * 60:
        raise BadInput("时间格式应为 15:00", fields=[name])
    return total


def _number(name: str, *, most: int) -> int:
    typed = text(name, request.form)
    if not _is_number(typed) or not 0 < int(typed) <= most:
        raise BadInput("请填写分钟数", fields=[name])
    return int(typed)


def _is_number(typed: str) -> bool:
    return typed.isascii() and typed.isdigit() and len(typed) <= 4
