"""Reading menus and automatic replies of an account."""

from collections.abc import Sequence

from sqlalchemy import select

from menus.defaults import DEFAULT_RULES
from menus.models import (
    Adoption,
    EditionStatus,
    MenuEdition,
    MenuLook,
    ReplyBook,
    ReplyRule,
)
from menus.rules import ReplyKind, Rule, Trigger
from menus.whole import AccountMenu
from wx_backend.db import db

HISTORY_SHOWN = 50


def reply_rules(appid: str) -> list[Rule]:
    """The rules of an account that answer: its own, and the defaults for whatever it leaves out."""
    own = [rule for row in own_rules(appid) if row.is_active and is_ready(rule := as_rule(row))]
    taken = {(rule.trigger, rule.match) for rule in own}
    return own + [rule for rule in DEFAULT_RULES if (rule.trigger, rule.match) not in taken]


def own_rules(appid: str) -> Sequence[ReplyRule]:
    """The rules an account has of its own, also those switched off, in the order they are asked."""
    return db.session.scalars(
        select(ReplyRule).where(ReplyRule.appid == appid).order_by(ReplyRule.position, ReplyRule.id)
    ).all()


def is_ready(rule: Rule) -> bool:
    """Whether a rule can answer: a picture must have got to WeChat first."""
    return rule.kind is not ReplyKind.IMAGE or bool(rule.content.get("media_id"))


def as_rule(row: ReplyRule) -> Rule:
    """A rule's values."""
    return Rule(
        Trigger(row.trigger),
        row.match,
        ReplyKind(row.kind),
        row.content,
        row.position,
        row.is_active,
    )


def rules_revision(appid: str) -> int:
    """Which state of an account's rules this is; it moves with every change."""
    query = select(ReplyBook.revision).where(ReplyBook.appid == appid)
    return db.session.scalar(query) or 0


def draft_of(appid: str) -> MenuEdition | None:
    """The draft of an account."""
    return _edition(appid, EditionStatus.DRAFT)


def publication_of(appid: str) -> MenuEdition | None:
    """What is being published now."""
    return _edition(appid, EditionStatus.PUBLISHING)


def published_edition(appid: str) -> MenuEdition | None:
    """What was published last."""
    return db.session.scalar(
        select(MenuEdition)
        .where(MenuEdition.appid == appid, MenuEdition.status == EditionStatus.PUBLISHED)
        .order_by(MenuEdition.published_at.desc(), MenuEdition.id.desc())
        .limit(1)
    )


def editions(appid: str) -> Sequence[MenuEdition]:
    """What was published or tried, the newest first."""
    return db.session.scalars(
        select(MenuEdition)
        .where(
            MenuEdition.appid == appid,
            MenuEdition.status.not_in([EditionStatus.DRAFT, EditionStatus.DROPPED]),
        )
        .order_by(MenuEdition.number.desc())
        .limit(HISTORY_SHOWN)
    ).all()


def edition_of(appid: str, number: int) -> MenuEdition | None:
    """One edition of an account."""
    return db.session.scalar(
        select(MenuEdition).where(MenuEdition.appid == appid, MenuEdition.number == number)
    )


def look_of(appid: str) -> MenuLook | None:
    """What the platform was last seen to show, or is being asked for."""
    return db.session.scalar(select(MenuLook).where(MenuLook.appid == appid))


def adoption_of(appid: str) -> Adoption | None:
    """What was taken over from an account, once it was."""
    return db.session.scalar(select(Adoption).where(Adoption.appid == appid))


def tags_in_menus(appid: str) -> set[str]:
    """The tags, by name, that the menus of an account are for: as published, being published, or drafted."""
    editions = (draft_of(appid), publication_of(appid), published_edition(appid))
    menus = [AccountMenu.from_json(each.content) for each in editions if each is not None]
    return {each.tag for menu in menus for each in menu.personal if each.tag}


def _edition(appid: str, status: EditionStatus) -> MenuEdition | None:
    return db.session.scalar(
        select(MenuEdition).where(MenuEdition.appid == appid, MenuEdition.status == status)
    )
