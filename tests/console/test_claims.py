"""A customer who lost his WeChat: two of the store's people give his orders to a new one, and nobody else can."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from flows.sealed import vault
from members.claim_models import MemberClaim
from members.claims import is_lost
from members.joining import join_member, join_members, undo_link
from members.models import IdentityLink, LinkKind, Member
from members.operations import ensure_identity
from members.phone_joining import PROOF_COUNTS_FOR, prove_phone
from members.queries import member_ids_of
from orders.models import SalesOrder
from org.invites import bind_rep
from tests.console.conftest import Desks
from tests.console.desk import Desk
from tests.console.world import APPID, World
from tests.racing import race
from wx_backend import clock
from wx_backend.audit import AuditEntry
from wx_backend.db import db, transaction

PHONE = "13800138000"
REASON = "核对身份证与收货人一致"


def new_wechat(world: World, *, ago: timedelta = timedelta(days=1), name: str = "BobAnew") -> str:
    """The member's number of a WeChat that proved the phone of the southern order some time ago."""
    now = clock.now()
    with transaction():
        order = db.session.get_one(SalesOrder, world.southern.id)
        order.contact_phone_index = vault().index(PHONE)
        identity_id = ensure_identity(appid=APPID, openid=f"o{name}", now=now - ago)
        member_id = join_member(identity_id=identity_id, now=now - ago)
        prove_phone(member_id=member_id, phone=PHONE, vault=vault(), now=now - ago)
        return db.session.get_one(Member, member_id).number


def page_of(world: World) -> str:
    return f"/orders/{world.southern.number}/customer"


def claimed(desk: Desk, world: World, new: str = "") -> str:
    """Where a claim that this person has made is decided on."""
    answer = desk.post(page_of(world), new=new or new_wechat(world), reason=REASON)
    assert answer.status_code == 302, answer.text
    db.session.rollback()
    newest = select(MemberClaim.id).order_by(MemberClaim.id.desc())
    return f"/claims/{db.session.scalars(newest).first()}"


def persons(world: World, number: str) -> bool:
    """Whether Bob and that member are one person."""
    db.session.rollback()
    member_id = db.session.scalars(select(Member.id).where(Member.number == number)).one()
    return member_id in member_ids_of(world.bob.member_id)


def test_two_of_the_store_give_him_his_orders(desk_of: Desks, world: World) -> None:
    clerk, manager = desk_of("clerk"), desk_of("manager")
    assert "近 90 天内没有其他微信验证过" in clerk.get(page_of(world)).text
    new = new_wechat(world)
    assert page_of(world) in clerk.get(f"/orders/{world.southern.number}").text
    shown = clerk.get(page_of(world)).text
    assert new in shown
    assert clerk.post(page_of(world), new=new, reason="").status_code == 400
    path = claimed(clerk, world, new)
    assert clerk.post(f"{path}/approved").status_code == 403
    assert "须由另一位同事审批" in clerk.get(page_of(world)).text
    assert REASON in manager.get("/claims").text
    assert not persons(world, new)
    assert manager.post(f"{path}/rejected").status_code == 400
    assert manager.post(f"{path}/approved", note="已当面核对").status_code == 302
    assert persons(world, new)
    assert is_lost(world.bob.identity_id)
    assert "已同意" in manager.get(page_of(world)).text
    assert "没有等待审批的换绑" in manager.get("/claims").text
    db.session.rollback()
    entries = db.session.scalars(
        select(AuditEntry).where(AuditEntry.what.like("console.claims.%")).order_by(AuditEntry.id)
    ).all()
    assert [each.what for each in entries] == ["console.claims.ask", "console.claims.decide"]
    assert not [each for each in entries if REASON in str(each.changes)], "it could not be erased"


def test_whoever_asked_takes_it_back_and_nobody_claims_twice(desk_of: Desks, world: World) -> None:
    clerk, head = desk_of("clerk"), desk_of("head")
    new = new_wechat(world)
    path = claimed(clerk, world, new)
    again = head.post(page_of(world), new=new, reason=REASON)
    assert (again.status_code, "已有待审批的换绑或解除挂失申请" in again.text) == (409, True)
    assert head.post(f"{path}/withdraw").status_code == 403
    assert clerk.post(f"{path}/withdraw").status_code == 302
    assert "已撤回" in clerk.get(page_of(world)).text
    for late in ("withdraw", "approved"):
        assert head.post(f"{path}/{late}").status_code == 409
    assert not persons(world, new)
    assert claimed(head, world, new) != path


