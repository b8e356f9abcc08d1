"""Staff make products and edit them: texts, album, variants; every act is on record.

Whoever may edit does so freely until somebody is asked to approve; what is on the shelves is
changed by those who might have approved it, and nothing is changed while they are deciding.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.exc import IntegrityError

from catalog import editing, launch, pricing
from catalog.bundles import PartData, add_bundle
from catalog.models import Product, ProductKind, Sku
from catalog.operations import ProductData, SkuData, activate_sku, add_product, add_sku
from catalog.queries import all_skus, sku_ids
from catalog.showing import ALBUM_MAX, Picture, Showing
from catalog.stock_by_hand import FormUsed
from flows.album import cover_of, let_go, require_kept
from wx_backend.db import db
from wx_backend.errors import BadInput, Conflict, Forbidden, NotFound
from wx_backend.platform import config

SKUS_MAX: Final = 60


class ChangedMeanwhile(Conflict):
    """Somebody else changed the product since the form was opened."""

    code, message = "changed_meanwhile", "其他同事刚刚修改过该商品，请核对后再保存"


@dataclass(frozen=True, slots=True)
class Editor:
    """Who edits; `is_lead`: he may change what is on the shelves."""

    actor: str
    is_lead: bool


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a bundle as typed: a variant's number, and how many pieces."""

    sku_number: str
    quantity: int


def create(data: ProductData, *, form_key: str, by: Editor, now: datetime) -> str:
    """A new product's number; the same form again is the same product.

    Raises BadPlan, BadShowing, and FormUsed when the form said something else then.
    """
    prefix = config().service.number_prefix
    try:
        with db.session.begin_nested():
            made = add_product(data=data, now=now, prefix=prefix, form_key=form_key)
    except IntegrityError:
        return _made_before(form_key, data)
    _note(made, "created", by, now)
    return made.number


def describe(number: str, data: ProductData, *, seen: int, by: Editor, now: datetime) -> None:
    """Say something else about a product; `seen` is its last event when the form was opened.

    Raises ChangedMeanwhile, BadPlan, BadShowing, and what `_editable` does.
    """
    product = _editable(number, by)
    if last_event(product.id) != seen:
        raise ChangedMeanwhile
    editing.describe(product, data)
    _note(product, "described", by, now)


def last_event(product_id: int) -> int:
    """The newest thing done to a product; 0 before there is one."""
    newest = launch.events_of(product_id, limit=1)
    return newest[0].id if newest else 0


def require_editable(number: str, *, by: Editor) -> None:
    """Raises NotFound, Forbidden or UnderApproval, before anything is made ready for a change."""
    _editable(number, by)


def hang(number: str, pictures: Sequence[Picture], *, by: Editor, now: datetime) -> None:
    """Add pictures to a product's album; what hangs there already is not added twice."""
    product = _editable(number, by)
    album = [*Showing.from_json(product.showing).album]
    album += [each for each in dict.fromkeys(pictures) if each not in album]
    if len(album) > ALBUM_MAX:
        raise BadInput(f"每个商品最多 {ALBUM_MAX} 张图片，请先移除一些", fields=["file"])
    _rehang(product, album, by, now)


def take_down(number: str, path: str, *, by: Editor, now: datetime) -> None:
    """Take a picture out of the album; one that is gone already is no fault."""
    product = _editable(number, by)
    album = Showing.from_json(product.showing).album
    _rehang(product, [each for each in album if each.path != path], by, now)


def put_first(number: str, path: str, *, by: Editor, now: datetime) -> None:
    """Make a picture the first one, which lists show too. Raises NotFound."""
    product = _editable(number, by)
    album = Showing.from_json(product.showing).album
    first = [each for each in album if each.path == path]
    if not first:
        raise NotFound
    _rehang(product, [*first, *(each for each in album if each.path != path)], by, now)


