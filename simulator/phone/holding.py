"""Who holds the phone.

One browser plays everybody's phone, and a web page knows its visitor by cookies, which belong to a
host whatever the port. So a phone that is laid aside takes the web view's cookies of this host
along, and gets them back when it is picked up again.
"""

from collections.abc import Mapping

from flask import Response, request

from simulator.authorize import PERSON_COOKIE
from simulator.phone_records import Jar
from simulator.records import Person
from simulator.world import World

_YEAR = 365 * 86_400


def holder(world: World) -> Person | None:
    """The person whose phone this browser plays; None before somebody was chosen."""
    return world.people.find(request.cookies.get(PERSON_COOKIE, ""))


def pick_up(world: World, name: str, response: Response) -> Response:
    """Let the browser play this person's phone; raises Refused when there is nobody of that name."""
    person, before = world.person(name), holder(world)
    if before and before.name != person.name:
        cookies = {n: v for n, v in request.cookies.items() if n != PERSON_COOKIE}
        world.jars.save(Jar(before.name, cookies))
        mine = world.jars.find(person.name)
        _exchange(response, cookies, mine.cookies if mine else {})
    response.set_cookie(PERSON_COOKIE, person.name, max_age=_YEAR, samesite="Lax")
    return response


def _exchange(response: Response, old: Mapping[str, str], new: Mapping[str, str]) -> None:
    for name in old.keys() - new.keys():
        response.delete_cookie(name)
    for name, value in new.items():
        response.set_cookie(name, value, max_age=_YEAR, httponly=True, samesite="Lax")