def test_only_a_wechat_that_proved_the_phone_lately(desk_of: Desks, world: World) -> None:
    clerk = desk_of("clerk")
    old = new_wechat(world, ago=PROOF_COUNTS_FOR + timedelta(days=1))
    assert old not in clerk.get(page_of(world)).text
    with transaction():
        bob, nora = (
            db.session.get_one(Member, each.member_id).number for each in (world.bob, world.nora)
        )
    for wrong in (old, bob, nora, "MB0"):
        answer = clerk.post(page_of(world), new=wrong, reason=REASON)
        assert (answer.status_code, "90 天内验证过" in answer.text) == (409, True), wrong
    db.session.rollback()
    assert db.session.scalars(select(MemberClaim)).all() == []


def test_what_held_when_it_was_asked_has_to_hold_still(desk_of: Desks, world: World) -> None:
    """Meanwhile the new WeChat became a rep's, or its proof grew too old: nobody gets at anything by it."""
    clerk, manager = desk_of("clerk"), desk_of("manager")
    new = new_wechat(world)
    path = claimed(clerk, world, new)
    with transaction():
        member = db.session.scalars(select(Member).where(Member.number == new)).one()
        member_id, proven_at = member.id, member.phone_proven_at
        member.phone_proven_at = clock.now() - PROOF_COUNTS_FOR
    assert manager.post(f"{path}/approved").status_code == 409
    with transaction():
        db.session.get_one(Member, member_id).phone_proven_at = proven_at
        bind_rep(rep_id=world.alice_id, member_id=member_id, now=clock.now())
    assert manager.post(f"{path}/approved").status_code == 409
    assert not persons(world, new)
    assert manager.post(f"{path}/rejected", note="是员工的微信").status_code == 302


def test_two_who_were_parted_are_not_said_to_be_one(desk_of: Desks, world: World) -> None:
    """A link that was undone is never made again: agreeing to it is refused, and changes nothing."""
    clerk, manager = desk_of("clerk"), desk_of("manager")
    new = new_wechat(world)
    with transaction() as session:
        new_id = session.scalars(select(Member.id).where(Member.number == new)).one()
        first = min(new_id, world.bob.member_id)
        join_members(
            {new_id, world.bob.member_id}, into=first, kind=LinkKind.PHONE, now=clock.now()
        )
        joined = select(IdentityLink.id).where(
            IdentityLink.member_id == first, IdentityLink.kind == LinkKind.PHONE
        )
        undo_link(link_id=session.scalars(joined).one(), now=clock.now())
    path = claimed(clerk, world, new)
    assert manager.post(f"{path}/approved").status_code == 409
    assert not persons(world, new)
    assert not is_lost(world.bob.identity_id)
    assert db.session.scalars(select(MemberClaim.verdict)).all() == [None]
    assert manager.post(f"{path}/rejected", note="曾被分开").status_code == 302


def test_another_place_sees_and_decides_nothing(desk_of: Desks, world: World) -> None:
    north = desk_of("north")
    path = claimed(desk_of("clerk"), world)
    assert north.get(page_of(world)).status_code == 404
    assert north.post(page_of(world), new="x", reason=REASON).status_code == 404
    assert world.southern.number not in north.get("/claims").text
    for act in ("approved", "withdraw"):
        assert north.post(f"{path}/{act}").status_code == 404
    assert desk_of("finance").get("/claims").status_code == 403
    assert desk_of("marketer").get(page_of(world)).status_code == 403


def test_of_many_at_one_moment_one_decides(app: Flask, desk_of: Desks, world: World) -> None:
    new = new_wechat(world)
    path = claimed(desk_of("clerk"), world, new)
    desks = [desk_of(login) for login in ("manager", "south", "city", "head")]
    tokens = [desk.token() for desk in desks]
    db.session.rollback()

    def decide(n: int) -> int:
        verdict = "approved" if n % 2 else "rejected"
        return desks[n].post(f"{path}/{verdict}", tokens[n], note="x").status_code

    assert sorted(race(app, decide, times=4)) == [302, 409, 409, 409]
    db.session.rollback()
    [row] = db.session.scalars(select(MemberClaim)).all()
    assert persons(world, new) is (row.verdict == "approved")
