"""Rows of the organisation: the tree, reps and their operator identities, bindings, staff."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend.db import Instant, Model, id_column


class Tier(StrEnum):
    GROUP = "group"
    PROVINCE = "province"
    CITY = "city"
    OUTLET = "outlet"


class ChannelClass(StrEnum):
    """What kind of channel sells; policy, price and commission may differ by it."""

    OWN_HALL = "own_hall"
    FRANCHISE = "franchise"
    PARTNER = "partner"
    ONLINE_TEAM = "online_team"


class RepStatus(StrEnum):
    ACTIVE = "active"
    DISABLED = "disabled"
    LEFT = "left"


class Role(StrEnum):
    """What a staff member may do; where, is the subtree of his node."""

    ADMINISTRATOR = "administrator"
    MANAGER = "manager"
    MARKETER = "marketer"
    FINANCE = "finance"
    CLERK = "clerk"


class OrgNode(Model):
    """One place in the tree group / province / city / outlet; outlets carry hours and address."""

    __tablename__ = "org_node"
    __table_args__ = (UniqueConstraint("code"),)
    __audited__: ClassVar = ("tier", "code", "name", "parent_id", "address", "phone", "closed_on")

    id: Mapped[int] = id_column()
    tier: Mapped[str] = mapped_column(String(10))
    code: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(60))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("org_node.id"), index=True)
    address: Mapped[str | None] = mapped_column(String(200))
    phone: Mapped[str | None] = mapped_column(String(30))
    opening_hours: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    closed_on: Mapped[date | None] = mapped_column(Date)


class OrgPath(Model):
    """Closure of the tree: every node with each of its ancestors, itself at depth 0."""

    __tablename__ = "org_path"

    ancestor_id: Mapped[int] = mapped_column(ForeignKey("org_node.id"), primary_key=True)
    descendant_id: Mapped[int] = mapped_column(
        ForeignKey("org_node.id"), primary_key=True, index=True
    )
    depth: Mapped[int]


class Rep(Model):
    """A sales person of one outlet; who leaves names an heir (a rep, or else the outlet's pool)."""

    __tablename__ = "rep"
    __table_args__ = (UniqueConstraint("number"),)
    __audited__: ClassVar = ("number", "outlet_id", "channel_class", "status", "heir_id")

    id: Mapped[int] = id_column()
    number: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(40), default="")
    greeting: Mapped[str] = mapped_column(String(120), default="")
    outlet_id: Mapped[int] = mapped_column(ForeignKey("org_node.id"), index=True)
    channel_class: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(10), default=RepStatus.ACTIVE)
    joined_on: Mapped[date] = mapped_column(Date)
    left_at: Mapped[datetime | None] = mapped_column(Instant)
    heir_id: Mapped[int | None] = mapped_column(ForeignKey("rep.id"))


class OperatorIdentity(Model):
    """The codes the operator's billing system knows a rep by, for a span of days.

    `valid_until` is exclusive; two spans of one rep never overlap.
    """

    __tablename__ = "operator_identity"
    __table_args__ = (
        UniqueConstraint("rep_id", "valid_from"),
        CheckConstraint("valid_until IS NULL OR valid_until > valid_from", name="span"),
    )
    __audited__: ClassVar = (
        *("rep_id", "developer_code", "channel_code", "staff_number"),
        *("valid_from", "valid_until"),
    )

    id: Mapped[int] = id_column()
    rep_id: Mapped[int] = mapped_column(ForeignKey("rep.id"))
    developer_code: Mapped[str] = mapped_column(String(32))
    channel_code: Mapped[str] = mapped_column(String(32))
    staff_number: Mapped[str] = mapped_column(String(32))
    valid_from: Mapped[date] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)


class Invite(Model):
    """A one-time code by which a WeChat person becomes a rep's hands; only its digest is kept."""

    __tablename__ = "invite"
    __table_args__ = (UniqueConstraint("digest"),)

    id: Mapped[int] = id_column()
    rep_id: Mapped[int] = mapped_column(ForeignKey("rep.id"), index=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)
    failed_tries: Mapped[int] = mapped_column(default=0)


class RepBinding(Model):
    """Which person is which rep, and when; at most one open binding per rep and per member."""

    __tablename__ = "rep_binding"
    __table_args__ = (
        Index(
            "uq_rep_binding_open_rep",
            "rep_id",
            unique=True,
            sqlite_where=text("unbound_at IS NULL"),
            postgresql_where=text("unbound_at IS NULL"),
        ),
        Index(
            "uq_rep_binding_open_member",
            "member_id",
            unique=True,
            sqlite_where=text("unbound_at IS NULL"),
            postgresql_where=text("unbound_at IS NULL"),
        ),
    )

    id: Mapped[int] = id_column()
    rep_id: Mapped[int] = mapped_column(ForeignKey("rep.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    bound_at: Mapped[datetime] = mapped_column(Instant)
    unbound_at: Mapped[datetime | None] = mapped_column(Instant)


class Staff(Model):
    """A console user: one role, in force for the subtree of one node."""

    __tablename__ = "staff"
    __table_args__ = (UniqueConstraint("login"),)
    __audited__: ClassVar = ("login", "role", "node_id", "is_active", "must_change_password")

    id: Mapped[int] = id_column()
    login: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(40))
    password_hash: Mapped[str] = mapped_column(String(300))
    role: Mapped[str] = mapped_column(String(20))
    node_id: Mapped[int] = mapped_column(ForeignKey("org_node.id"))
    is_active: Mapped[bool] = mapped_column(default=True)
    failed_logins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None] = mapped_column(Instant)
    must_change_password: Mapped[bool] = mapped_column(default=False)


class StaffSession(Model):
    """One signed-in browser of a staff member; ended by logout, by time or by somebody else.

    `address` and `agent` are what it said of itself when it signed in.
    """

    __tablename__ = "staff_session"
    __table_args__ = (UniqueConstraint("digest"),)

    id: Mapped[int] = id_column()
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    address: Mapped[str] = mapped_column(String(45), default="")
    agent: Mapped[str] = mapped_column(String(200), default="")


class StaffFactor(Model):
    """A staff member's authenticator: its secret (sealed), and the last time step it was used at.

    It counts from `confirmed_at` on, when he showed that his phone has it.
    """

    __tablename__ = "staff_factor"
    __table_args__ = (UniqueConstraint("staff_id"),)

    id: Mapped[int] = id_column()
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)


class RecoveryCode(Model):
    """What lets a staff member in once without his phone; only a slow digest is kept."""

    __tablename__ = "recovery_code"
    __table_args__ = (UniqueConstraint("staff_id", "digest"),)

    id: Mapped[int] = id_column()
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    used_at: Mapped[datetime | None] = mapped_column(Instant)
