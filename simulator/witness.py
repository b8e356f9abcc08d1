"""The record of what truly happened on the platform, against which a database can be compared.

Kinds: `api.call`, `code.created`, `message.delivered`, `push.sent`, `push.lost`, `notice.sent`,
`payment`, `refund`, `transfer`, `billing.order`, `billing.receipt`, `billing.file`, `sms`.
"""

from fnmatch import fnmatchcase

from simulator.records import JSON
from simulator.world import World


def facts(world: World, *, since: int = 0, kind: str = "*", limit: int = 1000) -> list[JSON]:
    """Facts numbered above `since` whose kind matches the pattern, oldest first."""
    newest = world.counters.find("serial/fact")
    numbers = range(since + 1, (newest.count if newest else 0) + 1)
    later = (world.facts.find(str(number)) for number in numbers)
    found = (fact for fact in later if fact and fnmatchcase(fact.kind, kind))
    return [
        {"number": f.number, "at": f.at, "kind": f.kind, **f.what}
        for f, _ in zip(found, range(limit), strict=False)
    ]
