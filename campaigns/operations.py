"""The life of a campaign: written, frozen, agreed to by a second person, run, ended.

    draft -> freezing -> submitted -> scheduled -> running <-> paused -> done | stopped

An edit leads back to `draft` from everything before `running`: the audience is frozen again and
somebody has to agree again; so does taking back what nobody has agreed to yet. Each step is taken under the campaign's lock and by one caller only.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

from sqlalchemy import delete, select

from campaigns.counts import forget_counts, put_right
from campaigns.lists import forget_list
from campaigns.mass import withdraw_unsent
from campaigns.models import Campaign, CampaignEvent, CampaignStatus, Recipient
from campaigns.queries import writers_of
from wx_backend import numbers
from wx_backend.clock import business_on
from wx_backend.db import db, locked
from wx_backend.errors import Conflict, Forbidden, NotFound, NotTheAsker

KIND: Final = "CP"
EDITABLE: Final = (
    CampaignStatus.DRAFT,
    CampaignStatus.FREEZING,
    CampaignStatus.SUBMITTED,
    CampaignStatus.SCHEDULED,
)
UNDECIDED: Final = (CampaignStatus.FREEZING, CampaignStatus.SUBMITTED)
GOING: Final = (CampaignStatus.RUNNING, CampaignStatus.PAUSED)
SYSTEM: Final = None


class WrongState(Conflict):
    """The campaign is not where this step begins: somebody else was faster, or it was edited."""

    code, message = "campaign_state", "活动的状态已变化，请刷新后再试"


class SamePerson(Conflict):
    code, message = "same_person", "须由提交人以外的同事审批"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything about a campaign that a person decides; see `Campaign` for the fields."""

    name: str
    campaign_class: str
    purpose: str
    service_event: str | None
    event_days: int
    template_id: str | None
    content: Mapping[str, Any]
    segment: Mapping[str, Any]
    product_number: str | None
    starts_at: datetime | None
    rate_per_second: int
    control_bp: int
    cap_messages: int
    cap_days: int

    @classmethod
    def of(cls, campaign: Campaign) -> Self:
        """The plan of a campaign as it stands."""
        return cls(**{name: getattr(campaign, name) for name in cls.__slots__})

    def values(self) -> dict[str, Any]:
        """The plan by column."""
        return {name: getattr(self, name) for name in self.__slots__}


def create_campaign(
    plan: Plan,
    *,
    appid: str,
    node_id: int,
    staff_id: int,
    now: datetime,
    continues_id: int | None = None,
) -> Campaign:
    """A new draft."""
    campaign = Campaign(
        **plan.values(),
        continues_id=continues_id,
        number=numbers.new_number(KIND, on=business_on(now)),
        appid=appid,
        node_id=node_id,
        created_by=staff_id,
        created_at=now,
    )
    db.session.add(campaign)
    db.session.flush()
    note(campaign, "created", staff_id=staff_id, now=now)
    return campaign


def edit_campaign(campaign_id: int, plan: Plan, *, staff_id: int, now: datetime) -> Campaign:
    """Change a campaign that has not begun: a new revision, which nobody has agreed to yet."""
    campaign = _step(campaign_id, EDITABLE, CampaignStatus.DRAFT)
    for name, value in plan.values().items():
        setattr(campaign, name, value)
    _begin_anew(campaign)
    note(campaign, "edited", staff_id=staff_id, now=now)
    return campaign


def submit(campaign_id: int, *, staff_id: int, now: datetime) -> Campaign:
    """Have the audience frozen, then put before a second person."""
    campaign = _step(campaign_id, (CampaignStatus.DRAFT,), CampaignStatus.FREEZING)
    campaign.submitted_by = staff_id
    note(campaign, "submitted", staff_id=staff_id, now=now)
    return campaign


def note_frozen(campaign_id: int, *, now: datetime) -> None:
    """The audience is whole; of an imported list only which lines named nobody is kept, and why."""
    campaign = _step(campaign_id, (CampaignStatus.FREEZING,), CampaignStatus.SUBMITTED)
    forget_list(campaign_id)
    put_right(campaign_id)
    note(campaign, "frozen", staff_id=SYSTEM, now=now)


def approve(campaign_id: int, *, revision: int, staff_id: int, now: datetime) -> Campaign:
    """A second person agrees to the revision he has seen. Raises SamePerson, WrongState."""
    campaign = locked_campaign(campaign_id)
    if campaign.revision != revision:
        raise WrongState
    _require_another(campaign, staff_id)
    _move(campaign, (CampaignStatus.SUBMITTED,), CampaignStatus.SCHEDULED)
    campaign.approved_by = staff_id
    note(campaign, "approved", staff_id=staff_id, now=now)
    return campaign


def refuse(campaign_id: int, *, reason: str, staff_id: int, now: datetime) -> None:
    """A second person does not agree: it is a draft again. Raises SamePerson, WrongState."""
    campaign = locked_campaign(campaign_id)
    _require_another(campaign, staff_id)
    _move(campaign, (CampaignStatus.SUBMITTED,), CampaignStatus.DRAFT)
    campaign.submitted_by = None
    _forget_people(campaign_id)
    note(campaign, "refused", staff_id=staff_id, note=reason, now=now)


def withdraw(campaign_id: int, *, staff_id: int, now: datetime) -> None:
    """Whoever put it before a second person takes it back. Raises NotTheAsker, WrongState.

    The draft is another revision: who had the page of this one open agrees to nothing by it.
    """
    campaign = locked_campaign(campaign_id)
    if campaign.status in UNDECIDED and campaign.submitted_by != staff_id:
        raise NotTheAsker
    _move(campaign, UNDECIDED, CampaignStatus.DRAFT)
    note(campaign, "withdrawn", staff_id=staff_id, now=now)
    _begin_anew(campaign)


