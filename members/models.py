"""Rows about people: the member, his identities, follow history, visitors, links, consents, addresses, codes."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend.db import BigId, Instant, Model, id_column


class LinkKind(StrEnum):
    """How we learnt that two records are one person."""

    OAUTH = "oauth"
    UNIONID = "unionid"
    PHONE = "phone"
    FIRST_SEEN = "first_seen"


class FollowKind(StrEnum):
    FOLLOWED = "followed"
    UNFOLLOWED = "unfollowed"


class ConsentKind(StrEnum):
    """What a person said of a subscription notice, or that one consent was used up."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    USED = "used"


class Member(Model):
    """A person. The phone is encrypted; `phone_index` is a keyed digest to find it by."""

    __tablename__ = "member"
    __table_args__ = (UniqueConstraint("number"), Index("ix_member_phone", "phone_index"))

    id: Mapped[int] = id_column()
    number: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(40), default="")
    phone: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_index: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    phone_proven_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    erased_at: Mapped[datetime | None] = mapped_column(Instant)


class Identity(Model):
    """One person at one account: (appid, openid). Erasing nulls the openid, the id stays.

    `state_at` is the event time of the newest follow or unfollow seen, so that an older event
    arriving late never overwrites a newer one. Sessions from before `signed_out_at` are over; of a
    WeChat that was reported lost (`lost_at`) there are none, until that is lifted.
    `sync_id` is the last reading of the account's list of followers that had it.
    """

    __tablename__ = "identity"
    __table_args__ = (
        UniqueConstraint("appid", "openid"),
        Index("ix_identity_unionid", "unionid"),
        Index("ix_identity_member_id", "member_id"),
    )

    id: Mapped[int] = id_column()
    appid: Mapped[str] = mapped_column(String(32))
    openid: Mapped[str | None] = mapped_column(String(64))
    unionid: Mapped[str | None] = mapped_column(String(64))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    is_followed: Mapped[bool] = mapped_column(default=False)
    state_at: Mapped[datetime | None] = mapped_column(Instant)
    subscribe_scene: Mapped[str | None] = mapped_column(String(40))
    sync_id: Mapped[int | None] = mapped_column(BigId)
    seen_at: Mapped[datetime] = mapped_column(Instant)
    signed_out_at: Mapped[datetime | None] = mapped_column(Instant)
    lost_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)


class FollowEvent(Model):
    """One follow or unfollow; `key` is the push's, so a retry is the same row."""

    __tablename__ = "follow_event"
    __table_args__ = (
        UniqueConstraint("key"),
        Index("ix_follow_event_identity", "identity_id", "event_at"),
    )

    id: Mapped[int] = id_column()
    key: Mapped[bytes] = mapped_column(LargeBinary(16))
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))
    kind: Mapped[str] = mapped_column(String(10))
    event_at: Mapped[datetime] = mapped_column(Instant)
    known_at: Mapped[datetime] = mapped_column(Instant)


class Visitor(Model):
    """An anonymous browser, known by the digest of its cookie."""

    __tablename__ = "visitor"
    __table_args__ = (UniqueConstraint("digest"),)

    id: Mapped[int] = id_column()
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime] = mapped_column(Instant)


class IdentityLink(Model):
    """A dated statement that a visitor is an identity, or an identity a member.

    Undoing one dates it; nothing that pointed at either side is rewritten.
    """

    __tablename__ = "identity_link"
    __table_args__ = (
        CheckConstraint("(visitor_id IS NULL) <> (member_id IS NULL)", name="visitor_or_member"),
        UniqueConstraint("visitor_id", "identity_id"),
        Index("ix_identity_link_identity", "identity_id"),
    )

    id: Mapped[int] = id_column()
    visitor_id: Mapped[int | None] = mapped_column(ForeignKey("visitor.id"))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), index=True)
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))
    kind: Mapped[str] = mapped_column(String(12))
    linked_at: Mapped[datetime] = mapped_column(Instant)
    undone_at: Mapped[datetime | None] = mapped_column(Instant)


class Consent(Model):
    """One entry in the consent book: a yes, a no, or the use of a yes, for one template.

    `key` names what it came from (push key and position, or message id), so repeats are one row.
    """

    __tablename__ = "consent"
    __table_args__ = (
        UniqueConstraint("key"),
        Index("ix_consent_identity_template", "identity_id", "template_id", "event_at"),
    )

    id: Mapped[int] = id_column()
    key: Mapped[str] = mapped_column(String(64))
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))
    template_id: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(10))
    event_at: Mapped[datetime] = mapped_column(Instant)
    known_at: Mapped[datetime] = mapped_column(Instant)


