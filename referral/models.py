"""Rows of attribution: shares, codes and their targets, touches, policies, decisions, receipts."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend.db import BigId, Instant, Model, id_column

PERMANENT_CODES = 100_000  # for ever, per account: the platform neither lists nor deletes them


class Place(StrEnum):
    """Where a share goes."""

    MOMENTS = "moments"
    CHAT = "chat"
    GROUP = "group"
    QQ = "qq"
    SMS = "sms"
    PRINT = "print"
    POSTER = "poster"
    PUSH = "push"
    """A campaign's link that we sent out ourselves."""
    COUNTER = "counter"
    """Nowhere: the rep served the customer at his counter."""
    IMPORTED = "imported"
    """Nowhere: a relation that an older system knew, brought in by a file."""


class Subject(StrEnum):
    """What is shared; `subject_key` beside it says which one (empty: the root rep's showroom)."""

    SHOWROOM = "showroom"
    PRODUCT = "product"
    CAMPAIGN = "campaign"


class CodeKind(StrEnum):
    OA_PERMANENT = "oa_permanent"
    OA_TEMPORARY = "oa_temporary"
    LEGACY = "legacy"


def is_push(subject: str, place: str) -> bool:
    """Whether a share of this is a link that we sent out for a campaign."""
    return subject == Subject.CAMPAIGN and place == Place.PUSH


class Share(Model):
    """One act of sharing. The root rep is the last employee on the path, stored at birth.

    Exactly one of rep, identity and outlet shared it; an outlet does so by a code on its counter.
    `parent_key` is the parent's id or 0.
    """

    __tablename__ = "share"
    __table_args__ = (
        UniqueConstraint("parent_key", "sharer_key", "subject", "subject_key", "place"),
        Index("ix_share_root_rep", "root_rep_id", "created_at"),
        CheckConstraint("depth >= 0", name="depth"),
    )

    id: Mapped[int] = id_column()
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("share.id"), index=True)
    parent_key: Mapped[int] = mapped_column(BigInteger)
    sharer_key: Mapped[str] = mapped_column(String(32))
    rep_id: Mapped[int | None] = mapped_column(ForeignKey("rep.id"))
    identity_id: Mapped[int | None] = mapped_column(ForeignKey("identity.id"))
    outlet_id: Mapped[int | None] = mapped_column(ForeignKey("org_node.id"))
    root_rep_id: Mapped[int | None] = mapped_column(ForeignKey("rep.id"))
    subject: Mapped[str] = mapped_column(String(12))
    subject_key: Mapped[str] = mapped_column(String(32), default="")
    place: Mapped[str] = mapped_column(String(10))
    depth: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(Instant)

    @property
    def is_push(self) -> bool:
        """Whether we sent this link out for a campaign; what a customer makes of it is his own."""
        return is_push(self.subject, self.place)


class Code(Model):
    """Something to scan or open: a scene of an account, or the slug of a link of ours."""

    __tablename__ = "code"
    __table_args__ = (
        UniqueConstraint("appid", "scene"),
        UniqueConstraint("slug"),
        CheckConstraint("(scene IS NULL) <> (slug IS NULL)", name="scene_or_slug"),
    )

    id: Mapped[int] = id_column()
    kind: Mapped[str] = mapped_column(String(16))
    appid: Mapped[str | None] = mapped_column(String(32))
    scene: Mapped[str | None] = mapped_column(String(64))
    slug: Mapped[str | None] = mapped_column(String(64))
    ticket: Mapped[str | None] = mapped_column(String(200))
    url: Mapped[str | None] = mapped_column(String(300))
    label: Mapped[str] = mapped_column(String(60), default="")
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)


class CodeTarget(Model):
    """What a code leads to from `valid_from` until the next target: re-pointing adds a row."""

    __tablename__ = "code_target"
    __table_args__ = (UniqueConstraint("code_id", "valid_from"),)

    id: Mapped[int] = id_column()
    code_id: Mapped[int] = mapped_column(ForeignKey("code.id"))
    share_id: Mapped[int] = mapped_column(ForeignKey("share.id"))
    valid_from: Mapped[datetime] = mapped_column(Instant)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))


