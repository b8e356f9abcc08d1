"""People of a year who each buy one phone by the mall's own calls, whichever way their requests go."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final

from flask import Flask
from sqlalchemy import func, select

from bench import pay_notice
from bench.order.pretend import paid_number
from bench.year.filling import FIRST_ID, Filled, written_config
from flows.payment.address import NOTICE_PATH
from flows.thanks import TO_BUYER, TO_REP
from orders.models import OrderLine, SalesOrder
from referral.operations import Contact, record_touch
from referral.values import Certainty, TouchKind
from settlement.models import Accrual, Milestone
from settlement.rates import set_vesting
from templates_msg.operations import set_template
from tests.flows.trade.letters import FIELDS
from wx_backend import clock, outbox
from wx_backend.db import transaction
from wx_backend.sql import among
from wx_backend.worker import drain_queue

PHONE_FEN: Final = 199_900
FIRST_SHARE: Final = 1
"""Of the reps' own, one each, as the year writes them."""
_AGENT: Final = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) MicroMessenger/8.0.50"
_TOKEN: Final = re.compile(r'name="csrf-token" content="([^"]+)"')
_NOTHING_SET: Final = 'api_url = "http://127.0.0.1:9"'
_numbers = count(1)

Send = Callable[[str, str, Mapping[str, str], bytes], tuple[int, bytes]]
"""A method, a path, headers and a body; the answer's status and body."""


@dataclass(frozen=True, slots=True)
class Buyer:
    """Somebody of the year, with a browser that is signed in."""

    openid: str
    phone: str
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Shop:
    """What a buyer does in the mall, and WeChat Pay after him; SystemExit where that is refused."""

    send: Send
    appid: str
    product: str
    sku: str

    def buy(self, buyer: Buyer) -> str:
        """One order, paid: all that is asked of the mall for it; its number."""
        number = self.order(buyer)
        self.tell(self.notice(buyer, self.pay(buyer, number)))
        return number

    def look(self, buyer: Buyer) -> None:
        """He looks at the phone's page."""
        self._asked("GET", f"/p/{self.product}", buyer.headers)

    def order(self, buyer: Buyer) -> str:
        """He submits an order of one; its number."""
        line = {"sku": self.sku, "quantity": 1, "expected_price_fen": PHONE_FEN}
        address = {"region": "广东省 广州市", "street": "中山路 1 号"}
        told = self._posted(
            buyer,
            "/api/orders",
            client_key=f"bench-order-{next(_numbers):010}",
            lines=[line],
            delivery="courier",
            contact_name="鲍勃",
            contact_phone=buyer.phone,
            address=address,
        )
        return str(told["number"])

    def pay(self, buyer: Buyer, number: str) -> str:
        """He presses "pay"; the number under which WeChat Pay knows it."""
        return paid_number(self._posted(buyer, f"/api/orders/{number}/pay"))

    def tell(self, said: pay_notice.Signed) -> None:
        """WeChat Pay says that somebody paid."""
        headers, raw = said
        self._asked("POST", NOTICE_PATH, {**headers, "Content-Type": "application/json"}, raw)

    def notice(self, buyer: Buyer, out_trade_no: str) -> pay_notice.Signed:
        """What it sends of that payment, at this moment."""
        amount = {"total": PHONE_FEN, "payer_total": PHONE_FEN}
        return pay_notice.signed_now(
            next(_numbers),
            appid=self.appid,
            out_trade_no=out_trade_no,
            success_time=clock.now().astimezone(clock.SHANGHAI).isoformat(timespec="seconds"),
            payer={"openid": buyer.openid},
            amount=amount | {"currency": "CNY", "payer_currency": "CNY"},
        )

    def _posted(self, buyer: Buyer, path: str, **content: Any) -> dict[str, Any]:
        kind = {"Content-Type": "application/json", "Accept": "application/json"}
        raw = json.dumps(content).encode()
        answer: dict[str, Any] = json.loads(
            self._asked("POST", path, {**buyer.headers, **kind}, raw)
        )
        return answer

    def _asked(self, method: str, path: str, headers: Mapping[str, str], raw: bytes = b"") -> bytes:
        status, answer = self.send(method, path, headers, raw)
        if not 200 <= status < 300:
            raise SystemExit(f"{path}: {status} {answer[:500].decode('utf-8', 'replace')}")
        return answer


