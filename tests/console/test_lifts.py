"""A WeChat reported lost is let in again by two of the store's people: found, or claimed by mistake."""

import re
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import select, update

from flows.sealed import vault
from flows.signing_in import signed_in_person
from flows.telling_claims import OF_VERDICT, TO_CUSTOMER, Said
from members import claims
from members.addresses import Address, book_of, save_address
from members.claim_models import ClaimKind, MemberClaim
from members.joining import join_member, join_members
from members.models import Identity, LinkKind, Member, PhoneJoin
from members.operations import ensure_identity
from members.phone_joining import prove_phone
from members.queries import member_ids_of, persons_of
from orders.models import SalesOrder
from templates_msg.models import Message
from templates_msg.operations import set_template
from tests.console.conftest import Desks
from tests.console.desk import Desk
from tests.console.test_claims import REASON, claimed, new_wechat, page_of, persons
from tests.console.world import APPID, Person, World, order
from tests.jobs import run_jobs
from tests.racing import race
from tests.rows import rows
from wx_backend import clock
from wx_backend.audit import AuditEntry
from wx_backend.db import db, transaction

PASSING = ("staff_session", "audit_entry")


def agreed_to(clerk: Desk, manager: Desk, world: World, new: str) -> str:
    """Where a claim is that both agreed to."""
    path = claimed(clerk, world, new)
    assert manager.post(f"{path}/approved").status_code == 302
    return path


def asked(desk: Desk, path: str, kind: str = "found") -> str:
    """Where it is decided whether what came of a claim is lifted."""
    answer = desk.post(f"{path}/lift", lift=kind, reason=REASON)
    assert answer.status_code == 302, answer.text
    db.session.rollback()
    return f"/claims/{db.session.scalars(select(MemberClaim.id).order_by(MemberClaim.id.desc())).first()}"


def member_of(number: str) -> int:
    db.session.rollback()
    return db.session.scalars(select(Member.id).where(Member.number == number)).one()


def identity_of(name: str) -> Identity:
    db.session.rollback()
    return db.session.scalars(select(Identity).where(Identity.openid == f"o{name}")).one()


def person_of(name: str) -> int:
    """The member that a WeChat is today."""
    found = identity_of(name).member_id
    assert found
    return found


def is_lost(identity_id: int) -> bool:
    db.session.rollback()
    return claims.is_lost(identity_id)


def is_in(identity_id: int, since: datetime) -> bool:
    """Whether a session that began then is good."""
    db.session.rollback()
    now = clock.now()
    return signed_in_person(identity_id=identity_id, signed_in_at=since, now=now) is not None


def test_one_that_was_found_is_let_in_again(desk_of: Desks, world: World) -> None:
    clerk, manager, before = desk_of("clerk"), desk_of("manager"), clock.now()
    new, bob = new_wechat(world), world.bob.identity_id
    assert "<h2>解除挂失</h2>" not in clerk.get(page_of(world)).text
    path = agreed_to(clerk, manager, world, new)
    assert f'action="/console{path}/lift"' in clerk.get(page_of(world)).text
    lift = asked(clerk, path)
    assert is_lost(bob)
    assert clerk.post(f"{lift}/approved").status_code == 403
    shown = manager.get("/claims").text
    assert ("找回，解除挂失" in shown, REASON in shown) == (True, True)
    assert manager.post(f"{lift}/approved").status_code == 302
    page = manager.get(page_of(world)).text
    assert "已解除挂失，原微信可重新登录" in page
    assert persons(world, new)
    assert not is_lost(bob)
    assert (is_in(bob, before), is_in(bob, clock.now())) == (False, True)
    again = clerk.post(f"{path}/lift", lift="found", reason=REASON)
    assert (again.status_code, "没有可解除的挂失" in again.text) == (409, True)
    entries = db.session.scalars(
        select(AuditEntry).where(AuditEntry.what.like("console.claims.%")).order_by(AuditEntry.id)
    ).all()
    assert [each.what.rpartition(".")[2] for each in entries] == ["ask", "decide", "lift", "decide"]
    assert not [each for each in entries if REASON in str(each.changes)], "it could not be erased"


