"""The peer: one order as a naive mall keeps it, written anew after what CRMEB does; no ledger, no proof, no jobs.

Placing is one transaction, payment another: the notice marks the order paid, writes who earns what and changes
his balance at once. WeChat Pay is talked to by wechatpayv3, rows are changed by the ORM, the message goes out in the request.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import requests  # noqa: TID251 - what wechatpayv3 uses itself
from flask import Flask, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import Session
from wechatpayv3 import WeChatPay, WeChatPayType

from bench import pay_notice
from bench.order.peer_rows import (
    Base,
    Brokerage,
    CartInfo,
    Order,
    OrderStatus,
    Product,
    User,
)
from bench.order.shop import Send
from flows.payment.address import NOTICE_PATH

BROKERAGE_BP: Final = 500
PRICE_FEN: Final = 199_900


class Mall:
    """The peer's routes on a database and a WeChat; who asks says who he is by a header."""

    def __init__(self, url: str, platform: str) -> None:
        self.engine, self.platform = create_engine(url), platform
        Base.metadata.create_all(self.engine)
        self._http = requests.Session()
        self._pay = WeChatPay(
            wechatpay_type=WeChatPayType.JSAPI,
            mchid=pay_notice.MCHID,
            private_key=pay_notice.PRIVATE_PEM.decode(),
            cert_serial_no=pay_notice.SERIAL,
            appid="wx1",
            apiv3_key=pay_notice.APIV3_KEY.decode(),
            notify_url="http://wx.test/notify",
            public_key=pay_notice.PUBLIC_PEM.decode(),
            public_key_id=pay_notice.KEY_ID,
        )
        self._pay._core._gate_way = platform  # it has no way to be told of another address

    def app(self) -> Flask:
        """As Flask serves it."""
        app = Flask("peer")
        app.post("/api/orders")(self.create)
        app.post("/api/orders/<number>/pay")(self.pay)
        app.post(NOTICE_PATH)(self.notify)
        return app

    def create(self) -> ResponseReturnValue:
        asked, now = request.get_json(), datetime.now(UTC)  # noqa: TID251 - the peer has no clock of ours
        with Session(self.engine) as session, session.begin():
            user = session.get_one(User, int(request.headers["X-Uid"]))
            product = session.get_one(Product, asked["product"], with_for_update=True)
            if product.stock < 1:
                abort(409)
            product.stock -= 1
            product.sales += 1
            order = Order(
                order_id=f"wx{secrets.token_hex(14)}",
                uid=user.uid,
                spread_uid=user.spread_uid,
                real_name=asked["name"],
                user_phone=asked["phone"],
                user_address=asked["address"],
                pay_fen=product.price_fen,
                brokerage_fen=product.price_fen * BROKERAGE_BP // 10_000,
                add_time=now,
            )
            session.add(order)
            session.flush()
            info = json.dumps({"name": product.name, "price": product.price_fen, "num": 1})
            session.add(CartInfo(oid=order.id, product_id=product.id, cart_info=info))
            session.add(OrderStatus(oid=order.id, change_type="create", change_time=now))
            return jsonify(number=order.order_id)

    def pay(self, number: str) -> ResponseReturnValue:
        with Session(self.engine) as session:
            order = session.scalars(select(Order).where(Order.order_id == number)).one()
            user = session.get_one(User, order.uid)
            fen, openid = order.pay_fen, user.openid
        status, text = self._pay.pay(
            description="手机",
            out_trade_no=number,
            amount={"total": fen},
            payer={"openid": openid},
        )
        package = f"prepay_id={json.loads(text)['prepay_id']}"
        stamp, nonce = str(int(datetime.now(UTC).timestamp())), secrets.token_hex(16)  # noqa: TID251 - as above
        sign = self._pay.sign(["wx1", stamp, nonce, package])
        return jsonify(timeStamp=stamp, nonceStr=nonce, package=package, paySign=sign), status

    def notify(self) -> Response:
        said: dict[str, Any] | None = self._pay.callback(request.headers, request.data)
        if said is None:
            abort(401)
        now = datetime.now(UTC)  # noqa: TID251 - as above
        with Session(self.engine) as session, session.begin():
            number = said["resource"]["out_trade_no"]
            order = session.scalars(select(Order).where(Order.order_id == number)).one()
            if order.paid:
                return Response(status=204)
            order.paid, order.pay_time = True, now
            session.add(OrderStatus(oid=order.id, change_type="pay_success", change_time=now))
            rep = session.get_one(User, order.spread_uid)
            rep.brokerage_fen += order.brokerage_fen
            session.add(
                Brokerage(
                    uid=rep.uid,
                    link_id=number,
                    number_fen=order.brokerage_fen,
                    balance_fen=rep.brokerage_fen,
                    add_time=now,
                )
            )
            openid = session.get_one(User, order.uid).openid
        message = {"touser": openid, "template_id": "T", "data": {"first": {"value": number}}}
        self._http.post(f"{self.platform}/cgi-bin/message/template/send", json=message)
        return Response(status=204)


def stocked(engine: Engine, *, users: int, reps: int) -> None:
    """People, who brought them, and one product."""
    with Session(engine) as session, session.begin():
        session.add(Product(id=1, name="手机", price_fen=PRICE_FEN, stock=10**9))
        session.add_all(User(uid=n, openid=f"oR{n}", spread_uid=0) for n in range(1, reps + 1))
        session.add_all(
            User(uid=reps + 1 + n, openid=f"oX{n}", spread_uid=1 + n % reps) for n in range(users)
        )


@dataclass(frozen=True, slots=True)
class Customers:
    """Who buys there."""

    send: Send
    reps: int

    def order_and_ask(self, number: int) -> str:
        """One of them places an order and gets its pay sheet; its number."""
        content = {"product": 1, "name": "鲍勃", "phone": "13800138000", "address": "中山路 1 号"}
        headers = {"X-Uid": str(self.reps + 1 + number), "Content-Type": "application/json"}
        raw = self._asked("/api/orders", headers, json.dumps(content).encode())
        placed = str(json.loads(raw)["number"])
        self._asked(f"/api/orders/{placed}/pay", headers, b"{}")
        return placed

    def tell(self, said: pay_notice.Signed) -> None:
        """WeChat Pay says that somebody paid."""
        headers, raw = said
        self._asked(NOTICE_PATH, {**headers, "Content-Type": "application/json"}, raw)

    def _asked(self, path: str, headers: Mapping[str, str], raw: bytes) -> bytes:
        status, answer = self.send("POST", path, headers, raw)
        if not 200 <= status < 300:
            raise SystemExit(f"the peer's {path}: {status} {answer[:500]!r}")
        return answer