def written(url: str, folder: Path, platform: str, *, redis: str = "") -> Path:
    """The configuration of a shop whose WeChat is at an address, as a file for the service's processes."""
    path = written_config(url, folder)
    text = path.read_text("utf-8").replace(_NOTHING_SET, f'api_url = "{platform}"', 1)
    text += pay_notice.section(folder, more=f'api_url = "{platform}"')
    if redis:
        text += f'\n[redis]\nurl = "{redis}"\n'
    path.write_text(text, "utf-8")
    return path


def opened(app: Flask, filled: Filled, *, send: Send | None = None) -> Shop:
    """The shop of a year: commission on phones becomes free some day, and buyers are written to."""
    appid, now = app.extensions["wx_config"].accounts[0].appid, clock.now()
    with app.app_context(), transaction():
        set_vesting(
            product_kind="goods",
            milestone=Milestone.RECEIVED,
            hold_days=7,
            valid_from=clock.business_on(now),
        )
        for purpose in (TO_BUYER, TO_REP):
            set_template(appid=appid, purpose=purpose, template_id=f"T-{purpose}", fields=FIELDS)
    return Shop(send or inside(app), appid, filled.product_number, filled.cast.wares.phone)


def follow_up(app: Flask) -> None:
    """What the workers do, until nothing is left."""
    while drain_queue(app, outbox.WORK) + drain_queue(app, outbox.CALL):
        pass


def hold_that_all_came_of_it(app: Flask, numbers: Sequence[str]) -> None:
    """SystemExit unless every job was done as meant and each of these orders is paid and commission."""
    with app.app_context(), transaction() as session:
        amiss = select(outbox.Job.name, outbox.Job.last_error).where(
            outbox.Job.last_error.is_not(None)
        )
        if failed := session.execute(amiss.limit(3)).all():
            raise SystemExit(f"not done as meant: {failed}")
        earned = session.scalar(
            select(func.count(SalesOrder.id.distinct()))
            .join(OrderLine, OrderLine.order_id == SalesOrder.id)
            .join(Accrual, Accrual.order_line_id == OrderLine.id)
            .where(among(SalesOrder.number, numbers), SalesOrder.paid_at.is_not(None))
        )
    if earned != len(numbers):
        raise SystemExit(f"{len(numbers)} ordered, {earned} paid and became commission")


def inside(app: Flask) -> Send:
    """Requests in this process, each in a context of its own as a server gives it."""
    client = app.test_client(use_cookies=False)

    def send(method: str, path: str, headers: Mapping[str, str], raw: bytes) -> tuple[int, bytes]:
        answer = Context().run(client.open, path, method=method, headers=headers, data=raw)
        return answer.status_code, answer.data

    return send


def buyers(app: Flask, filled: Filled, many: int) -> Sequence[Buyer]:
    """So many of the year's people, who just came by the links of reps and are signed in."""
    with app.app_context(), transaction():
        for number in range(many):
            _comes(number, FIRST_SHARE + number % filled.cast.reps)
    return [_signed_in(app, number) for number in range(many)]


def _comes(number: int, share_id: int) -> None:
    now = clock.now()
    record_touch(
        Contact(
            key=f"bench-{number:010}".encode(),
            kind=TouchKind.LINK_OPENED,
            certainty=Certainty.SIGNED,
            event_at=now,
            known_at=now,
            identity_id=FIRST_ID + number,
            share_id=share_id,
        )
    )


def _signed_in(app: Flask, number: int) -> Buyer:
    client = app.test_client()
    with client.session_transaction() as session:
        session["identity"] = FIRST_ID + number
        session["signed_in_at"] = clock.now().timestamp()
    agent = {"User-Agent": _AGENT}
    page = Context().run(client.get, "/", headers=agent)
    found, cookie = _TOKEN.search(page.text), client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    if found is None or cookie is None:
        raise SystemExit(f"the mall's first page has no token: {page.status_code}")
    headers = {
        "Cookie": f"{cookie.key}={cookie.value}",
        "X-CSRFToken": found[1],
        "Host": "127.0.0.1",
    }
    return Buyer(f"oX{number}", f"139{number:08}", agent | headers)