def test_of_a_claim_that_was_wrong_both_are_parted(desk_of: Desks, world: World) -> None:
    """With the mini-program the new one signed in by since: its union id had joined it."""
    clerk, manager = desk_of("clerk"), desk_of("manager")
    new, bob = new_wechat(world), world.bob
    path, now = agreed_to(clerk, manager, world, new), clock.now()
    with transaction() as session:
        session.execute(update(Identity).where(Identity.openid == "oBobAnew").values(unionid="U1"))
        mini = ensure_identity(appid="wxmini", openid="oMini", unionid="U1", now=now)
        join_member(identity_id=mini, now=now)
    assert identity_of("Mini").member_id in member_ids_of(bob.member_id)
    lift = asked(clerk, path, "wrong")
    assert "换绑有误，分开" in manager.get(page_of(world)).text
    assert manager.post(f"{lift}/approved").status_code == 302
    assert "新微信不再看到该客户的订单" in manager.get(page_of(world)).text
    assert not persons(world, new)
    stranger = identity_of("Mini").member_id
    assert stranger == identity_of("BobAnew").member_id
    assert stranger not in persons_of({bob.member_id})
    assert not is_lost(bob.identity_id)
    assert is_in(bob.identity_id, clock.now())
    assert identity_of("Bob").member_id == bob.member_id
    assert clerk.post(f"{path}/lift", lift="wrong", reason=REASON).status_code == 409
    assert manager.post(f"{claimed(clerk, world, new)}/approved").status_code == 409


def test_one_found_first_can_be_parted_later(desk_of: Desks, world: World) -> None:
    clerk, manager, new = desk_of("clerk"), desk_of("manager"), new_wechat(world)
    path = agreed_to(clerk, manager, world, new)
    manager.post(f"{asked(clerk, path)}/approved")
    assert re.findall(r'name="lift" id="lift-(\w+)"', clerk.get(page_of(world)).text) == ["wrong"]
    assert manager.post(f"{asked(clerk, path, 'wrong')}/approved").status_code == 302
    assert not persons(world, new)


def test_who_is_one_by_a_union_id_as_well_is_not_parted(desk_of: Desks, world: World) -> None:
    clerk, manager, new = desk_of("clerk"), desk_of("manager"), new_wechat(world)
    path = agreed_to(clerk, manager, world, new)
    lift = asked(clerk, path, "wrong")
    with transaction() as session:
        same = Identity.openid.in_(("oBob", "oBobAnew"))
        session.execute(update(Identity).where(same).values(unionid="U1"))
    before = rows(but=PASSING)
    refused = manager.post(f"{lift}/approved")
    assert (refused.status_code, "不能分开" in refused.text) == (409, True)
    assert rows(but=PASSING) == before
    assert manager.post(f"{lift}/rejected", note="是同一人").status_code == 302
    assert persons(world, new)
    assert is_lost(world.bob.identity_id)


def test_what_another_claim_reported_stays_lost(desk_of: Desks, world: World) -> None:
    """He lost one after the other; the first one was found."""
    clerk, manager = desk_of("clerk"), desk_of("manager")
    first = agreed_to(clerk, manager, world, new_wechat(world))
    second = agreed_to(clerk, manager, world, new_wechat(world, name="BobThird"))
    assert manager.post(f"{asked(clerk, first)}/approved").status_code == 302
    assert not is_lost(world.bob.identity_id)
    assert is_lost(identity_of("BobAnew").id)
    assert manager.post(f"{asked(clerk, second)}/approved").status_code == 302
    assert not is_lost(identity_of("BobAnew").id)


