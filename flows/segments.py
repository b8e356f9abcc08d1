"""From the conditions of a segment to the people of an account who fulfil them."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Select, SelectBase

from campaigns.segments import Segment
from catalog.queries import product_by_number, products_on_shelf
from catalog.terms import plans_by_months
from members.audience import Wanted, identities_of
from members.tags.queries import holders_of, names_of_tags
from orders.buyers import buyers, buyers_at, contracts_ending
from org.queries import is_within, under
from org.roster import holds_everything, rep_id_within, rep_ids, reps_hands
from referral.reach import reached_by, scanned_scene, scanned_since
from wx_backend.errors import BadInput


def meant(
    segment: Segment,
    *,
    appid: str,
    node_id: int,
    now: datetime,
    among: Collection[SelectBase] = (),
    is_account_wide: bool = False,
) -> Wanted:
    """Who of an account is meant, within the reach of a place and in each of `among`.

    `is_account_wide`: all who follow the account, whoever brought them. Raises BadInput.
    """
    require_tags(segment, appid)
    narrowed = [*_brought_by(segment, node_id), *_did(segment, now), *among]
    narrowed += [] if is_account_wide else _scope(node_id)
    narrowed += [holders_of(each) for each in segment.tags]
    without: list[SelectBase] = [holders_of(each) for each in segment.without_tags]
    bought = _buyers(segment, now)
    if segment.ordered == "never":
        without.append(bought)
    elif segment.ordered or segment.product_number or segment.shelf:
        narrowed.append(bought)
    return Wanted(
        appid=appid,
        among=narrowed,
        without=without,
        followed_since=_ago(segment.followed_days, now) if segment.followed_days else None,
        seen_since=_ago(segment.seen_days, now) if segment.seen_days else None,
        seen_before=_ago(segment.quiet_days, now) if segment.quiet_days else None,
        is_follower=is_account_wide,
    )


def require_tags(segment: Segment, appid: str) -> None:
    """Raises BadInput for a tag that is not of the account, or is gone.

    One that is gone excludes nobody any more: better nothing goes out than to whom it must not.
    """
    asked = {*segment.tags, *segment.without_tags}
    if len(names_of_tags(appid, asked)) < len(asked):
        raise BadInput("人群条件里的标签不属于该公众号或已被删除", fields=["tags"])


def _scope(node_id: int) -> list[SelectBase]:
    """Who belongs to a place: whoever its reps brought or who bought there. All, at the top."""
    if holds_everything(node_id):
        return []
    nodes = under(node_id)
    return [reached_by(rep_ids(nodes)).union(buyers_at(nodes))]


def _brought_by(segment: Segment, node_id: int) -> list[SelectBase]:
    found: list[SelectBase] = []
    if segment.rep_number:
        found.append(reached_by(rep_id_within(segment.rep_number, under(node_id))))
    if segment.outlet_id:
        if not is_within(segment.outlet_id, node_id):
            raise BadInput("没有这个单位", fields=["outlet_id"])
        found.append(reached_by(rep_ids(under(segment.outlet_id))))
    return found


def _did(segment: Segment, now: datetime) -> list[SelectBase]:
    """What somebody is or did, other than buying."""
    found: list[SelectBase] = []
    if segment.is_rep:
        found.append(identities_of(reps_hands()))
    if segment.scanned_days:
        found.append(scanned_since(_ago(segment.scanned_days, now)))
    if segment.scene:
        found.append(scanned_scene(segment.scene))
    if segment.plan_ends_days:
        until = now + timedelta(days=segment.plan_ends_days)
        found.append(contracts_ending(plans_by_months(), since=now, until=until))
    return found


def _buyers(segment: Segment, now: datetime) -> Select[int]:
    since = _ago(segment.ordered_days, now) if segment.ordered_days else None
    return buyers(since=since, product_ids=_products(segment))


def _products(segment: Segment) -> set[int] | None:
    """Of which products something must have been bought; None for any."""
    found: set[int] | None = None
    if segment.product_number:
        product = product_by_number(segment.product_number)
        if product is None:
            raise BadInput("没有这个商品", fields=["product_number"])
        found = {product.id}
    if segment.shelf:
        on_shelf = products_on_shelf(segment.shelf)
        found = on_shelf if found is None else found & on_shelf
    return found


def _ago(days: int, now: datetime) -> datetime:
    return now - timedelta(days=days)