class CodeBudget(Model):
    """The book of an account's permanent codes: they can be neither listed nor deleted."""

    __tablename__ = "code_budget"
    __table_args__ = (CheckConstraint("used >= 0 AND used <= capacity", name="capacity"),)

    appid: Mapped[str] = mapped_column(String(32), primary_key=True)
    capacity: Mapped[int]
    used: Mapped[int] = mapped_column(default=0)


class Touch(Model):
    """One contact of an identity or visitor with a share; written once, never changed.

    A scene nobody knows is kept too, without a share: it proves the contact, credits no one.
    """

    __tablename__ = "touch"
    __table_args__ = (
        UniqueConstraint("key"),
        Index("ix_touch_identity", "identity_id", "event_at"),
        Index("ix_touch_visitor", "visitor_id", "event_at"),
        # With all that counting and listing contacts asks for: the rows themselves are not read.
        Index("ix_touch_share", "share_id", "event_at", "kind", "identity_id"),
        Index(
            "ix_touch_scene",
            "scene",
            "identity_id",
            sqlite_where=text("scene IS NOT NULL"),
            postgresql_where=text("scene IS NOT NULL"),
        ),
        CheckConstraint("(identity_id IS NULL) <> (visitor_id IS NULL)", name="one_subject"),
    )

    id: Mapped[int] = id_column()
    key: Mapped[bytes] = mapped_column(LargeBinary(16))
    identity_id: Mapped[int | None] = mapped_column(ForeignKey("identity.id"))
    visitor_id: Mapped[int | None] = mapped_column(ForeignKey("visitor.id"))
    share_id: Mapped[int | None] = mapped_column(ForeignKey("share.id"))
    code_id: Mapped[int | None] = mapped_column(ForeignKey("code.id"))
    kind: Mapped[str] = mapped_column(String(16))
    certainty: Mapped[str] = mapped_column(String(12))
    scene: Mapped[str | None] = mapped_column(String(64))
    event_at: Mapped[datetime] = mapped_column(Instant)
    known_at: Mapped[datetime] = mapped_column(Instant)


class TouchWithdrawal(Model):
    """An imported touch that was taken back: it stays as it is, and decides nothing from then on."""

    __tablename__ = "touch_withdrawal"

    touch_id: Mapped[int] = mapped_column(ForeignKey("touch.id"), primary_key=True)
    withdrawn_at: Mapped[datetime] = mapped_column(Instant)


class LateLook(Model):
    """How far the touches have been looked through for what was learnt too late: one row, the last of them."""

    __tablename__ = "late_look"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)
    __audited__: ClassVar = None

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    touch_id: Mapped[int] = mapped_column(BigId)


class SightingCount(Model):
    """How often a share was seen without a touch: bare GETs, prefetches, previews, per day."""

    __tablename__ = "sighting_count"

    share_id: Mapped[int] = mapped_column(ForeignKey("share.id"), primary_key=True)
    business_on: Mapped[date] = mapped_column(Date, primary_key=True)
    kind: Mapped[str] = mapped_column(String(12), primary_key=True)
    count: Mapped[int] = mapped_column(default=0)


class ForgedCount(Model):
    """Forged tokens and foreign scenes per day, source and reason."""

    __tablename__ = "forged_count"

    business_on: Mapped[date] = mapped_column(Date, primary_key=True)
    source: Mapped[str] = mapped_column(String(16), primary_key=True)
    reason: Mapped[str] = mapped_column(String(24), primary_key=True)
    count: Mapped[int] = mapped_column(default=0)


class ForgedSample(Model):
    """What some of them looked like: at most 100 a day."""

    __tablename__ = "forged_sample"
    __table_args__ = (Index("ix_forged_sample_day", "business_on"),)

    id: Mapped[int] = id_column()
    business_on: Mapped[date] = mapped_column(Date)
    source: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(24))
    sample: Mapped[str] = mapped_column(String(80))
    known_at: Mapped[datetime] = mapped_column(Instant)