def test_a_wrong_claim_is_lifted_after_what_was_built_upon_it(desk_of: Desks, world: World) -> None:
    """Whoever came by the second one would keep the customer's orders otherwise."""
    clerk, manager = desk_of("clerk"), desk_of("manager")
    first = agreed_to(clerk, manager, world, new_wechat(world))
    third = new_wechat(world, name="BobThird")
    second = agreed_to(clerk, manager, world, third)
    lift = asked(clerk, first, "wrong")
    before = rows(but=PASSING)
    refused = manager.post(f"{lift}/approved")
    assert (refused.status_code, "请先处理较晚的换绑" in refused.text) == (409, True)
    assert rows(but=PASSING) == before
    assert manager.post(f"{lift}/rejected", note="先处理之后的").status_code == 302
    for path in (second, first):
        assert manager.post(f"{asked(clerk, path, 'wrong')}/approved").status_code == 302
    db.session.rollback()
    assert member_of(third) not in persons_of({world.bob.member_id})


def test_whoever_asked_takes_it_back_and_one_thing_waits_at_a_time(
    desk_of: Desks, world: World
) -> None:
    clerk, head, manager = desk_of("clerk"), desk_of("head"), desk_of("manager")
    path = agreed_to(clerk, manager, world, new_wechat(world))
    lift = asked(clerk, path)
    for kind in ("found", "wrong"):
        assert head.post(f"{path}/lift", lift=kind, reason=REASON).status_code == 409
    third = new_wechat(world, name="BobThird")
    assert head.post(page_of(world), new=third, reason=REASON).status_code == 409
    assert head.post(f"{lift}/withdraw").status_code == 403
    assert clerk.post(f"{lift}/withdraw").status_code == 302
    for late in ("withdraw", "approved"):
        assert head.post(f"{lift}/{late}").status_code == 409
    assert is_lost(world.bob.identity_id)
    assert asked(head, path) != lift


@pytest.mark.parametrize(
    "form", [{"lift": "lost"}, {"lift": ""}, {"lift": "found", "reason": " "}, {"lift": "x"}]
)
def test_nonsense_is_refused(desk_of: Desks, world: World, form: dict[str, str]) -> None:
    path = agreed_to(desk_of("clerk"), desk_of("manager"), world, new_wechat(world))
    answer = desk_of("clerk").post(f"{path}/lift", **{"reason": REASON, **form})
    assert answer.status_code == 400
    assert len(db.session.scalars(select(MemberClaim.id)).all()) == 1


def test_what_lifted_nothing_is_no_claim_to_lift(desk_of: Desks, world: World) -> None:
    """Neither one that waits, nor one that was rejected, nor one that lifts another."""
    clerk, manager, new = desk_of("clerk"), desk_of("manager"), new_wechat(world)
    path = claimed(clerk, world, new)
    assert clerk.post(f"{path}/lift", lift="found", reason=REASON).status_code == 409
    manager.post(f"{path}/rejected", note="不符")
    assert clerk.post(f"{path}/lift", lift="found", reason=REASON).status_code == 409
    lift = asked(clerk, agreed_to(clerk, manager, world, new))
    manager.post(f"{lift}/approved")
    assert clerk.post(f"{lift}/lift", lift="wrong", reason=REASON).status_code == 409


def test_another_place_lifts_nothing(desk_of: Desks, world: World) -> None:
    north, clerk = desk_of("north"), desk_of("clerk")
    path = agreed_to(clerk, desk_of("manager"), world, new_wechat(world))
    assert north.post(f"{path}/lift", lift="found", reason=REASON).status_code == 404
    lift = asked(clerk, path)
    for act in ("approved", "withdraw"):
        assert north.post(f"{lift}/{act}").status_code == 404
    assert desk_of("finance").post(f"{path}/lift", lift="found", reason=REASON).status_code == 403
    assert is_lost(world.bob.identity_id)


