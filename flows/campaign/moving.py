"""Campaigns as staff move them on: written, put before a second person, begun, held, ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from campaigns import operations, queries
from campaigns.continuing import continue_campaign, is_in_doubt
from campaigns.guard import findings, standing
from campaigns.lists import replace_list
from campaigns.models import Campaign, CampaignClass, CampaignStatus
from campaigns.operations import Plan, WrongState
from campaigns.segments import Segment
from catalog.queries import product_by_number
from flows.campaign.audience import wanted
from flows.campaign.desk import campaign_of, shown_variants
from flows.campaign.freezing import start_freezing
from flows.campaign.importing import lines_in, looked_up
from flows.campaign.mass_desk import with_article
from flows.campaign.quotas import ask_quotas
from flows.campaign.running import start_lanes
from flows.campaign.texts import article_in, template_of, texts_of, ways_of
from flows.message_desk import accounts_seen
from flows.segments import require_tags
from templates_msg.models import MessageKind
from wx_backend.config import Account
from wx_backend.errors import BadInput, Conflict, NotFound
from wx_backend.outbox import defer

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


def withdraw(number: str, *, who: Who, now: datetime) -> None:
    """Take back what one put before a second person. Raises NotTheAsker, WrongState."""
    row = campaign_of(number, who.node_id)
    operations.withdraw(row.id, staff_id=who.staff_id, now=now)


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


def carry_on(number: str, *, who: Who, now: datetime) -> str:
    """Make one anew for whom it never reached, to be mended and agreed to; its number.

    Raises WrongState, NobodyLeft.
    """
    row = campaign_of(number, who.node_id)
    return continue_campaign(row.id, staff_id=who.staff_id, now=now).number


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
        raise BadInput("没有这个商品", fields=["landing"])


def _require_ready(row: Campaign) -> None:
    """What must be there before somebody is asked to agree."""
    if row.campaign_class == CampaignClass.MASS:
        if not article_in(row):
            raise NotReady("请选择要群发的图文", fields=["article_id"])
    else:
        _require_messages(row)
    if row.continues_id is not None and is_in_doubt(row.continues_id):
        raise NotReady("原活动还有人等待微信的答复，几分钟后再提交", fields=["segment"])
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
    if wrong := [each.variant.name for each in shown_variants(row) if not each.fits]:
        raise NotReady("有字段为空、过长或类型不符", variants=wrong)
