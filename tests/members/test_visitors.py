"""Anonymous browsers and whose they turn out to be."""

import pytest
from sqlalchemy import select

from members.joining import undo_link
from members.models import IdentityLink, LinkKind, Visitor
from members.operations import ensure_identity
from members.queries import subjects_of_identity
from members.visitors import link_visitor, new_visitor, visitor_of
from tests.members.cast import ALICE, BOB, CITY, NOON, PROVINCE
from wx_backend.db import db, transaction
from wx_backend.errors import NotFound

pytestmark = pytest.mark.usefixtures("app")


def link(visitor_id: int, identity_id: int) -> bool:
    return link_visitor(
        visitor_id=visitor_id, identity_id=identity_id, kind=LinkKind.OAUTH, now=NOON
    )


def test_cookie_finds_its_visitor_and_is_not_stored() -> None:
    with transaction():
        visitor_id, cookie = new_visitor(now=NOON)
        other_id, other = new_visitor(now=NOON)

    assert (visitor_of(cookie), visitor_of(other)) == (visitor_id, other_id)
    assert cookie.encode() not in db.session.scalars(select(Visitor.digest)).all()


@pytest.mark.parametrize("cookie", ["", "x" * 22, "x" * 5000, "好" * 22])
def test_foreign_cookie_is_nobody(cookie: str) -> None:
    assert visitor_of(cookie) is None


def test_linking_twice_is_one_link() -> None:
    with transaction():
        visitor_id, _ = new_visitor(now=NOON)
        bob = ensure_identity(appid=CITY, openid=BOB, now=NOON)
        assert link(visitor_id, bob)
        assert link(visitor_id, bob)

    assert len(db.session.scalars(select(IdentityLink.id)).all()) == 1


def test_shared_phone_needs_a_second_visitor() -> None:
    with transaction():
        visitor_id, _ = new_visitor(now=NOON)
        bob = ensure_identity(appid=CITY, openid=BOB, now=NOON)
        alice = ensure_identity(appid=CITY, openid=ALICE, now=NOON)
        assert link(visitor_id, bob)
        assert not link(visitor_id, alice)

    assert subjects_of_identity(alice).visitor_ids == frozenset()


def test_one_browser_serves_one_person_at_two_accounts() -> None:
    with transaction():
        visitor_id, _ = new_visitor(now=NOON)
        for appid in (CITY, PROVINCE):
            assert link(visitor_id, ensure_identity(appid=appid, openid=BOB, now=NOON))


def test_undone_link_stays_undone() -> None:
    with transaction():
        visitor_id, _ = new_visitor(now=NOON)
        bob = ensure_identity(appid=CITY, openid=BOB, now=NOON)
        link(visitor_id, bob)
        undo_link(link_id=db.session.scalars(select(IdentityLink.id)).one(), now=NOON)
        assert not link(visitor_id, bob)

    assert subjects_of_identity(bob).visitor_ids == frozenset()


def test_unknown_visitor_or_identity_is_refused() -> None:
    with transaction():
        visitor_id, _ = new_visitor(now=NOON)
        bob = ensure_identity(appid=CITY, openid=BOB, now=NOON)
        with pytest.raises(NotFound):
            link(404, bob)
        with pytest.raises(NotFound):
            link(visitor_id, 404)
