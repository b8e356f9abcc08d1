"""Who edits a product, how his act is done, and where he goes on."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from console.session import staff
from flows.product_desk import Editor
from wx_backend import clock
from wx_backend.access import LEADS_ABOVE
from wx_backend.db import retried

T = TypeVar("T")


def act(work: Callable[[Editor, datetime], T]) -> T:
    """Do it as who is signed in, in one transaction."""
    me, now = staff(), clock.now()
    by = Editor(f"staff:{me.staff_id}", LEADS_ABOVE.admits(me.role, me.tier))
    return retried(lambda: work(by, now))


def acted(
    number: str, said: str, work: Callable[[Editor, datetime], object]
) -> ResponseReturnValue:
    """Do it, say so, and go back to the product's page."""
    act(work)
    return done(number, said)


def done(number: str, said: str) -> ResponseReturnValue:
    """Back to the product's page, which says what was done."""
    if said:
        flash(said)
    return redirect(url_for("console.products.show", number=number))