class ConsentDelta(Model):
    """A person whose entries for a template changed; triggers add these in the same transaction.

    Each has an id of its own: what is noted while others are counted is counted after them.
    """

    __tablename__ = "consent_delta"
    __audited__: ClassVar = None

    id: Mapped[int] = id_column()
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))
    template_id: Mapped[str] = mapped_column(String(64))


class ConsentCount(Model):
    """What the book of a template has of one person; `people` is 1 with a yes that is free."""

    __tablename__ = "consent_count"
    __audited__: ClassVar = None

    identity_id: Mapped[int] = mapped_column(
        ForeignKey("identity.id"), primary_key=True, autoincrement=False
    )
    template_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    accepted: Mapped[int]
    refused: Mapped[int]
    used: Mapped[int]
    people: Mapped[int]


class ConsentBook(Model):
    """All of them together for an account: yeses, noes, uses, and people with a free yes left."""

    __tablename__ = "consent_book"
    __audited__: ClassVar = None

    appid: Mapped[str] = mapped_column(String(32), primary_key=True)
    template_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    accepted: Mapped[int] = mapped_column(BigInteger)
    refused: Mapped[int] = mapped_column(BigInteger)
    used: Mapped[int] = mapped_column(BigInteger)
    people: Mapped[int] = mapped_column(BigInteger)


class MemberAddress(Model):
    """One address of a member's book: who receives, his phone, where; sealed together.

    `number` is what its place is made of, known before the row has an id. `digest` is a keyed
    digest of the content, so that the same address is kept once. At most one is the default.
    """

    __tablename__ = "member_address"
    __table_args__ = (
        UniqueConstraint("number"),
        UniqueConstraint("member_id", "digest"),
        Index(
            "uq_member_address_default",
            "member_id",
            unique=True,
            sqlite_where=text("is_default"),
            postgresql_where=text("is_default"),
        ),
    )

    id: Mapped[int] = id_column()
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    number: Mapped[str] = mapped_column(String(32))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[bytes] = mapped_column(LargeBinary(16))
    is_default: Mapped[bool] = mapped_column(default=False)
    saved_at: Mapped[datetime] = mapped_column(Instant)


class PhoneJoin(Model):
    """Two persons who proved one phone: who of them has agreed to be one customer, and what became of it.

    `first_id` and `second_id` are the members they were when it came up.
    """

    __tablename__ = "phone_join"
    __table_args__ = (
        UniqueConstraint("first_id", "second_id"),
        CheckConstraint("first_id < second_id", name="order"),
        CheckConstraint(
            "joined_at IS NULL OR (first_agreed_at IS NOT NULL AND second_agreed_at IS NOT NULL"
            " AND refused_at IS NULL)",
            name="agreed",
        ),
    )

    id: Mapped[int] = id_column()
    first_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    second_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    asked_at: Mapped[datetime] = mapped_column(Instant)
    first_agreed_at: Mapped[datetime | None] = mapped_column(Instant)
    second_agreed_at: Mapped[datetime | None] = mapped_column(Instant)
    refused_at: Mapped[datetime | None] = mapped_column(Instant)
    joined_at: Mapped[datetime | None] = mapped_column(Instant)


class PhoneCode(Model):
    """A one-time code sent to a phone, for one member to prove that he holds it.

    Neither is kept in the clear: the phone by the digest it is found by, the code by a keyed
    digest bound to `nonce`, member and phone. `tries` counts the guesses, `used_at` ends it.
    """

    __tablename__ = "phone_code"
    __table_args__ = (
        Index("ix_phone_code_phone", "phone_index", "sent_at"),
        Index("ix_phone_code_member", "member_id", "sent_at"),
        CheckConstraint("tries BETWEEN 0 AND 5", name="tries"),
    )

    id: Mapped[int] = id_column()
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    phone_index: Mapped[bytes] = mapped_column(LargeBinary(16))
    nonce: Mapped[bytes] = mapped_column(LargeBinary(16))
    digest: Mapped[bytes] = mapped_column(LargeBinary(16))
    tries: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)
