"""Who was in contact with whose shares, for many people at once: what campaigns choose by."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select

from referral.models import Place, Share, SightingCount, Subject, Touch
from referral.queries import stands
from referral.values import DECIDING, OPENED, TouchKind
from wx_backend.db import db

REP_WINDOW = timedelta(days=30)
"""How far back somebody's rep is looked for: the policy's window. The policy decides anyhow."""
SCANS = (TouchKind.SCAN, TouchKind.SUBSCRIBE)


def reached_by(rep_ids: Select[int], *, since: datetime | None = None) -> Select[int | None]:
    """The identities that were in contact with what leads to some reps, to filter others by."""
    query = (
        select(Touch.identity_id)
        .join(Share, Share.id == Touch.share_id)
        .where(Share.root_rep_id.in_(rep_ids), Touch.identity_id.is_not(None), stands())
    )
    return query if since is None else query.where(Touch.event_at >= since)


def scanned_since(since: datetime) -> Select[int | None]:
    """The identities that scanned a code of ours since an instant, to filter others by."""
    return select(Touch.identity_id).where(
        Touch.kind.in_(SCANS), Touch.event_at >= since, Touch.identity_id.is_not(None)
    )


def scanned_scene(scene: str) -> Select[int | None]:
    """The identities that scanned a code of a scene, to filter those of an account by."""
    return select(Touch.identity_id).where(
        Touch.scene == scene, Touch.kind.in_(SCANS), Touch.identity_id.is_not(None)
    )


def latest_reps(identity_ids: Collection[int], *, since: datetime) -> dict[int, int]:
    """By whose link or code each person came last for certain, without what campaigns sent out.

    An order may be another's: protection is judged person by person (`flows.attribution`).
    """
    is_push = (Share.subject == Subject.CAMPAIGN) & (Share.place == Place.PUSH)
    rows = db.session.execute(
        select(Touch.identity_id, Share.root_rep_id)
        .join(Share, Share.id == Touch.share_id)
        .where(
            Touch.identity_id.in_(identity_ids),
            Touch.event_at >= since,
            Share.root_rep_id.is_not(None),
            Touch.certainty.in_(DECIDING),
            ~is_push,
            stands(),
        )
        .order_by(Touch.event_at, Touch.id)
    )
    return {who: rep_id for who, rep_id in rows if who is not None and rep_id is not None}


def campaign_shares(number: str) -> Select[int]:
    """The shares of a campaign and what was made of them, to filter others by."""
    return select(Share.id).where(Share.subject == Subject.CAMPAIGN, Share.subject_key == number)


def openers(number: str) -> Select[int | None]:
    """Whoever opened a campaign's link and is known, to filter others by."""
    return select(Touch.identity_id).where(
        Touch.share_id.in_(campaign_shares(number)), Touch.identity_id.is_not(None)
    )


def clickers(number: str, *, among: Select[int]) -> Select[int | None]:
    """Who of some people opened a campaign's link, to filter others by."""
    return select(Touch.identity_id).where(
        Touch.share_id.in_(campaign_shares(number)), Touch.identity_id.in_(among)
    )


def clicked_of(number: str, identity_ids: Collection[int]) -> set[int]:
    """Who of a few people opened a campaign's link."""
    rows = db.session.scalars(
        select(Touch.identity_id).where(
            Touch.share_id.in_(campaign_shares(number)), Touch.identity_id.in_(identity_ids)
        )
    )
    return {each for each in rows if each is not None}


def count_clicks(number: str, *, among: Select[int]) -> tuple[int, int, int]:
    """Of a campaign's link: people of `among` who opened it, all its openings, and bare looks."""
    mine = clickers(number, among=among).distinct().subquery()
    people = db.session.scalar(select(func.count()).select_from(mine))
    openings = db.session.scalar(
        select(func.count()).select_from(Touch).where(Touch.share_id.in_(campaign_shares(number)))
    )
    looks = db.session.scalar(
        select(func.sum(SightingCount.count)).where(
            SightingCount.share_id.in_(campaign_shares(number))
        )
    )
    return people or 0, openings or 0, looks or 0


def clicks_by_rep(number: str) -> dict[int | None, int]:
    """How many people opened a campaign's link, by the rep it leads to."""
    who = func.coalesce(Touch.identity_id, -Touch.visitor_id)
    rows = db.session.execute(
        select(Share.root_rep_id, func.count(who.distinct()))
        .join(Touch, Touch.share_id == Share.id)
        .where(Share.id.in_(campaign_shares(number)), Touch.kind.in_(OPENED))
        .group_by(Share.root_rep_id)
    )
    return {rep_id: count for rep_id, count in rows}  # noqa: C416 - rows are no pairs to dict()


def push_shares(number: str, rep_ids: Collection[int]) -> dict[int, int]:
    """The links of a campaign that lead to these reps, as far as they were made: share by rep."""
    rows = db.session.execute(
        select(Share.rep_id, Share.id).where(
            Share.subject == Subject.CAMPAIGN,
            Share.subject_key == number,
            Share.place == Place.PUSH,
            Share.parent_id.is_(None),
            Share.rep_id.in_(rep_ids),
        )
    )
    return {rep_id: share_id for rep_id, share_id in rows if rep_id is not None}
