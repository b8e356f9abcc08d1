"""People in an office: hired, signed in to the console, watched while they click."""

from collections.abc import Callable

from playwright.sync_api import Page, expect
from werkzeug.security import generate_password_hash

from org.models import Role, Staff
from tests.console.desk import PASSWORD
from wx_backend.db import db, transaction


def hire_staff(login: str, name: str, role: Role, node_id: int) -> int:
    """Somebody new at the console; his id."""
    hashed = generate_password_hash(PASSWORD, method="scrypt:1024:8:1")
    with transaction():
        staff = Staff(login=login, name=name, password_hash=hashed, role=role, node_id=node_id)
        db.session.add(staff)
        db.session.flush()
        return staff.id


def sign_in(page: Page, site: str, login: str) -> None:
    """Through the login page, as whoever has this login."""
    page.goto(f"{site}/console/login")
    page.get_by_label("登录名").fill(login)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", name="今日概览")).to_be_visible()


def hand_over(page: Page, site: str, login: str) -> None:
    """One leaves the desk, another sits down."""
    page.get_by_role("button", name="退出").click()
    expect(page.get_by_label("登录名")).to_be_visible()
    sign_in(page, site, login)


def open_page(page: Page, menu: str, place: str) -> None:
    """By the menu, as a person does."""
    nav = page.get_by_role("navigation", name="主导航")
    nav.get_by_text(menu, exact=True).click()
    nav.get_by_role("link", name=place, exact=True).click()
    expect(nav.locator("[aria-current=page]")).to_have_text(place)


def faults_of(page: Page) -> Callable[[], list[str]]:
    """What goes wrong on a page from now on: its console's errors, refused and failed requests."""
    faults: list[str] = []
    page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    page.on("requestfailed", lambda asked: faults.append(f"{asked.url} {asked.failure}"))
    page.on(
        "response",
        lambda got: faults.append(f"{got.status} {got.url}") if got.status > 399 else None,
    )
    return lambda: faults


def fits(page: Page) -> bool:
    """Whether nothing sticks out sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))
