"""WeChat Pay as HTTP: the routes under `/v3`, each answer signed."""

import json
from collections.abc import Callable

from flask import Blueprint, Response, request
from werkzeug.http import http_date

from simulator import chaos
from simulator.errors import PayError
from simulator.pay import bills, certificates, orders, refunds, transfers
from simulator.pay.gate import PayCall, admit, serials
from simulator.pay.notices import signed_headers
from simulator.records import JSON
from simulator.wire import serve
from simulator.world import World

Run = Callable[[PayCall, dict[str, str]], JSON | bytes | None]
_TRANSFERS = "/v3/fund-app/mch-transfer/transfer-bills"
_NUMBER = "/v3/pay/transactions/out-trade-no/<number>"


def _close(call: PayCall, path: dict[str, str]) -> None:
    orders.close(call, orders.by_number(call, path["number"]))


ROUTES: list[tuple[str, str, Run]] = [
    ("POST", "/v3/pay/transactions/jsapi", lambda call, _: orders.prepay(call, "JSAPI")),
    ("POST", "/v3/pay/transactions/native", lambda call, _: orders.prepay(call, "NATIVE")),
    ("POST", "/v3/pay/transactions/h5", lambda call, _: orders.prepay(call, "MWEB")),
    ("POST", "/v3/pay/transactions/app", lambda call, _: orders.prepay(call, "APP")),
    ("GET", _NUMBER, lambda call, p: orders.query(call, orders.by_number(call, p["number"]))),
    (
        "GET",
        "/v3/pay/transactions/id/<number>",
        lambda call, p: orders.query(call, orders.by_transaction(call, p["number"])),
    ),
    ("POST", f"{_NUMBER}/close", _close),
    ("POST", "/v3/refund/domestic/refunds", lambda call, _: refunds.create(call)),
    (
        "GET",
        "/v3/refund/domestic/refunds/<number>",
        lambda call, p: refunds.query(call, p["number"]),
    ),
    (
        "POST",
        "/v3/refund/domestic/refunds/<number>/apply-abnormal-refund",
        lambda call, p: refunds.apply_abnormal(call, p["number"]),
    ),
    ("GET", "/v3/bill/tradebill", lambda call, _: bills.trade_bill(call)),
    ("GET", "/v3/bill/fundflowbill", lambda call, _: bills.fund_flow_bill(call)),
    ("GET", "/v3/billdownload/file", lambda call, _: bills.download(call)),
    ("GET", "/v3/certificates", lambda call, _: certificates.listed(call)),
    ("POST", _TRANSFERS, lambda call, _: transfers.create(call)),
    (
        "GET",
        f"{_TRANSFERS}/out-bill-no/<number>",
        lambda call, p: transfers.shown(transfers.by_number(call, p["number"])),
    ),
    (
        "GET",
        f"{_TRANSFERS}/transfer-bill-no/<number>",
        lambda call, p: transfers.shown(transfers.by_bill(call, p["number"])),
    ),
    (
        "POST",
        f"{_TRANSFERS}/out-bill-no/<number>/cancel",
        lambda call, p: transfers.cancel(call, transfers.by_number(call, p["number"])),
    ),
]


def blueprint(world: World) -> Blueprint:
    """All of WeChat Pay against this world."""
    pay = Blueprint("pay", __name__)
    for index, (method, rule, run) in enumerate(ROUTES):
        pay.add_url_rule(rule, f"route_{index}", _view(world, run), methods=[method])
    return pay


def _view(world: World, run: Run) -> Callable[..., Response]:
    def view(**path: str) -> Response:
        return serve(world, lambda: _act(world, run, path), _chaos_refusal)

    return view


def _act(world: World, run: Run, path: dict[str, str]) -> Response:
    with world.acting():
        call: PayCall | None = None
        try:
            call = admit(world, request)
            answer = run(call, path)
        except PayError as error:
            response = _error(error)
            kind, code = "api.refused", error.code
        else:
            response = _answered(answer)
            kind, code = "api.call", ""
        mchid = call.merchant.mchid if call else ""
        world.witness(kind, path=request.path, mchid=mchid, code=code)
        response.headers["Date"] = http_date(world.now())
        response.headers["Request-ID"] = world.chance(32, "0123456789ABCDEF")
        if call and not request.path.startswith("/v3/billdownload/"):
            _sign(call, response)
        return response


def _sign(call: PayCall, response: Response) -> None:
    struck = chaos.fire(call.world, request.path, ("bad_signature", "signtest"))
    serial = call.answer_serial or serials(call.merchant)[0]
    body = response.get_data()
    response.headers.update(signed_headers(call.world, call.merchant, serial, body, struck))


def _answered(answer: JSON | bytes | None) -> Response:
    if answer is None:
        return Response(status=204)
    if isinstance(answer, bytes):
        return Response(answer, content_type="application/octet-stream")
    body = json.dumps(answer, ensure_ascii=False)
    return Response(body, content_type="application/json; charset=utf-8")


def _error(error: PayError) -> Response:
    return Response(error.body(), error.status, content_type="application/json; charset=utf-8")


def _chaos_refusal(options: JSON) -> Response:
    code = str(options.get("code", "SYSTEM_ERROR"))
    status = int(options.get("status", 500))
    return _error(PayError(status, code, "系统异常，请稍后重试"))