def test_of_many_at_one_moment_one_ends_it(app: Flask, desk_of: Desks, world: World) -> None:
    clerk, manager, new = desk_of("clerk"), desk_of("manager"), new_wechat(world)
    lift = asked(clerk, agreed_to(clerk, manager, world, new), "wrong")
    desks = [desk_of("manager"), desk_of("clerk"), desk_of("south"), desk_of("head")]
    acts = ("approved", "withdraw", "approved", "rejected")
    tokens = [desk.token() for desk in desks]
    db.session.rollback()

    def end(n: int) -> int:
        return desks[n].post(f"{lift}/{acts[n]}", tokens[n], note="x").status_code

    assert sorted(race(app, end, times=4)) == [302, 409, 409, 409]
    db.session.rollback()
    [row] = db.session.scalars(select(MemberClaim).where(MemberClaim.kind == ClaimKind.WRONG)).all()
    assert persons(world, new) is (row.verdict != "approved")
    assert is_lost(world.bob.identity_id) is (row.verdict != "approved")


def test_the_new_wechat_is_told_of_what_was_agreed_to(desk_of: Desks, world: World) -> None:
    clerk, manager, new = desk_of("clerk"), desk_of("manager"), new_wechat(world)
    fields = {"number": "character_string1", "at": "time2"}
    with transaction():
        set_template(appid=APPID, purpose=TO_CUSTOMER, template_id="T-CHANGED", fields=fields)
    path = claimed(clerk, world, new)
    manager.post(f"{path}/rejected", note="不符")
    run_jobs()
    path = agreed_to(clerk, manager, world, new)
    run_jobs()
    manager.post(f"{asked(clerk, path)}/approved")
    run_jobs()
    new_id = identity_of("BobAnew").id
    [told] = db.session.scalars(select(Message).where(Message.purpose == TO_CUSTOMER)).all()
    assert (told.identity_id, told.template_id) == (new_id, "T-CHANGED")
    assert told.content["data"]["character_string1"] == world.southern.number
    assert told.content["url"].endswith("/orders")


def test_an_account_without_a_message_tells_nobody(desk_of: Desks, world: World) -> None:
    agreed_to(desk_of("clerk"), desk_of("manager"), world, new_wechat(world))
    run_jobs()
    db.session.rollback()
    assert db.session.scalars(select(Message).where(Message.purpose == TO_CUSTOMER)).all() == []


def test_who_was_refused_found_or_parted_hears_of_it(desk_of: Desks, world: World) -> None:
    """Of no order: whoever was refused, or parted, has nothing to do with it."""
    clerk, manager, new = desk_of("clerk"), desk_of("manager"), new_wechat(world)
    fields = {"result": "thing1", "at": "time2"}
    with transaction():
        set_template(appid=APPID, purpose=OF_VERDICT, template_id="T-DECIDED", fields=fields)
    manager.post(f"{claimed(clerk, world, new)}/rejected", note="不符")
    path = agreed_to(clerk, manager, world, new)
    manager.post(f"{asked(clerk, path)}/rejected", note="不是本人")
    manager.post(f"{asked(clerk, path)}/approved")
    manager.post(f"{asked(clerk, path, 'wrong')}/approved")
    run_jobs()
    anew = identity_of("BobAnew").id
    db.session.rollback()
    told = db.session.scalars(select(Message).where(Message.purpose == OF_VERDICT)).all()
    assert {(each.identity_id, each.content["data"]["thing1"]) for each in told} == {
        (anew, Said.REJECTED),
        (world.bob.identity_id, Said.LET_IN),
        (anew, Said.PARTED),
    }
    assert len(told) == 3
    assert not [each for each in told if world.southern.number in str(each.content)]