class PolicyVersion(Model):
    """The attribution policy from an instant on; versions are added, never edited."""

    __tablename__ = "policy_version"
    __table_args__ = (
        UniqueConstraint("valid_from"),
        Index("ix_policy_version_moment", "version", "valid_from", unique=True),
    )
    __audited__: ClassVar = ("version", "valid_from", "staff_id", "note")

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    settings: Mapped[dict[str, Any]] = mapped_column(JSON)
    valid_from: Mapped[datetime] = mapped_column(Instant)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    note: Mapped[str] = mapped_column(String(200), default="")


class PolicyCallOff(Model):
    """A version that somebody called off before it began: it stays as it is, and never decides.

    `valid_from` is the version's: the database holds `called_off_at` to be before it.
    """

    __tablename__ = "policy_call_off"
    __table_args__ = (
        CheckConstraint("called_off_at < valid_from", name="before_it_begins"),
        CheckConstraint("reason <> ''", name="with_a_reason"),
        ForeignKeyConstraint(
            ["version", "valid_from"], ["policy_version.version", "policy_version.valid_from"]
        ),
    )
    __audited__: ClassVar = ("version", "valid_from", "reason")

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    valid_from: Mapped[datetime] = mapped_column(Instant)
    reason: Mapped[str] = mapped_column(String(200))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    called_off_at: Mapped[datetime] = mapped_column(Instant)


class Attribution(Model):
    """Who is credited for one order line, by which touch and rule; a new version per revision."""

    __tablename__ = "attribution"
    __table_args__ = (
        UniqueConstraint("order_line_id", "version"),
        Index("ix_attribution_developer", "developer_rep_id", "decided_at"),
        Index("ix_attribution_share", "share_id"),
    )

    id: Mapped[int] = id_column()
    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_line.id"))
    version: Mapped[int]
    developer_rep_id: Mapped[int | None] = mapped_column(ForeignKey("rep.id"))
    acceptor_rep_id: Mapped[int | None] = mapped_column(ForeignKey("rep.id"))
    developer_bp: Mapped[int]
    acceptor_bp: Mapped[int]
    outlet_id: Mapped[int | None] = mapped_column(ForeignKey("org_node.id"))
    touch_id: Mapped[int | None] = mapped_column(ForeignKey("touch.id"))
    share_id: Mapped[int | None] = mapped_column(ForeignKey("share.id"))
    policy_version: Mapped[int] = mapped_column(ForeignKey("policy_version.version"))
    reason: Mapped[str] = mapped_column(String(40))
    decided_at: Mapped[datetime] = mapped_column(Instant)


class Receipt(Model):
    """The proof of one attribution: all touches, the rule, why this rep won and others lost.

    `body` is canonical JSON of ids, codes and instants. Once the clock process has chained it,
    `digest` covers it together with the digest of the receipt before it at `position` - 1.
    """

    __tablename__ = "receipt"
    __table_args__ = (
        UniqueConstraint("number"),
        UniqueConstraint("attribution_id"),
        UniqueConstraint("position"),
        CheckConstraint("(position IS NULL) = (digest IS NULL)", name="chained"),
    )

    id: Mapped[int] = id_column()
    number: Mapped[str] = mapped_column(String(32))
    attribution_id: Mapped[int] = mapped_column(ForeignKey("attribution.id"))
    body: Mapped[str] = mapped_column(Text)
    position: Mapped[int | None] = mapped_column(BigInteger)
    digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime] = mapped_column(Instant)


class Dispute(Model):
    """A touch that became known after payment, one that was not the buyer's, or a complaint, about one line.

    Who looked into it says what he came to; the line's attribution stays as it was written, and what is
    given to another rep stands beside it (`Reassignment`).
    """

    __tablename__ = "dispute"
    __table_args__ = (UniqueConstraint("order_line_id", "key"),)
    __audited__: ClassVar = ("order_line_id", "reason", "closed_at", "resolution")

    id: Mapped[int] = id_column()
    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_line.id"))
    key: Mapped[str] = mapped_column(String(40))
    touch_id: Mapped[int | None] = mapped_column(ForeignKey("touch.id"))
    reason: Mapped[str] = mapped_column(String(200))
    opened_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_by: Mapped[str | None] = mapped_column(String(40))
    resolution: Mapped[str | None] = mapped_column(String(200))
