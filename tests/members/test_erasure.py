"""Forgetting people: names go, what happened stays under a number that names nobody."""

import pytest
from sqlalchemy import select

from members.claim_models import ClaimVerdict, MemberClaim
from members.claims import claim, decide_claim
from members.consents import Answer, free_consents, record_consents
from members.erasure import erase_identity, erase_member, erase_profile
from members.joining import join_member
from members.models import FollowEvent, Identity, LinkKind, Member
from members.operations import ensure_identity, follow, unfollow
from members.phone_joining import join_by_phone, prove_phone
from members.queries import identity_of, members_by_phone
from members.vault import Vault
from members.visitors import link_visitor, new_visitor, visitor_of
from tests.members.cast import BOB, CITY, NOON, PROVINCE, SECOND, key
from wx_backend.config import Config
from wx_backend.db import db, transaction
from wx_backend.errors import NotFound

pytestmark = pytest.mark.usefixtures("app")

NEWS, PHONE = "template-news", "13800138000"


@pytest.fixture
def vault(config: Config) -> Vault:
    return Vault.of(config.privacy)


def follow_at(second: int) -> int:
    at = NOON + second * SECOND
    return follow(key=key(second), appid=CITY, openid=BOB, event_at=at, known_at=at)


def unfollow_at(second: int) -> int:
    at = NOON + second * SECOND
    return unfollow(key=key(second), appid=CITY, openid=BOB, event_at=at, known_at=at)


def agree_at(identity_id: int, second: int) -> None:
    at = NOON + second * SECOND
    record_consents(
        push_key=key(second),
        identity_id=identity_id,
        answers=[Answer(NEWS, True)],
        event_at=at,
        known_at=at,
    )


def test_who_leaves_is_forgotten_and_recognised_when_he_returns() -> None:
    with transaction():
        bob = follow_at(1)
        ensure_identity(appid=CITY, openid=BOB, unionid="uBob", now=NOON)
        agree_at(bob, 2)
        unfollow_at(3)
        erase_profile(identity_id=bob, until=NOON + 3 * SECOND)
        assert db.session.get_one(Identity, bob).unionid is None
        assert free_consents(bob, NEWS) == 0
        assert follow_at(4) == bob

    assert len(db.session.scalars(select(FollowEvent.id)).all()) == 3


def test_erasure_that_runs_late_spares_what_came_after_the_return() -> None:
    with transaction():
        bob = follow_at(1)
        unfollow_at(2)
        follow_at(3)
        agree_at(bob, 4)
        erase_profile(identity_id=bob, until=NOON + 2 * SECOND)

    assert free_consents(bob, NEWS) == 1


def test_closed_account_cannot_be_recognised_again() -> None:
    with transaction():
        bob = follow_at(1)
        agree_at(bob, 2)
        visitor_id, cookie = new_visitor(now=NOON)
        link_visitor(visitor_id=visitor_id, identity_id=bob, kind=LinkKind.OAUTH, now=NOON)
        erase_identity(identity_id=bob)

    assert identity_of(CITY, BOB) is None
    assert visitor_of(cookie) is None
    assert free_consents(bob, NEWS) == 0
    with transaction():
        assert follow_at(5) != bob


def test_person_is_forgotten_in_every_row_merged_into_him(vault: Vault) -> None:
    with transaction():
        first = ensure_identity(appid=CITY, openid=BOB, now=NOON)
        second = ensure_identity(appid=PROVINCE, openid=BOB, now=NOON)
        members = [join_member(identity_id=each, now=NOON) for each in (first, second)]
        for each in members:
            prove_phone(member_id=each, phone=PHONE, vault=vault, now=NOON)
            join_by_phone(
                member_id=each, has_rights=lambda _: False, has_things=lambda _: False, now=NOON
            )
    with transaction():
        for _ in range(2):
            erase_member(member_id=members[0], now=NOON + SECOND)

    rows = db.session.scalars(select(Member)).all()
    assert [row.erased_at for row in rows] == [NOON + SECOND] * 2
    assert not [row for row in rows if row.phone or row.phone_index or row.phone_proven_at]
    assert set(db.session.scalars(select(Identity.openid))) == {None}
    assert members_by_phone(vault.index(PHONE)) == set()


@pytest.mark.parametrize("which", [0, 1])
def test_what_staff_wrote_about_a_person_goes_with_him(which: int) -> None:
    """Whichever of the two was erased: it is about both."""
    with transaction() as session:
        both = [
            join_member(identity_id=ensure_identity(appid=each, openid=BOB, now=NOON), now=NOON)
            for each in (CITY, PROVINCE)
        ]
        asked = claim(
            order_number="OD1",
            old_id=both[0],
            new_id=both[1],
            reason="440106199001011234",
            actor="staff:1",
            now=NOON,
        )
        decide_claim(
            asked, verdict=ClaimVerdict.REJECTED, note="13800138000", actor="staff:2", now=NOON
        )
        other = claim(
            order_number="OD2",
            old_id=join_member(
                identity_id=ensure_identity(appid=CITY, openid="oEve", now=NOON), now=NOON
            ),
            new_id=both[1 - which],
            reason="her papers",
            actor="staff:1",
            now=NOON,
        )
        session.flush()
        kept = other.id
    with transaction():
        erase_member(member_id=both[which], now=NOON + SECOND)

    rows = db.session.scalars(select(MemberClaim).order_by(MemberClaim.id)).all()
    assert [(row.reason, row.note) for row in rows] == [("", ""), ("her papers", "")]
    assert [row.verdict for row in rows if row.id != kept] == ["rejected"]


def test_unknown_identity_is_refused() -> None:
    with transaction(), pytest.raises(NotFound):
        erase_identity(identity_id=404)