def add_variant(
    number: str, data: SkuData, *, parts: Sequence[Part] = (), by: Editor, now: datetime
) -> bool:
    """A new variant, and whether it is offered at once; of a bundle, made of these parts. Raises NameTaken, BadOffer, BadBundle.

    One of a product that was agreed to is offered once a second person says so.
    """
    product = _editable(number, by)
    if len(all_skus(product.id)) >= SKUS_MAX:
        raise BadInput(f"每个商品最多 {SKUS_MAX} 种规格", fields=["name"])
    editing.require_free_name(product_id=product.id, name=data.name)
    if product.kind == ProductKind.BUNDLE:
        made = add_bundle(product_id=product.id, data=data, parts=_parts(parts), now=now)
    else:
        prefix = config().service.number_prefix
        made = add_sku(product_id=product.id, data=data, now=now, prefix=prefix)
    is_offered = not pricing.was_agreed_to(product.id)
    if not is_offered:
        activate_sku(sku_id=made.id, is_active=False)
    _note(product, "sku_added", by, now, note=data.name, sku=made.number)
    return is_offered


def describe_variant(
    number: str, sku_number: str, data: SkuData, *, by: Editor, now: datetime
) -> None:
    """Another name, other options, another place in the list; its prices stay. Raises NameTaken."""
    product = _editable(number, by)
    sku = variant_of(product, sku_number)
    editing.describe_sku(
        product_id=product.id,
        sku_id=sku.id,
        name=data.name,
        options=data.options,
        position=data.position,
    )
    _note(product, "sku_changed", by, now, note=data.name)


def offer_variant(
    number: str, sku_number: str, *, is_active: bool, by: Editor, now: datetime
) -> None:
    """Offer a variant, or stop offering it. Raises SamePerson for a price nobody else has seen."""
    product = _editable(number, by)
    sku = variant_of(product, sku_number)
    if is_active:
        pricing.require_anothers(sku, by.actor)
    activate_sku(sku_id=sku.id, is_active=is_active)
    what = "sku_offered" if is_active else "sku_stopped"
    _note(product, what, by, now, note=sku.name, sku=sku.number)


def variant_of(product: Product, sku_number: str) -> Sku:
    """A variant of a product by its number; NotFound for another product's."""
    sku = next((each for each in all_skus(product.id) if each.number == sku_number), None)
    if sku is None:
        raise NotFound
    return sku


def _made_before(form_key: str, data: ProductData) -> str:
    made = editing.product_of_form(form_key)
    if made is None:
        raise BadInput("请选择分类", fields=["category_id"])
    if (made.kind, made.name, made.category_id) != (data.kind, data.name, data.category_id):
        raise FormUsed
    return made.number


def _editable(number: str, by: Editor) -> Product:
    """The product, locked, if he may change it just now. Raises NotFound, Forbidden, UnderApproval."""
    product = editing.locked_product(number)
    launch.require_undecided(product.id)
    if product.is_listed and not by.is_lead:
        raise Forbidden("商品已上架，须由经理或管理员修改")
    return product


def _rehang(product: Product, album: Sequence[Picture], by: Editor, now: datetime) -> None:
    before = Showing.from_json(product.showing).album
    require_kept(each for each in album if each not in before)
    let_go(each.path for each in before if each not in album)
    editing.hang(product, album, cover=cover_of(album[0]) if album else None)
    _note(product, "pictured", by, now, note=f"{len(album)} 张")


def _parts(typed: Sequence[Part]) -> list[PartData]:
    found = sku_ids(part.sku_number for part in typed)
    if unknown := [part.sku_number for part in typed if part.sku_number not in found]:
        raise BadInput(f"没有这个规格：{'、'.join(unknown)}", fields=["parts"])
    return [PartData(found[part.sku_number], part.quantity) for part in typed]


def _note(product: Product, what: str, by: Editor, now: datetime, **said: str) -> None:
    launch.record_event(product_id=product.id, what=what, actor=by.actor, now=now, details=said)
