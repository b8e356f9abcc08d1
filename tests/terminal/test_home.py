"""The first page: today beside yesterday, the rep's place among others, and what a new rep reads."""

from datetime import datetime, time, timedelta
from random import Random

from sqlalchemy import select

from flows.ranking import Rank, rank_among, ranking_of
from flows.rep_home import rep_home
from org.queries import rep_card
from referral.values import TouchKind
from settlement.figures import commission_of_days
from settlement.models import Accrual, Commission
from tests.console.world import World, buy, count_figures, known, share, touch
from tests.counting import questions
from tests.org.cast import hire
from tests.terminal.conftest import Phones, bound
from wx_backend import clock
from wx_backend.clock import SHANGHAI, business_on
from wx_backend.db import db, transaction

DAY = timedelta(days=1)


def test_as_many_orders_is_the_same_place() -> None:
    counts = {1: 5, 2: 3, 3: 3, 4: 0}
    places = [rank_among(counts, rep_id) for rep_id in counts]
    assert places == [Rank(1, 4), Rank(2, 4), Rank(2, 4), Rank(4, 4)]


def test_today_stands_beside_yesterday(phone_of: Phones, world: World) -> None:
    erin = known("Erin")
    link = share(world.alice_id)
    count_figures()
    before = rep_home(world.alice_id, clock.now()).yesterday  # shortly after midnight there is some
    touch(erin, link, kind=TouchKind.SUBSCRIBE, ago=timedelta())
    touch(erin, link, kind=TouchKind.LINK_OPENED, ago=DAY)
    count_figures()
    page = rep_home(world.alice_id, clock.now())
    assert (page.today.figures.follows, page.yesterday.figures.follows) == (1, 0)
    assert page.yesterday.figures.visits == before.figures.visits + 1
    assert (page.today.figures.paid, page.today.earned_fen) == (1, 9995)
    assert (page.yesterday.figures.paid, page.yesterday.earned_fen) == (0, 0)
    shown = bound(phone_of, "Alice", world.alice_id).get("/terminal/").text
    assert "昨日 0.00" in shown
    assert "99.95" in shown


def test_names_stay_in_the_outlet(phone_of: Phones, world: World) -> None:
    corner = hire(world.tree.corner, "邻厅柯娜")
    hire(world.tree.hall, "同厅贺一")
    page = bound(phone_of, "Alice", world.alice_id).get("/terminal/rank").text
    assert "同厅贺一" in page
    assert "邻厅柯娜" not in page
    assert "尼尔斯" not in page
    count_figures()
    mine, theirs = (ranking_of(rep_card(each), clock.now()) for each in (world.alice_id, corner))
    assert (mine.orders, mine.outlet, mine.city) == (1, Rank(1, 2), Rank(1, 3))
    assert (theirs.orders, theirs.outlet, theirs.city) == (0, Rank(1, 1), Rank(2, 3))


def test_a_second_order_of_a_month_counts(world: World) -> None:
    buy(world.bob, world.wares, world.tree.hall, key="second")
    count_figures()
    assert ranking_of(rep_card(world.alice_id), clock.now()).orders == 2


def test_a_new_rep_reads_where_to_begin(phone_of: Phones, world: World) -> None:
    page = bound(phone_of, "Dave", hire(world.tree.hall, "新人")).get("/terminal/").text
    for words in ("从这里开始", "领取我的海报", "本月还没有付款订单"):
        assert words in page
    assert "保护期即将结束" not in page


def test_the_page_asks_no_more_for_many_than_for_few(phone_of: Phones, world: World) -> None:
    phone = bound(phone_of, "Alice", world.alice_id)
    asked = []
    for more in range(2):
        count_figures()
        with questions() as statements:
            phone.get("/terminal/")
        asked.append(len(statements))
        for number in range(6 if not more else 0):
            person = known(f"P{number}")
            touch(person, share(world.alice_id), kind=TouchKind.SUBSCRIBE, ago=6 * DAY)
            buy(person, world.wares, world.tree.hall, key=f"more{number}")
    assert asked[1] <= asked[0] + 1 < 32


def test_income_of_a_day_is_the_plain_sum_whatever_the_order_of_ids(world: World) -> None:
    for number in range(6):
        buy(world.bob, world.wares, world.tree.hall, key=f"more{number}")
    today, chance = business_on(clock.now()), Random(5)  # noqa: S311 - made-up days
    days = [today - n * DAY for n in range(4)]
    with transaction() as session:
        for row in session.scalars(select(Accrual)):
            row.accrued_at = datetime.combine(
                chance.choice(days), time(chance.randrange(24)), SHANGHAI
            )
    expected = dict.fromkeys(days, 0)
    for accrued_at, fen in db.session.execute(
        select(Accrual.accrued_at, Commission.amount_fen)
        .join(Commission, Commission.accrual_id == Accrual.id)
        .where(Commission.rep_id == world.alice_id)
    ):
        expected[business_on(accrued_at)] += fen
    assert len([fen for fen in expected.values() if fen]) > 1
    for some in (days[:2], days[1:3], days):
        assert commission_of_days(world.alice_id, some) == {day: expected[day] for day in some}
