"""Rows of campaigns: what is to be said, to whom, who agreed, and every person's place in it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend.db import Instant, Model, id_column


class CampaignClass(StrEnum):
    """What a campaign is; the platform bans accounts that promote by template message.

    A mass send is a promotion too: one article, the same for everybody.
    """

    SERVICE = "service"
    PROMOTION = "promotion"
    MASS = "mass"


class CampaignStatus(StrEnum):
    """draft -> freezing -> submitted -> scheduled -> running <-> paused -> done | stopped."""

    DRAFT = "draft"
    FREEZING = "freezing"
    SUBMITTED = "submitted"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    STOPPED = "stopped"


class Way(StrEnum):
    """How a person is reached; each but a mass send is a kind of message of his own."""

    TEMPLATE = "template"
    SUBSCRIPTION = "subscription"
    CUSTOMER_SERVICE = "customer_service"
    MASS = "mass"


class Reason(StrEnum):
    """Why a person of the audience is not written to."""

    ERASED = "erased"
    OPTED_OUT = "opted_out"
    NOT_FOLLOWING = "not_following"
    NO_EVENT = "no_event"
    NO_CONSENT = "no_consent"
    NO_WAY = "no_way"
    FREQUENCY = "frequency"
    MONTHLY = "monthly"
    ALONE = "alone"
    FIELD = "field"


class RecipientStatus(StrEnum):
    """Where a person stands; `sending` also holds what got no answer yet."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    LEFT_OUT = "left_out"
    CONTROL = "control"


class Campaign(Model):
    """One campaign of an account. Each edit is a new revision, and needs to be agreed to anew.

    `content` has the fields and texts of its variants, of a mass send its article. `segment` says
    who is meant. `run` counts starts and resumes: work of an earlier one finds the number moved on
    and stops. With `resume_at` a pause ends by itself. Rates: `control_bp` of 10,000 are not written to.
    One that continues another is for whom that one never reached, and holds out whom it held out.
    """

    __tablename__ = "campaign"
    __table_args__ = (
        UniqueConstraint("number"),
        CheckConstraint("approved_by <> submitted_by", name="second_person"),
        CheckConstraint("control_bp BETWEEN 0 AND 5000", name="control"),
        CheckConstraint("rate_per_second BETWEEN 1 AND 10000", name="rate"),
        Index("ix_campaign_status", "status", "starts_at"),
        Index("ix_campaign_node", "node_id", "id"),
        Index("uq_campaign_continues", "continues_id", unique=True),
    )

    id: Mapped[int] = id_column()
    number: Mapped[str] = mapped_column(String(32))
    appid: Mapped[str] = mapped_column(String(32))
    node_id: Mapped[int] = mapped_column(ForeignKey("org_node.id"))
    name: Mapped[str] = mapped_column(String(40))
    campaign_class: Mapped[str] = mapped_column(String(10))
    purpose: Mapped[str] = mapped_column(String(200))
    service_event: Mapped[str | None] = mapped_column(String(20))
    event_days: Mapped[int] = mapped_column(default=30)
    template_id: Mapped[str | None] = mapped_column(String(64))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    segment: Mapped[dict[str, Any]] = mapped_column(JSON)
    product_number: Mapped[str | None] = mapped_column(String(32))
    starts_at: Mapped[datetime | None] = mapped_column(Instant)
    rate_per_second: Mapped[int]
    control_bp: Mapped[int]
    cap_messages: Mapped[int]
    cap_days: Mapped[int]
    revision: Mapped[int] = mapped_column(default=1)
    run: Mapped[int] = mapped_column(default=0)
    status: Mapped[str] = mapped_column(String(10), default=CampaignStatus.DRAFT)
    created_by: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    submitted_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    pause_reason: Mapped[str] = mapped_column(String(200), default="")
    resume_at: Mapped[datetime | None] = mapped_column(Instant)
    last_error: Mapped[str] = mapped_column(String(40), default="")
    equal_errors: Mapped[int] = mapped_column(default=0)
    continues_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"))


class CampaignEvent(Model):
    """Something that was done to a campaign, by whom and why; only ever added.

    `rule` is set where somebody overrode a rule of the guard for this revision.
    """

    __tablename__ = "campaign_event"
    __table_args__ = (Index("ix_campaign_event_campaign", "campaign_id", "id"),)

    id: Mapped[int] = id_column()
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    revision: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    rule: Mapped[str | None] = mapped_column(String(32))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    note: Mapped[str] = mapped_column(String(200), default="")
    happened_at: Mapped[datetime] = mapped_column(Instant)


class Recipient(Model):
    """One person of a frozen audience: once per campaign, under one identity.

    `rep_id` is the rep whose link he gets. `due_at` is when to try (again): of somebody who is
    being written to, when that must have ended.
    """

    __tablename__ = "campaign_recipient"
    __table_args__ = (
        UniqueConstraint("campaign_id", "identity_id"),
        Index("uq_campaign_recipient_member", "campaign_id", "member_id", unique=True),
        Index("ix_campaign_recipient_due", "campaign_id", "status", "due_at"),
        Index("ix_campaign_recipient_identity", "identity_id", "taken_at"),
        Index("ix_campaign_recipient_message", "message_id"),
    )

    id: Mapped[int] = id_column()
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    rep_id: Mapped[int | None] = mapped_column(ForeignKey("rep.id"))
    variant: Mapped[int] = mapped_column(default=0)
    status: Mapped[str] = mapped_column(String(10))
    way: Mapped[str | None] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(20))
    error: Mapped[str | None] = mapped_column(String(40))
    tries: Mapped[int] = mapped_column(default=0)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    taken_at: Mapped[datetime | None] = mapped_column(Instant)
    due_at: Mapped[datetime] = mapped_column(Instant)


class ListEntry(Model):
    """One line of an imported list, by its number in it: the person it stands for, or why there is none.

    Once the audience is frozen only the lines without a person are left, with nothing of what they said.
    """

    __tablename__ = "campaign_list_entry"
    __table_args__ = (UniqueConstraint("campaign_id", "position"),)

    id: Mapped[int] = id_column()
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    position: Mapped[int]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    identity_id: Mapped[int | None] = mapped_column(ForeignKey("identity.id"))
    miss: Mapped[str | None] = mapped_column(String(20))


class OptOut(Model):
    """Somebody who does not want to be written to by campaigns of an account."""

    __tablename__ = "campaign_opt_out"

    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"), primary_key=True)
    opted_out_at: Mapped[datetime] = mapped_column(Instant)


class Pace(Model):
    """When an account may send the next message of a campaign; locked by whoever takes a slot.

    Its lock also keeps two campaigns from counting one person's messages at the same moment.
    """

    __tablename__ = "campaign_pace"

    appid: Mapped[str] = mapped_column(String(32), primary_key=True)
    free_at: Mapped[datetime] = mapped_column(Instant)


class SendQuota(Model):
    """What the platform said is left today of an account's calls for a way; counted down between."""

    __tablename__ = "campaign_quota"

    appid: Mapped[str] = mapped_column(String(32), primary_key=True)
    way: Mapped[str] = mapped_column(String(20), primary_key=True)
    daily_limit: Mapped[int]
    remaining: Mapped[int]
    asked_at: Mapped[datetime] = mapped_column(Instant)