def override(
    campaign: Campaign, *, rules: Collection[str], reason: str, staff_id: int, now: datetime
) -> None:
    """Somebody answers for what the guard found in a locked campaign's revision; kept for good.

    Raises WrongState, and Forbidden for whoever wrote in it.
    """
    if campaign.status not in EDITABLE:
        raise WrongState
    if staff_id in writers_of(campaign.id):
        raise Forbidden("须由编写人以外的同事放行")
    for rule in rules:
        note(campaign, "overridden", rule=rule, staff_id=staff_id, note=reason, now=now)


def start(campaign_id: int, *, now: datetime) -> int | None:
    """Begin to send: the number of the run, None when it is not due or has begun already."""
    campaign = locked_campaign(campaign_id)
    is_due = campaign.starts_at is None or campaign.starts_at <= now
    if campaign.status != CampaignStatus.SCHEDULED or not is_due:
        return None
    return _go(campaign, "started", staff_id=SYSTEM, now=now)


def pause(
    campaign_id: int,
    *,
    reason: str,
    staff_id: int | None,
    now: datetime,
    resume_at: datetime | None = None,
) -> bool:
    """Send nothing more for now; False when it is not running. With `resume_at` until then only.

    A person may also keep a campaign paused that would have gone on by itself.
    """
    campaign = locked_campaign(campaign_id)
    would_go_on = campaign.status == CampaignStatus.PAUSED and campaign.resume_at is not None
    if campaign.status != CampaignStatus.RUNNING and not (would_go_on and staff_id is not None):
        return False
    campaign.status = CampaignStatus.PAUSED
    campaign.pause_reason, campaign.resume_at = reason[:200], resume_at
    note(campaign, "paused", staff_id=staff_id, note=reason, now=now)
    return True


def resume(campaign_id: int, *, staff_id: int | None, now: datetime) -> int:
    """Go on; the number of the run. Raises WrongState."""
    campaign = locked_campaign(campaign_id)
    if campaign.status != CampaignStatus.PAUSED:
        raise WrongState
    campaign.equal_errors, campaign.last_error = 0, ""
    return _go(campaign, "resumed", staff_id=staff_id, now=now)


def stop(campaign_id: int, *, reason: str, staff_id: int, now: datetime) -> None:
    """End it for good, whoever has not been written to; calls not made yet never are."""
    campaign = _step(campaign_id, (CampaignStatus.SCHEDULED, *GOING), CampaignStatus.STOPPED)
    campaign.ended_at, campaign.resume_at = now, None
    withdraw_unsent(campaign_id)
    put_right(campaign_id)
    note(campaign, "stopped", staff_id=staff_id, note=reason, now=now)


def finish(campaign_id: int, *, now: datetime) -> bool:
    """Everybody's turn has come; False when it is not running."""
    campaign = locked_campaign(campaign_id)
    if campaign.status != CampaignStatus.RUNNING:
        return False
    campaign.status, campaign.ended_at = CampaignStatus.DONE, now
    put_right(campaign_id)
    note(campaign, "done", staff_id=SYSTEM, now=now)
    return True


def locked_campaign(campaign_id: int) -> Campaign:
    """The campaign, locked, while its people go on being counted; NotFound without it."""
    campaign = locked(select(Campaign).where(Campaign.id == campaign_id), lets_refer=True)
    if campaign is None:
        raise NotFound
    return campaign


def note(
    campaign: Campaign,
    kind: str,
    *,
    staff_id: int | None,
    now: datetime,
    note: str = "",
    rule: str | None = None,
) -> None:
    """Write down what was done to a campaign."""
    db.session.add(
        CampaignEvent(
            campaign_id=campaign.id,
            revision=campaign.revision,
            kind=kind,
            rule=rule,
            staff_id=staff_id,
            note=note[:200],
            happened_at=now,
        )
    )


def _go(campaign: Campaign, kind: str, *, staff_id: int | None, now: datetime) -> int:
    campaign.status = CampaignStatus.RUNNING
    campaign.started_at = campaign.started_at or now
    campaign.pause_reason, campaign.resume_at = "", None
    campaign.run += 1
    put_right(campaign.id)
    note(campaign, kind, staff_id=staff_id, now=now)
    return campaign.run


def _require_another(campaign: Campaign, staff_id: int) -> None:
    """Raises SamePerson for whoever put it before the others."""
    if campaign.submitted_by == staff_id:
        raise SamePerson


def _begin_anew(campaign: Campaign) -> None:
    """A new revision, whose people nobody has frozen and which nobody has asked for or agreed to."""
    campaign.revision += 1
    campaign.submitted_by = campaign.approved_by = None
    _forget_people(campaign.id)


def _forget_people(campaign_id: int) -> None:
    """Another text or audience is frozen anew."""
    db.session.execute(delete(Recipient).where(Recipient.campaign_id == campaign_id))
    forget_counts(campaign_id)


def _step(campaign_id: int, source: Collection[str], to: CampaignStatus) -> Campaign:
    campaign = locked_campaign(campaign_id)
    _move(campaign, source, to)
    return campaign


def _move(campaign: Campaign, source: Collection[str], to: CampaignStatus) -> None:
    if campaign.status not in source:
        raise WrongState
    campaign.status = to
