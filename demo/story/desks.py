"""What staff see at the console: all that is theirs, nothing that is not, on every way to it."""

import csv
import io
import re
from typing import Final

from demo.story.frame import Story, expect
from demo.story.proving import desk

COUNTED_MAX: Final = 1_000  # of more the list says only that they are more
LOGINS: Final = ("province", "city", "finance")
# An order is a place's that sold a line of it or hands it out, at any depth below.
THEIRS: Final = (
    "SELECT number FROM sales_order WHERE outlet_id IN (SELECT descendant_id FROM org_path"
    " WHERE ancestor_id = (SELECT node_id FROM staff WHERE login = :login)) OR id IN"
    " (SELECT order_id FROM order_line WHERE outlet_id IN (SELECT descendant_id FROM org_path"
    " WHERE ancestor_id = (SELECT node_id FROM staff WHERE login = :login)))"
)
_ORDER = re.compile(r'href="/console/orders/([A-Z0-9]{6,})"')
_COUNT = re.compile(r"(?:共|超过) ([\d,]+) 条")
_NEXT = re.compile(r'href="[^"]*[?&](?:amp;)?after=([0-9_]+)')


def staff_see_their_orders_alone(story: Story) -> str:
    """For each of the staff the list, its count and its file hold the orders of his places, and no other."""
    seen = {}
    for login in LOGINS:
        theirs = {row["number"] for row in story.rows(THEIRS, login=login)}
        listed, count = _listed(story, login)
        expect(f"the list of {login}", listed, theirs)
        expect(f"the count of {login}", count, min(len(theirs), COUNTED_MAX))
        expect(f"the file of {login}", _exported(story, login), theirs)
        seen[login] = len(theirs)
    return ", ".join(f"{login} {count}" for login, count in seen.items())


def _listed(story: Story, login: str) -> tuple[set[str], int]:
    """Every number on the pages of the list, and how many the first page says there are."""
    browser, found, after = desk(story, login), set[str](), ""
    count = -1
    while True:
        page = browser.get(f"/console/orders?after={after}").text
        found |= set(_ORDER.findall(page))
        count = int(_COUNT.findall(page)[0].replace(",", "")) if count < 0 else count
        following = _NEXT.findall(page)
        if not following or following[-1] == after:
            return found, count
        after = following[-1]


def _exported(story: Story, login: str) -> set[str]:
    text = desk(story, login).get("/console/orders.csv").text
    rows = [*csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))]
    head = next(number for number, row in enumerate(rows) if "订单号" in row)
    place = rows[head].index("订单号")
    return {row[place] for row in rows[head + 1 :] if row}
