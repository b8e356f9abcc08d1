"""The demo's rules of the order chain: a sample calendar, same-day delivery, what is scanned."""

from collections.abc import Iterable
from pathlib import Path

from catalog.queries import categories
from fulfilment.calendar import import_days, read_days
from fulfilment.models import SerialKind
from fulfilment.settings import set_same_day_rule, set_serial_rule

HOLIDAYS = Path(__file__).parent / "holidays.csv"
SOURCE = "样例，请以官方通知为准"
CUT_OFF = 15 * 60
WITHIN_MINUTES = 180
NOT_SCANNED = "accessory"


def build(*, city_ids: Iterable[int]) -> None:
    """Same-day delivery in these cities, from the central store; accessories carry no number."""
    import_days(read_days(HOLIDAYS.read_text("utf-8").splitlines()), source=SOURCE)
    for city_id in city_ids:
        set_same_day_rule(city_id=city_id, cut_off=CUT_OFF, within_minutes=WITHIN_MINUTES)
    for category in categories():
        if category.slug == NOT_SCANNED:
            set_serial_rule(category_id=category.id, serial=SerialKind.NONE)