@pytest.mark.parametrize("name", ["Carl", "BobThird"])
def test_whom_the_claiming_wechat_let_in_is_parted_with_it(
    desk_of: Desks, world: World, name: str
) -> None:
    """Another of its owner's, known for longer than the customer or not, agreed to by a phone."""
    clerk, manager, new = desk_of("clerk"), desk_of("manager"), new_wechat(world)
    new_wechat(world, name=name)
    path = agreed_to(clerk, manager, world, new)
    own = let_in(world, name)
    today = identity_of("BobAnew").member_id or 0
    keep(Person(today, 0), street="of those who are not him")
    with transaction():
        prove_phone(member_id=today, phone="13900139000", vault=vault(), now=clock.now())
    in_between = [
        order(Person(row, identity_of(each).id), world.wares, world.tree.hall, f"submit-{each}")
        for each, row in (("BobAnew", world.bob.member_id), (name, own))
    ]
    assert manager.post(f"{asked(clerk, path, 'wrong')}/approved").status_code == 302
    db.session.rollback()
    assert book_of(member_ids_of(world.bob.member_id), vault()) == []
    assert db.session.get_one(Member, world.bob.member_id).phone is None
    assert db.session.scalars(select(PhoneJoin.joined_at)).all() == [None]
    assert identity_of("Bob").member_id == world.bob.member_id
    assert persons_of({world.bob.member_id}) == {world.bob.member_id}
    assert member_ids_of(world.bob.member_id) == {world.bob.member_id}
    assert (identity_of("BobAnew").member_id, identity_of(name).member_id) == (member_of(new), own)
    found = [db.session.get_one(SalesOrder, each).member_id for each in in_between]
    assert found == [member_of(new), own]


def test_whom_the_customer_let_in_himself_stays(desk_of: Desks, world: World) -> None:
    """His WeChat was found before: it was for him to say."""
    clerk, manager, new = desk_of("clerk"), desk_of("manager"), new_wechat(world)
    new_wechat(world, name="BobThird")
    path = agreed_to(clerk, manager, world, new)
    manager.post(f"{asked(clerk, path)}/approved")
    let_in(world, "BobThird")
    assert manager.post(f"{asked(clerk, path, 'wrong')}/approved").status_code == 302
    assert identity_of("BobThird").member_id == world.bob.member_id
    assert not persons(world, new)


def let_in(world: World, name: str) -> int:
    """The customer, or who is taken for him, is one with another WeChat; the row that one had."""
    own = identity_of(name).member_id
    assert own
    with transaction():
        both, now = persons_of({world.bob.member_id, own}), clock.now()
        join_members(both, into=min(both), kind=LinkKind.PHONE, now=now)
        db.session.add(
            PhoneJoin(
                first_id=min(both),
                second_id=max(both),
                asked_at=now,
                first_agreed_at=now,
                second_agreed_at=now,
                joined_at=now,
            )
        )
    return own


def test_the_page_says_what_was_given_back_and_what_nobody_can_tell(
    desk_of: Desks, world: World
) -> None:
    clerk, manager, new = desk_of("clerk"), desk_of("manager"), new_wechat(world)
    path = agreed_to(clerk, manager, world, new)
    anew = Person(world.bob.member_id, identity_of("BobAnew").id)
    in_between = order(anew, world.wares, world.tree.hall, "submit-2")
    keep(world.bob, street="1 号")
    manager.post(f"{asked(clerk, path)}/approved")
    keep(world.bob, street="2 号")
    manager.post(f"{asked(clerk, path, 'wrong')}/approved")
    page = manager.get(page_of(world)).text
    assert "1 个订单、1 个收货地址已移到实际使用的微信名下" in page
    assert page.count("收货地址（") == 1
    assert "无法判断由哪个微信留下" in page
    db.session.rollback()
    assert db.session.get_one(SalesOrder, in_between).member_id == member_of(new)
    assert db.session.get_one(SalesOrder, world.southern.id).member_id == world.bob.member_id


def keep(person: Person, *, street: str) -> None:
    """An address comes into the book of whoever a person is by now."""
    address = Address.typed(name="鲍勃", phone="13800138000", region="广东省 广州市", street=street)
    member_id, now = person.member_id, clock.now()
    with transaction():
        save_address(member_id=member_id, address=address, is_default=False, vault=vault(), now=now)
