"""Campaigns as staff see them, each within the subtree of his own place."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from campaigns import queries
from campaigns.continuing import UNREACHED, continued_by
from campaigns.guard import Finding, findings, standing
from campaigns.lists import count_missed, missed_lines
from campaigns.mass_models import Article
from campaigns.mass_queries import PartShown, articles_of, parts_of
from campaigns.models import (
    Campaign,
    CampaignClass,
    CampaignEvent,
    CampaignStatus,
    ListEntry,
)
from campaigns.segments import Segment
from catalog.queries import all_products, categories
from flows.campaign.audience import wanted, ways_for
from flows.campaign.dry_run import DryRun, dry_run
from flows.campaign.texts import (
    Variant,
    article_in,
    filled,
    fits,
    template_of,
    texts_of,
    unsigned,
    variants_of,
    ways_of,
    words_of,
)
from flows.message_desk import accounts_seen
from members.audience import Person, count_people, people
from members.tags.models import Tag
from members.tags.queries import names_of_tags, tags_of
from org.queries import nodes_under, under
from org.roster import names_of_nodes
from templates_msg.library import library_of
from templates_msg.models import LibraryTemplate
from templates_msg.rules import Line, lines_of
from wx_backend.config import Account
from wx_backend.platform import config

SAMPLE: Final = 10


@dataclass(frozen=True, slots=True)
class Preview:
    """How many people are meant, ten of them with their way or why not."""

    size: int
    sample: Sequence[tuple[Person, str]]


@dataclass(frozen=True, slots=True)
class Shown:
    """One variant as a person gets it."""

    variant: Variant
    lines: Sequence[Line]
    text: str
    fits: bool


@dataclass(frozen=True, slots=True)
class CampaignFile:
    """Everything about one campaign but its report; which it goes on from, and which goes on from it."""

    row: Campaign
    account: Account | None
    segment: Segment
    tags: Mapping[int, str]
    place_names: Mapping[int, str]
    template: LibraryTemplate | None
    variants: Sequence[Shown]
    findings: Sequence[Finding]
    standing: Sequence[Finding]
    article: Mapping[str, Any]
    words: str
    parts: Sequence[PartShown]
    list_counts: Mapping[str | None, int]
    dry_run: DryRun
    history: Sequence[CampaignEvent]
    writers: Collection[int]
    before: Campaign | None
    after: Campaign | None

    @property
    def left(self) -> int:
        """How many people it never reached, where it has ended or waits for a person."""
        rests = self.row.status == CampaignStatus.PAUSED and self.row.resume_at is None
        is_over = rests or self.row.status in queries.ENDED
        is_mass = self.row.campaign_class == CampaignClass.MASS
        return self.dry_run.count(*UNREACHED) if is_over and not is_mass else 0


@dataclass(frozen=True, slots=True)
class Choices:
    """What the editor offers: accounts; templates, articles and tags by account; places and goods."""

    accounts: Sequence[Account]
    templates: Mapping[str, Sequence[LibraryTemplate]]
    articles: Mapping[str, Sequence[Article]]
    tags: Mapping[str, Sequence[Tag]]
    places: Mapping[int, str]
    shelves: Mapping[str, str]
    products: Mapping[str, str]

    @property
    def titles(self) -> Mapping[str, str]:
        """What people call the accounts."""
        return {each.name: each.title for each in self.accounts}


def campaign_rows(node_id: int, *, after: int, limit: int) -> Sequence[Campaign]:
    """The campaigns of a place and those below it, newest first."""
    return queries.campaigns_of(under(node_id), after=after, limit=limit)


def count_rows(node_id: int) -> int:
    """How many those are."""
    return queries.count_campaigns(under(node_id))


def choices(node_id: int) -> Choices:
    """What a campaign of a place can be made of."""
    accounts = accounts_seen(node_id)
    templates = {
        each.name: [row for row in library_of(each.appid) if row.is_usable] for each in accounts
    }
    articles = {each.name: articles_of(each.appid) for each in accounts}
    tags = {each.name: tags_of(each.appid) for each in accounts}
    places = {node.id: node.name for node in nodes_under(node_id)}
    products = {each.number: each.name for each in all_products()}
    return Choices(accounts, templates, articles, tags, places, shelf_names(), products)


def shelf_names() -> dict[str, str]:
    """The shelves of the mall by what an address calls them."""
    return {each.slug: each.name for each in categories()}


def campaign_of(number: str, node_id: int) -> Campaign:
    """The campaign of a number, for who is above it; NotFound otherwise."""
    return queries.campaign_by_number(number, under(node_id))


def campaign_file(number: str, node_id: int, *, now: datetime) -> CampaignFile:
    """One campaign with its texts, what the guard says, its dry run and history."""
    row = campaign_of(number, node_id)
    found = findings(CampaignClass(row.campaign_class), texts_of(row))
    segment = Segment.from_json(row.segment)
    return CampaignFile(
        row=row,
        account=config().account_of(row.appid),
        segment=segment,
        tags=names_of_tags(row.appid, {*segment.tags, *segment.without_tags}),
        place_names=names_of_nodes([segment.outlet_id] if segment.outlet_id else []),
        template=template_of(row),
        variants=shown_variants(row),
        findings=found,
        standing=standing(found, queries.overridden_rules(row)),
        article=article_in(row),
        words=words_of(article_in(row).get("content", "")),
        parts=parts_of(row.id),
        list_counts=queries.list_counts(row.id),
        dry_run=dry_run(row, now=now),
        history=queries.history_of(row.id),
        writers=queries.writers_of(row.id),
        before=queries.campaign_by_id(row.continues_id) if row.continues_id else None,
        after=continued_by(row.id),
    )


def misses_shown(
    number: str, node_id: int, *, miss: str = "", after: int = 0, limit: int
) -> Sequence[ListEntry]:
    """The lines of an imported list that named nobody."""
    return missed_lines(campaign_of(number, node_id).id, miss, after=after, limit=limit)


def count_misses_shown(number: str, node_id: int, *, miss: str = "") -> int:
    """How many those are."""
    return count_missed(campaign_of(number, node_id).id, miss)


def preview(number: str, node_id: int, *, now: datetime) -> Preview:
    """The size of an audience as it is now, and ten of it."""
    row = campaign_of(number, node_id)
    meant = wanted(row, now=now)
    ten = people(meant, after=0, limit=SAMPLE)
    ways = ways_for(row, ten, now=now, until=now)
    return Preview(count_people(meant), [(each, ways[each.id]) for each in ten])


def shown_variants(row: Campaign) -> list[Shown]:
    """The texts of a campaign as somebody without a rep gets them."""
    template, signed = template_of(row), unsigned(None, row.appid)
    shown = []
    for variant in variants_of(row):
        contents: list[dict[str, Any]] = [filled(variant, way, signed) for way in ways_of(row)]
        data: dict[str, str] = next((each["data"] for each in contents if "data" in each), {})
        shown.append(
            Shown(
                variant=variant,
                lines=lines_of(template.content, data) if template else [],
                text=next((each["text"] for each in contents if "text" in each), ""),
                fits=all(fits(template, each) for each in contents),
            )
        )
    return shown
