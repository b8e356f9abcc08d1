"""The address book: looked at, added to, one of it the default, any of it forgotten."""

from dataclasses import asdict
from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from flows.sealed import vault
from members.addresses import (
    Address,
    BookEntry,
    book_of,
    drop_address,
    make_default,
    save_address,
)
from members.queries import member_ids_of
from storefront import session
from storefront.schemas import BookRequest, body
from wx_backend import clock
from wx_backend.errors import AppError

bp = Blueprint("addresses", __name__)


@bp.get("/addresses")
def page() -> str:
    """One's addresses, and a form for one more."""
    return render_template("storefront/addresses.html", book=own_book(), typed={}, wrong=())


@bp.post("/addresses")
def add() -> ResponseReturnValue:
    """Keep one more address; what was typed stays on the page when it is refused."""
    typed = {name: request.form.get(name, "") for name in ("name", "phone", "region", "street")}
    try:
        asked = BookRequest().load({**typed, "is_default": "is_default" in request.form})
        _save(asked)
    except ValidationError as error:
        return _again(typed, sorted(error.messages_dict), "请把地址填写完整"), 400
    except AppError as refused:
        return _again(typed, refused.details.get("fields", ["phone"]), refused.message), 400
    flash("地址已保存")
    return redirect("/addresses")


@bp.get("/api/addresses")
def index() -> ResponseReturnValue:
    """One's addresses, the default first."""
    return jsonify(addresses=[_shown(entry) for entry in own_book()])


@bp.post("/api/addresses")
def create() -> ResponseReturnValue:
    """Keep one more address; the same one again is the same."""
    return jsonify(number=_save(body(BookRequest()))), 201


@bp.post("/addresses/<number>/default")
def prefer(number: str) -> ResponseReturnValue:
    """Begin the checkout with this one."""
    _prefer(number)
    return redirect("/addresses")


@bp.post("/addresses/<number>/drop")
def drop(number: str) -> ResponseReturnValue:
    """Forget one."""
    _drop(number)
    flash("地址已删除")
    return redirect("/addresses")


@bp.post("/api/addresses/<number>/default")
def prefer_by_call(number: str) -> ResponseReturnValue:
    """Have this one be the default."""
    _prefer(number)
    return jsonify(number=number)


@bp.post("/api/addresses/<number>/drop")
def drop_by_call(number: str) -> ResponseReturnValue:
    """Forget one."""
    _drop(number)
    return jsonify(number=number)


def own_book() -> list[BookEntry]:
    """The addresses of whoever is signed in."""
    return book_of(member_ids_of(session.member().member_id), vault())


def _prefer(number: str) -> None:
    session.acting(lambda owner: make_default(member_id=owner.member_id, number=number))


def _drop(number: str) -> None:
    session.acting(lambda owner: drop_address(member_id=owner.member_id, number=number))


def _save(asked: dict[str, Any]) -> str:
    is_default = asked.pop("is_default")
    address = Address.typed(**asked)
    return session.acting(
        lambda owner: save_address(
            member_id=owner.member_id,
            address=address,
            is_default=is_default,
            vault=vault(),
            now=clock.now(),
        )
    )


def _again(typed: dict[str, str], wrong: list[str], message: str) -> str:
    return render_template(
        "storefront/addresses.html", book=own_book(), typed=typed, wrong=wrong, message=message
    )


def _shown(entry: BookEntry) -> dict[str, Any]:
    return asdict(entry.address) | {"number": entry.number, "is_default": entry.is_default}
