"""What a campaign says: variants with fields or text, filled in per rep, with the rep's own link."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from typing import Any, Final

from campaigns.models import Campaign, CampaignClass, Way
from flows.sharing import link_of
from org.queries import node_by_code, rep_card
from referral.models import Place, Subject
from referral.operations import Sharer, Sharing, open_share
from referral.reach import push_shares
from templates_msg.library import library_of
from templates_msg.models import LibraryTemplate, MessageKind
from templates_msg.operations import Draft
from templates_msg.rules import BadField, check_filled
from wx_backend.platform import config

REP, OUTLET = "{员工}", "{网点}"
TEXT_MAX: Final = 600
PURPOSE: Final = "campaign"
_TAG: Final = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Variant:
    """One text of a campaign: the template's fields, and what customer service would write."""

    name: str
    fields: Mapping[str, str]
    text: str = ""

    def as_json(self) -> dict[str, Any]:
        """As it is stored."""
        return {"name": self.name, "fields": dict(self.fields), "text": self.text}


@dataclass(frozen=True, slots=True)
class Signature:
    """Whose link a person gets, and the names his text is filled with."""

    rep_name: str
    outlet_name: str
    link: str

    def fill(self, text: str) -> str:
        """A text with the names in place."""
        return text.replace(REP, self.rep_name).replace(OUTLET, self.outlet_name)


def variants_of(campaign: Campaign) -> list[Variant]:
    """The texts of a campaign."""
    stored = campaign.content.get("variants", ())
    return [Variant(each["name"], each["fields"], each["text"]) for each in stored]


def ways_of(campaign: Campaign) -> list[Way]:
    """By which ways a campaign has something to say."""
    if campaign.campaign_class == CampaignClass.SERVICE:
        return [Way.TEMPLATE]
    if campaign.campaign_class == CampaignClass.MASS:
        return [Way.MASS] if article_in(campaign) else []
    has_text = any(each.text for each in variants_of(campaign))
    ways = [(Way.SUBSCRIPTION, bool(campaign.template_id)), (Way.CUSTOMER_SERVICE, has_text)]
    return [way for way, is_said in ways if is_said]


def article_in(campaign: Campaign) -> dict[str, Any]:
    """The article of a mass send as it was chosen; empty for every other campaign."""
    found: dict[str, Any] = campaign.content.get("article") or {}
    return found


def words_of(html: str) -> str:
    """What is read of an article."""
    return " ".join(unescape(_TAG.sub(" ", html)).split())


def link_for_all(campaign: Campaign, *, now: datetime) -> str:
    """The one link of a mass send; whose customer opens it is found out at the click."""
    return signatures(campaign, [None], now=now)[None].link


def texts_of(campaign: Campaign) -> dict[str, str]:
    """Every text of a campaign by where it stands, for the guard."""
    texts = {"活动名称": campaign.name} if campaign.campaign_class != CampaignClass.SERVICE else {}
    if article := article_in(campaign):
        texts |= {"图文标题": article["title"], "图文摘要": article.get("digest", "")}
        texts["图文正文"] = words_of(article.get("content", ""))
    for variant in variants_of(campaign):
        texts |= {f"{variant.name} 版 {key}": text for key, text in variant.fields.items()}
        if variant.text:
            texts[f"{variant.name} 版客服消息"] = variant.text
    return texts


def template_of(campaign: Campaign) -> LibraryTemplate | None:
    """The template a campaign uses, if it still is there."""
    usable = (each for each in library_of(campaign.appid) if each.is_usable)
    return next((each for each in usable if each.template_id == campaign.template_id), None)


def filled(variant: Variant, way: Way, signed: Signature) -> dict[str, Any]:
    """What is sent to somebody, as a message's content."""
    if way is Way.CUSTOMER_SERVICE:
        return {"text": f"{signed.fill(variant.text)}\n{signed.link}"}
    data = {key: signed.fill(text) for key, text in variant.fields.items()}
    return {"data": data, "url": signed.link}


def fits(template: LibraryTemplate | None, content: Mapping[str, Any]) -> bool:
    """Whether the platform would take a content, by the limits of the template's fields."""
    if "data" not in content:
        return len(content["text"].encode()) <= 2048
    try:
        check_filled(template.content if template else "", content["data"])
    except BadField:
        return False
    return True


class Wording:
    """What a campaign says by variant, way and whose link: filled in and tried once for all who get it."""

    def __init__(self, campaign: Campaign) -> None:
        self._variants, self._template = variants_of(campaign), template_of(campaign)
        self._known: dict[tuple[int, Way, Signature], Mapping[str, Any] | None] = {}

    def __call__(self, variant: int, way: Way, signed: Signature) -> Mapping[str, Any] | None:
        """The content; None where the platform would refuse it."""
        key = (variant, way, signed)
        if key not in self._known:
            content = filled(self._variants[variant], way, signed)
            self._known[key] = content if fits(self._template, content) else None
        return self._known[key]


def key_of(campaign_id: int, identity_id: int) -> str:
    """What the message of a campaign to one person goes by, and the yes it uses."""
    return f"{PURPOSE}:{campaign_id}:{identity_id}"


def draft_of(
    campaign: Campaign, *, identity_id: int, way: Way, content: Mapping[str, Any]
) -> Draft:
    """The message to one person of a campaign: one per person, whatever happens."""
    return Draft(
        key=key_of(campaign.id, identity_id),
        appid=campaign.appid,
        identity_id=identity_id,
        kind=MessageKind(way),
        purpose=PURPOSE,
        template_id=None if way is Way.CUSTOMER_SERVICE else campaign.template_id,
        content=content,
    )


def signatures(
    campaign: Campaign, rep_ids: Sequence[int | None], *, now: datetime
) -> dict[int | None, Signature]:
    """For each rep (None: nobody's customers) his link of the campaign, made where it is missing."""
    wanted = set(rep_ids)
    made = push_shares(campaign.number, {each for each in wanted if each is not None})
    return {each: _signature(campaign, each, made.get(each or 0), now) for each in wanted}


def unsigned(rep_id: int | None, appid: str) -> Signature:
    """The names alone, for a preview: no link is made for what may never be sent."""
    base_url = config().service.base_url
    if rep_id is None:
        return Signature(_title(appid), _title(appid), base_url)
    card = rep_card(rep_id)
    return Signature(card.name, card.outlet_name, base_url)


def _signature(
    campaign: Campaign, rep_id: int | None, share_id: int | None, now: datetime
) -> Signature:
    sharing = Sharing(subject=Subject.CAMPAIGN, place=Place.PUSH, subject_key=campaign.number)
    names = unsigned(rep_id, campaign.appid)
    if share_id is None:
        sharer = Sharer(rep_id=rep_id) if rep_id is not None else _outlet(campaign.appid)
        if sharer is None:
            return names
        share_id = open_share(sharer=sharer, sharing=sharing, now=now).id
    return Signature(names.rep_name, names.outlet_name, link_of(share_id))


def _outlet(appid: str) -> Sharer | None:
    """The outlet of the account: whoever nobody brought buys from it."""
    account = config().account_of(appid)
    node = node_by_code(account.default_outlet) if account else None
    return Sharer(outlet_id=node.id) if node is not None else None


def _title(appid: str) -> str:
    account = config().account_of(appid)
    return account.title if account else ""
