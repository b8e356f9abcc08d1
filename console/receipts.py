"""The proof of a line's attribution, to read and as JSON."""

from flask import Blueprint, Response, jsonify, render_template

from console.session import staff
from flows.receipt_pages import ReceiptPage, filed_receipt, receipt_page
from orders.search import order_within
from org.queries import under
from referral.disputes import disputes_of_lines
from wx_backend.errors import NotFound

bp = Blueprint("receipts", __name__)


@bp.get("/receipts/<number>")
def show(number: str) -> str:
    """The path, every contact with its verdict, the rule, and what would be otherwise."""
    page = _receipt(number)
    disputes = disputes_of_lines([page.line.id])
    return render_template("console/receipt.html", page=page, disputes=disputes)


@bp.get("/receipts/<number>.json")
def raw(number: str) -> Response:
    """The same for machines."""
    return jsonify(_receipt(number).as_json())


def _receipt(number: str) -> ReceiptPage:
    """A receipt about an order of the staff's scope; NotFound for foreign as for missing ones."""
    filed = filed_receipt(number)
    if order_within(filed.order.number, under(staff().node_id)) is None:
        raise NotFound("凭证不存在")
    return receipt_page(filed)
