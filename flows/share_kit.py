"""The share kit: a rep picks where it goes first and gets text, link and picture of a share of its own.

Each place and subject is one share, so that its result can be told from the others'.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from catalog.models import Product
from catalog.offers import is_on_sale, offers
from catalog.queries import product_by_number, skus_of_product
from flows.receipt_pages import PLACES
from flows.sharing import link_of
from org.queries import RepCard, rep_card
from referral.models import Place, Share, Subject
from referral.operations import Sharer, Sharing, open_share
from referral.queries import share_by_id
from wx_backend.errors import BadInput, NotFound
from wx_backend.money import yuan

TARGETS: Final = (Place.MOMENTS, Place.GROUP, Place.CHAT, Place.QQ, Place.SMS)
"""Where a rep can send it, in the order they are offered."""
IN_WECHAT: Final = frozenset({Place.MOMENTS, Place.GROUP, Place.CHAT})

# In Moments a link in the text cannot be tapped: there the picture carries it.
_OF_SHOWROOM: Final[Mapping[str, str]] = {
    Place.MOMENTS: "选号入网、换机、宽带都能在线办，{outlet}{name}为您服务。长按图片识别二维码，随时找我。",
    Place.GROUP: "大家好，我是{outlet}的{name}。换手机、选号码、办宽带，点开就能办，有问题群里问我：{link}",
    Place.CHAT: "您好，我是{outlet}的{name}。选号、换机、办宽带都可以在我的网上小店办，晚上也能下单：{link}",
    Place.QQ: "我是{outlet}的{name}，选号换机办宽带，复制到浏览器或直接点开：{link}",
    Place.SMS: "您好，我是{outlet}{name}，选号换机在线办：{link}",
}
_OF_PRODUCT: Final[Mapping[str, str]] = {
    Place.MOMENTS: "{product}，{price}。{outlet}{name}在线办理，正规营业厅。长按图片识别二维码下单。",
    Place.GROUP: "{product}，{price}，线上下单、到厅可取。详情点开看，问题群里问我（{outlet}{name}）：{link}",
    Place.CHAT: "您好，我是{outlet}的{name}。您可能用得上：{product}，{price}。点开看详情，直接下单：{link}",
    Place.QQ: "{product}，{price}，{outlet}{name}，点开看详情：{link}",
    Place.SMS: "您好，{outlet}{name}：{product}，{price}，详情 {link}",
}


@dataclass(frozen=True, slots=True)
class About:
    """What is shared; `product` is None for the rep's showroom."""

    name: str
    product: Product | None = None
    price_fen: int | None = None


@dataclass(frozen=True, slots=True)
class ShareKit:
    """What a rep sends to one place; `has_picture` is false where only words can go."""

    share: Share
    place: str
    about: About
    text: str
    link: str
    has_picture: bool


def open_kit(*, rep_id: int, place: str, product: str, now: datetime) -> int:
    """The share of this place and subject, born now or found again; its id.

    `product` is a product's number, empty for the rep's showroom. Raises BadInput for a place
    nobody can share to, NotFound for a product that is not on sale.
    """
    if place not in TARGETS:
        raise BadInput("请选择发到哪里", fields=["place"])
    if product:
        found = product_by_number(product)
        if found is None or not is_on_sale(found, now):
            raise NotFound("商品已下架")
    subject = Subject.PRODUCT if product else Subject.SHOWROOM
    sharing = Sharing(subject=subject, place=Place(place), subject_key=product)
    return open_share(sharer=Sharer(rep_id=rep_id), sharing=sharing, now=now).id


def kit_of(share_id: int, *, rep_id: int, now: datetime) -> ShareKit:
    """One of the rep's own shares with what to send; NotFound for anybody else's."""
    share = own_share(share_id, rep_id)
    about, link = about_of(share, now), link_of(share.id)
    return ShareKit(
        share=share,
        place=PLACES[share.place],
        about=about,
        text=_text(share, about, rep_card(rep_id), link),
        link=link,
        has_picture=share.place in TARGETS and share.place != Place.SMS,
    )


def own_share(share_id: int, rep_id: int) -> Share:
    """A share that the rep made himself; NotFound for a colleague's or a customer's."""
    share = share_by_id(share_id)
    if share is None or share.rep_id != rep_id or share.place == Place.COUNTER:
        raise NotFound("分享不存在")
    return share


def about_of(share: Share, now: datetime) -> About:
    """What a share shows, at today's lowest price."""
    product = product_by_number(share.subject_key) if share.subject == Subject.PRODUCT else None
    if product is None:
        return About("活动" if share.subject == Subject.CAMPAIGN else "我的展厅")
    known = offers((sku.number for sku in skus_of_product(product.id)), now=now)
    return About(
        product.name, product, min((each.price_fen for each in known.values()), default=None)
    )


def _text(share: Share, about: About, card: RepCard, link: str) -> str:
    texts = _OF_SHOWROOM if about.product is None else _OF_PRODUCT
    text = texts.get(share.place)
    if text is None:
        return link
    price = f"{yuan(about.price_fen).removesuffix('.00')} 元起" if about.price_fen else "价格见页面"
    return text.format(
        outlet=card.outlet_name, name=card.name, product=about.name, price=price, link=link
    )
