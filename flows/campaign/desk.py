"""Campaigns as staff see and move them, each within the subtree of his own place."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from campaigns import operations, queries
from campaigns.guard import Finding, findings, standing
from campaigns.mass_models import Article
from campaigns.mass_queries import PartShown, articles_of, parts_of
from campaigns.models import (
    Campaign,
    CampaignClass,
    CampaignEvent,
    CampaignStatus,
    Recipient,
)
from campaigns.operations import Plan, WrongState
from campaigns.recipients import replace_list
from campaigns.segments import Segment
from catalog.queries import categories, product_by_number
from flows.campaign.audience import wanted, ways_for
from flows.campaign.dry_run import DryRun, dry_run
from flows.campaign.freezing import start_freezing
from flows.campaign.importing import lines_in, looked_up
from flows.campaign.mass_desk import with_article
from flows.campaign.quotas import ask_quotas
from flows.campaign.running import start_lanes
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
from flows.segments import require_tags
from members.audience import Person, count_people, people
from members.tags.models import Tag
from members.tags.queries import names_of_tags, tags_of
from org.queries import nodes_under, under
from org.roster import names_of_nodes, names_of_reps
from templates_msg.bulk import statuses_of
from templates_msg.library import library_of
from templates_msg.models import LibraryTemplate, MessageKind
from templates_msg.rules import Line, lines_of
from wx_backend.config import Account
from wx_backend.errors import BadInput, Conflict, NotFound
from wx_backend.outbox import defer
from wx_backend.platform import config

SAMPLE: Final = 10
KINDS: Final[Mapping[CampaignClass, MessageKind]] = {
    CampaignClass.SERVICE: MessageKind.TEMPLATE,
    CampaignClass.PROMOTION: MessageKind.SUBSCRIPTION,
}


class GuardFound(Conflict):
    """The texts break a rule that nobody has answered for; `details` names the rules."""

    code, message = "guard", "内容违反平台规则，请修改，或由他人填写理由后放行"


class NotReady(BadInput):
    code, message = "campaign_not_ready", "活动还不完整"


@dataclass(frozen=True, slots=True)
class Who:
    """A staff member and his place."""

    staff_id: int
    node_id: int


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
    """Everything about one campaign but its report."""

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


@dataclass(frozen=True, slots=True)
class Placed:
    """One person of a frozen audience: whose customer he is, and where his message stands."""

    row: Recipient
    rep_name: str
    message: str | None


@dataclass(frozen=True, slots=True)
class Choices:
    """What the editor offers: accounts; templates, articles and tags by account; places, shelves."""

    accounts: Sequence[Account]
    templates: Mapping[str, Sequence[LibraryTemplate]]
    articles: Mapping[str, Sequence[Article]]
    tags: Mapping[str, Sequence[Tag]]
    places: Mapping[int, str]
    shelves: Mapping[str, str]


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
    return Choices(accounts, templates, articles, tags, places, shelf_names())


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
        variants=_shown(row),
        findings=found,
        standing=standing(found, queries.overridden_rules(row)),
        article=article_in(row),
        words=words_of(article_in(row).get("content", "")),
        parts=parts_of(row.id),
        list_counts=queries.list_counts(row.id),
        dry_run=dry_run(row, now=now),
        history=queries.history_of(row.id),
        writers=queries.writers_of(row.id),
    )


def preview(number: str, node_id: int, *, now: datetime) -> Preview:
    """The size of an audience as it is now, and ten of it."""
    row = campaign_of(number, node_id)
    meant = wanted(row, now=now)
    ten = people(meant, after=0, limit=SAMPLE)
    ways = ways_for(row, ten, now=now, until=now)
    return Preview(count_people(meant), [(each, ways[each.id]) for each in ten])


def people_shown(
    number: str, node_id: int, *, status: str, reason: str, after: int, limit: int
) -> list[Placed]:
    """Some people of a frozen audience, each with his rep and what became of him."""
    row = campaign_of(number, node_id)
    shown = queries.recipients_shown(row.id, status=status, reason=reason, after=after, limit=limit)
    names = names_of_reps(each.rep_id for each in shown if each.rep_id is not None)
    messages = statuses_of([each.message_id for each in shown if each.message_id is not None])
    return [
        Placed(each, names.get(each.rep_id or 0, ""), messages.get(each.message_id or 0))
        for each in shown
    ]


def count_people_shown(number: str, node_id: int, *, status: str, reason: str) -> int:
    """How many those are."""
    row = campaign_of(number, node_id)
    return queries.count_recipients(row.id, status=status, reason=reason)


def create(plan: Plan, *, account: str, who: Who, now: datetime) -> str:
    """A new draft; its number. Raises BadInput, NotFound."""
    appid = _account(account, who).appid
    _check(plan, appid)
    made = operations.create_campaign(
        with_article(plan, appid), appid=appid, node_id=who.node_id, staff_id=who.staff_id, now=now
    )
    return made.number


def edit(number: str, plan: Plan, *, who: Who, now: datetime) -> None:
    """Change a campaign that has not begun; whoever agreed has to agree again."""
    row = campaign_of(number, who.node_id)
    _check(plan, row.appid)
    plan = with_article(plan, row.appid, before=row)
    operations.edit_campaign(row.id, plan, staff_id=who.staff_id, now=now)


def list_found(number: str, text: str, *, who: Who) -> Sequence[Mapping[str, Any]]:
    """An imported list looked up, for `take_list`: before it, so that nobody waits. Raises BadInput."""
    return looked_up(campaign_of(number, who.node_id), lines_in(text))


def take_list(number: str, found: Sequence[Mapping[str, Any]], *, who: Who, now: datetime) -> None:
    """Keep a list for a draft instead of the one before. Raises WrongState."""
    row = _locked(number, who)
    if row.status != CampaignStatus.DRAFT:
        raise WrongState
    replace_list(row.id, found)
    operations.note(row, "list", staff_id=who.staff_id, now=now)


def submit(number: str, *, who: Who, now: datetime) -> None:
    """Freeze the audience and put the campaign before a second person. Raises NotReady, GuardFound."""
    row = _locked(number, who)
    _require_ready(row)
    wanted(row, now=now)
    start_freezing(operations.submit(row.id, staff_id=who.staff_id, now=now))
    defer(ask_quotas, campaign_id=row.id)


def override(number: str, *, revision: int, reason: str, who: Who, now: datetime) -> None:
    """Answer for what the guard found in the texts as they were seen, with a reason that is kept.

    Raises Forbidden for whoever wrote in it, WrongState.
    """
    row = _locked(number, who)
    if row.revision != revision:
        raise WrongState
    if not reason:
        raise BadInput("请填写放行理由", fields=["reason"])
    found = standing(
        findings(CampaignClass(row.campaign_class), texts_of(row)), queries.overridden_rules(row)
    )
    rules = sorted({each.rule.name for each in found})
    operations.override(row, rules=rules, reason=reason, staff_id=who.staff_id, now=now)


def approve(number: str, *, revision: int, who: Who, now: datetime) -> None:
    """Agree to a campaign as it was seen. Raises SamePerson, WrongState."""
    row = campaign_of(number, who.node_id)
    operations.approve(row.id, revision=revision, staff_id=who.staff_id, now=now)


def refuse(number: str, *, reason: str, who: Who, now: datetime) -> None:
    """Send it back to who wrote it."""
    row = campaign_of(number, who.node_id)
    operations.refuse(row.id, reason=reason, staff_id=who.staff_id, now=now)


def start_now(number: str, *, who: Who, now: datetime) -> None:
    """Begin an agreed campaign whose time has come, without waiting for the clock.

    Raises WrongState before that time, and when it has begun.
    """
    row = campaign_of(number, who.node_id)
    run = operations.start(row.id, now=now)
    if run is None:
        raise WrongState
    start_lanes(row.id, run)


def pause(number: str, *, reason: str, who: Who, now: datetime) -> None:
    """Send nothing more for now."""
    row = campaign_of(number, who.node_id)
    if not operations.pause(row.id, reason=reason, staff_id=who.staff_id, now=now):
        raise WrongState


def resume(number: str, *, who: Who, now: datetime) -> None:
    """Go on."""
    row = campaign_of(number, who.node_id)
    start_lanes(row.id, operations.resume(row.id, staff_id=who.staff_id, now=now))


def stop(number: str, *, reason: str, who: Who, now: datetime) -> None:
    """End it for good."""
    row = campaign_of(number, who.node_id)
    operations.stop(row.id, reason=reason, staff_id=who.staff_id, now=now)


def _locked(number: str, who: Who) -> Campaign:
    """The campaign of a number, locked: what is checked of it stays so until the commit."""
    return operations.locked_campaign(campaign_of(number, who.node_id).id)


def _account(name: str, who: Who) -> Account:
    found = next((each for each in accounts_seen(who.node_id) if each.name == name), None)
    if found is None:
        raise NotFound
    return found


def _check(plan: Plan, appid: str) -> None:
    require_tags(Segment.from_json(plan.segment), appid)
    if plan.product_number and product_by_number(plan.product_number) is None:
        raise BadInput("没有这个商品", fields=["product_number"])


def _require_ready(row: Campaign) -> None:
    """What must be there before somebody is asked to agree."""
    if row.campaign_class == CampaignClass.MASS:
        if not article_in(row):
            raise NotReady("请选择要群发的图文", fields=["article_id"])
    else:
        _require_messages(row)
    segment = Segment.from_json(row.segment)
    if segment.is_list and not queries.list_counts(row.id).get(None):
        raise NotReady("名单里没有能匹配的人，请先导入名单", fields=["list"])
    found = findings(CampaignClass(row.campaign_class), texts_of(row))
    if left := standing(found, queries.overridden_rules(row)):
        raise GuardFound(rules=sorted({each.rule.name for each in left}))


def _require_messages(row: Campaign) -> None:
    template, kind = template_of(row), KINDS[CampaignClass(row.campaign_class)]
    if not ways_of(row):
        raise NotReady("请选择订阅通知模板，或填写客服消息", fields=["template_id"])
    if row.template_id and (template is None or template.kind != kind):
        raise NotReady(
            "模板与活动类别不符：服务通知用模板消息，营销用订阅通知", fields=["template_id"]
        )
    if row.campaign_class == CampaignClass.SERVICE and template is None:
        raise NotReady("请选择模板", fields=["template_id"])
    if wrong := [each.variant.name for each in _shown(row) if not each.fits]:
        raise NotReady("有字段为空、过长或类型不符", variants=wrong)


def _shown(row: Campaign) -> list[Shown]:
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
