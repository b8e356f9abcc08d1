"""The address book: looked at, added to, one of it the default, any of it forgotten."""

from collections.abc import Callable, Sequence
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
    change_address,
    drop_address,
    make_default,
    save_address,
)
from members.queries import member_ids_of
from storefront import session
from storefront.schemas import BookRequest, body
from wx_backend import clock
from wx_backend.errors import AppError, NotFound

bp = Blueprint("addresses", __name__)


@bp.get("/addresses")
def page() -> str:
    """One's addresses, and a form for one more, or with the one to `edit`."""
    book, number = own_book(), request.args.get("edit", "")
    edited = _of_number(book, number)
    typed = asdict(edited.address) if edited is not None else {}
    return _page(book, typed=typed, edited=edited)


@bp.post("/addresses")
def add() -> ResponseReturnValue:
    """Keep one more address; what was typed stays on the page when it is refused."""
    return _typed(_save)


@bp.post("/addresses/<number>")
def change(number: str) -> ResponseReturnValue:
    """Write one anew, likewise."""
    edited = _own(number)
    return _typed(lambda asked: _change(number, asked), edited)


@bp.get("/api/addresses")
def index() -> ResponseReturnValue:
    """One's addresses, the default first."""
    return jsonify(addresses=[_shown(entry) for entry in own_book()])


@bp.post("/api/addresses")
def create() -> ResponseReturnValue:
    """Keep one more address; the same one again is the same."""
    return jsonify(number=_save(body(BookRequest()))), 201


@bp.post("/api/addresses/<number>")
def change_by_call(number: str) -> ResponseReturnValue:
    """Write one anew; one that says the same already takes its place."""
    asked = body(BookRequest())
    _own(number)
    return jsonify(number=_change(number, asked))


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


def _change(number: str, asked: dict[str, Any]) -> str:
    is_default = asked.pop("is_default")
    address = Address.typed(**asked)
    return session.acting(
        lambda owner: change_address(
            member_id=owner.member_id,
            number=number,
            address=address,
            is_default=is_default,
            vault=vault(),
        )
    )


def _of_number(book: list[BookEntry], number: str) -> BookEntry | None:
    return next((entry for entry in book if entry.number == number), None)


def _own(number: str) -> BookEntry:
    """One of the viewer's addresses; NotFound for a foreign one as for a missing one."""
    found = _of_number(own_book(), number)
    if found is None:
        raise NotFound("地址不存在")
    return found


def _typed(
    keep: Callable[[dict[str, Any]], str], edited: BookEntry | None = None
) -> ResponseReturnValue:
    """Keep what the form says; back with what is wrong when it is refused."""
    typed = {name: request.form.get(name, "") for name in ("name", "phone", "region", "street")}
    try:
        keep(BookRequest().load({**typed, "is_default": "is_default" in request.form}))
    except ValidationError as error:
        wrong, message = sorted(error.messages_dict), "请把地址填写完整"
    except AppError as refused:
        wrong, message = refused.details.get("fields", ["phone"]), refused.message
    else:
        flash("地址已保存")
        return redirect("/addresses")
    return _page(own_book(), typed=typed, edited=edited, wrong=wrong, message=message), 400


def _page(
    book: list[BookEntry],
    *,
    typed: dict[str, str],
    edited: BookEntry | None,
    wrong: Sequence[str] = (),
    message: str = "",
) -> str:
    return render_template(
        "storefront/addresses.html",
        book=book,
        typed=typed,
        edited=edited,
        wrong=wrong,
        message=message,
    )


def _shown(entry: BookEntry) -> dict[str, Any]:
    return asdict(entry.address) | {"number": entry.number, "is_default": entry.is_default}
