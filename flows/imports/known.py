"""What is there already, as far as the lines of a file have to know."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from flows.accounts import accounts_within
from flows.imports import legacy
from flows.imports.lines import Known, Line
from members.audience import known_openids
from members.importing import members_among
from org import importing
from org.import_models import ImportKind
from org.models import Tier
from org.places import open_places
from org.queries import under
from org.roster import active_reps
from referral.importing import imported_pairs, taken_scenes, taken_slugs
from wx_backend.clock import business_on


def known(kind: ImportKind, lines: Sequence[Line], node_id: int, now: datetime) -> Known:
    """What is there in somebody's part of the organisation."""
    outlets = open_places(node_id, [Tier.OUTLET])
    parents = open_places(node_id, [Tier.GROUP, Tier.PROVINCE, Tier.CITY])
    found = Known(
        outlets=frozenset(each.code for each in outlets),
        parents=frozenset(each.code for each in parents),
        places=importing.all_codes(),
        names=importing.names_in(under(node_id)),
        developers=importing.developer_codes(business_on(now)),
        today=business_on(now),
    )
    if kind in {ImportKind.REPS, ImportKind.OUTLETS}:
        return found
    reps = {each.number: each.id for each in active_reps(under(node_id))}
    found = replace(found, accounts=accounts_by_name(node_id), reps=frozenset(reps))
    if kind is ImportKind.CODES:
        return replace(found, aliases=_aliases(lines))
    if kind is ImportKind.MEMBERS:
        return replace(found, members=_members(lines, found.accounts))
    return replace(found, bindings=_bindings(lines, found.accounts, reps))


def accounts_by_name(node_id: int) -> dict[str, str]:
    """The AppIDs of somebody's accounts, by name, title and AppID."""
    names = {
        name: each.appid
        for each in accounts_within(node_id)
        for name in (each.name, each.title, each.appid)
    }
    return legacy.by_name(names)


def _aliases(lines: Sequence[Line]) -> frozenset[tuple[str, str]]:
    codes = {line.cells.get("旧码", "") for line in lines}
    return frozenset(("", slug) for slug in taken_slugs(codes)) | taken_scenes(codes)


def _members(lines: Sequence[Line], accounts: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    openids = {line.cells.get("OpenID", "") for line in lines}
    return frozenset(
        (appid, openid)
        for appid in set(accounts.values())
        for openid in members_among(appid, openids)
    )


def _bindings(
    lines: Sequence[Line], accounts: Mapping[str, str], reps: Mapping[str, int]
) -> frozenset[tuple[str, str, str]]:
    """The relations of the file that were imported before."""
    openids = {line.cells.get("OpenID", "") for line in lines}
    named = {number for line in lines if (number := line.cells.get("员工编号", "")) in reps}
    numbers = {reps[number]: number for number in named}
    found: set[tuple[str, str, str]] = set()
    for appid in set(accounts.values()):
        people = {who: openid for openid, who in known_openids(appid, openids).items()}
        pairs = imported_pairs([*people], [*numbers])
        found |= {(appid, people[who], numbers[rep_id]) for who, rep_id in pairs}
    return frozenset(found)
