"""Who is a rep sees the reps' menu, for as long as he is one."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from flows.binding import bind_by_invitation, unbind_person
from flows.menus.publishing import begin_with
from flows.rep_desk import pause_rep, rep_leaves, resume_rep
from flows.tags.applying import something_happened_to_member
from flows.tags.telling import tell_due
from members.joining import join_member
from members.operations import follow
from members.queries import identity_at
from members.tags.models import TagPhase, TagSync
from menus.tree import Button
from menus.whole import REP_TAG, AccountMenu, Personal
from org.invites import bind_rep, create_invite
from org.queries import rep_card
from tests.flows.menus.conftest import CITY
from tests.flows.tags.tagging import (
    UNTAGGING,
    at_wechat,
    calls,
    later,
    latest,
    tagged,
    time_stands_still,
    told,
)
from tests.org.cast import Tree, hire, plant
from tests.simulator.stage import Stage
from wx_backend import clock
from wx_backend.db import transaction
from wx_backend.platform import client

SHOP = Button(name="商城", type="view", url="https://shop.example/")
SALES = Button(name="业绩", type="view", url="https://shop.example/terminal/")
MENU = AccountMenu((SHOP,), (Personal(REP_TAG, (SALES,)),))
RunJobs = Callable[[], None]


@pytest.fixture
def tree(account: Stage) -> Tree:
    assert account
    return plant()


def joined(stage: Stage, name: str) -> int:
    """A follower of the account who has joined; his member."""
    openid = stage.act(name, "follow", appid=CITY)["openid"]
    now = clock.now()
    with transaction():
        identity_id = follow(
            key=name.encode(), appid=CITY, openid=openid, event_at=now, known_at=now
        )
        return join_member(identity_id=identity_id, now=now)


def menu_of(stage: Stage, name: str) -> str:
    """What is under the chat on somebody's phone."""
    people = stage.control("GET", "/people")["people"]
    person = next(each for each in people if each["name"] == name)
    openid = next(each["openid"] for each in person["contacts"] if each["appid"] == CITY)
    answer = client(CITY).caller.call("POST", "/cgi-bin/menu/trymatch", body={"user_id": openid})
    return str(answer["button"][0]["name"])


def test_a_rep_gets_his_menu_when_bound_and_loses_it_when_unbound(
    account: Stage, tree: Tree, run_jobs: RunJobs
) -> None:
    begin_with(appid=CITY, menu=MENU)
    rep_id, alice = hire(tree.hall), joined(account, "Alice")
    number, now = rep_card(rep_id).number, clock.now()
    with transaction():
        code = create_invite(rep_id=rep_id, now=now)
        identity_id = identity_at([alice], CITY) or 0
        bind_by_invitation(rep_number=number, code=code, identity_id=identity_id, now=now)
    run_jobs()
    assert menu_of(account, "Alice") == "业绩"

    def after(change: Callable[[], object]) -> str:
        with transaction():
            change()
        run_jobs()
        return menu_of(account, "Alice")

    assert after(lambda: pause_rep(number=number, node_id=tree.south)) == "商城"
    assert after(lambda: resume_rep(number=number, node_id=tree.south)) == "业绩"
    assert after(lambda: unbind_person(member_id=alice, now=now)) == "商城"
    with transaction():
        bind_rep(rep_id=rep_id, member_id=alice, now=now)
    leave = lambda: rep_leaves(number=number, node_id=tree.south, heir="pool", now=now)  # noqa: E731 - passed on
    assert after(leave) == "商城"


def test_reps_of_before_get_the_menu_with_its_first_publication(
    account: Stage, tree: Tree, run_jobs: RunJobs
) -> None:
    alice, bob = joined(account, "Alice"), joined(account, "Bob")
    reps = hire(tree.hall), hire(tree.hall, "鲍勃")
    account.act("Bob", "unfollow", appid=CITY)  # and nobody has told us yet
    with transaction():
        for rep_id, member_id in zip(reps, (alice, bob), strict=True):
            bind_rep(rep_id=rep_id, member_id=member_id, now=clock.now())
    begin_with(appid=CITY, menu=MENU)
    run_jobs()

    assert menu_of(account, "Alice") == "业绩"


def test_a_rep_unbound_while_he_is_tagged_loses_the_tag(
    account: Stage, tree: Tree, run_jobs: RunJobs
) -> None:
    begin_with(appid=CITY, menu=MENU)
    run_jobs()
    rep_id, alice, now = hire(tree.hall), joined(account, "Alice"), clock.now()
    with transaction():
        bind_rep(rep_id=rep_id, member_id=alice, now=now)
        something_happened_to_member(alice)
    api = client(CITY)
    tagging = type(api).tag_followers

    def slow(*arguments: object) -> None:
        """She is unbound, and WeChat has been told so, before this call gets there."""
        with transaction():
            unbind_person(member_id=alice, now=clock.now())
        run_jobs()
        tagging(*arguments)  # type: ignore[arg-type]  # handed through

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(api), "tag_followers", slow)
        run_jobs()
    assert menu_of(account, "Alice") == "商城"


def test_a_rep_who_gets_another_tag_later_keeps_his_menu(
    account: Stage, tree: Tree, run_jobs: RunJobs
) -> None:
    """Of several tags the last one given decides at WeChat."""
    begin_with(appid=CITY, menu=MENU)
    rep_id, alice, bob = hire(tree.hall), joined(account, "Alice"), joined(account, "Bob")
    now = clock.now()
    with transaction():
        bind_rep(rep_id=rep_id, member_id=alice, now=now)
        something_happened_to_member(alice)
    run_jobs()
    assert menu_of(account, "Alice") == "业绩"
    people = {str(each): identity_at([each], CITY) or 0 for each in (alice, bob)}
    told(tagged(people, "高价值客户"))
    run_jobs()
    assert (menu_of(account, "Alice"), menu_of(account, "Bob")) == ("业绩", "商城")
    assert len(at_wechat(account, REP_TAG)) == 1
    assert len(at_wechat(account, "高价值客户")) == 2
    assert calls(account, UNTAGGING) == [0]
    with transaction():
        assert tell_due(now=clock.now()) == 0


@pytest.mark.parametrize("outcome", ["fail_before", "drop_after"])
def test_the_reps_tag_is_given_again_though_an_answer_is_lost_and_the_list_read_meanwhile(
    account: Stage, tree: Tree, run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch, outcome: str
) -> None:
    begin_with(appid=CITY, menu=MENU)
    rep_id, alice = hire(tree.hall), joined(account, "Alice")
    with transaction():
        bind_rep(rep_id=rep_id, member_id=alice, now=clock.now())
        something_happened_to_member(alice)
    run_jobs()
    told(tagged({"Alice": identity_at([alice], CITY) or 0}, "高价值客户"))
    account.chaos(UNTAGGING, outcome)
    with time_stands_still():
        run_jobs()
    assert menu_of(account, "Alice") == "商城"
    with transaction() as session:
        sync = session.scalars(select(TagSync).where(TagSync.ended_at.is_(None))).one()
        sync.phase, sync.next_openid = TagPhase.LISTING, ""  # as a day later
    later(monkeypatch, timedelta(minutes=5))
    run_jobs()
    assert menu_of(account, "Alice") == "业绩"
    assert latest().phase == "done"
