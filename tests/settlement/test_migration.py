"""Commission survives the way back to the older tables and forth again."""

from sqlalchemy import text

from settlement.models import Milestone
from settlement.queries import commissions_of_line, events_of, income_of
from tests.settlement.world import ALICE, CAROL, NOON, World, receive, refund, vest_all
from wx_backend import migrate
from wx_backend.config import Config
from wx_backend.db import db
from wx_backend.engine import open_engine

OLDER = "SELECT milestone, hold_days, due_at IS NOT NULL, vested_at IS NOT NULL FROM accrual ORDER BY id"


def test_what_reps_earned_goes_back_and_forth(world: World, config: Config) -> None:
    world.rate()
    free, waiting = world.accrued(), world.accrued()
    vest_all(free)
    receive(waiting)
    refund(waiting, 99_950)
    before = [commissions_of_line(line.order_line_id) for line in (free, waiting)]
    income = income_of(world.alice)
    db.session.remove()

    url = config.database.url
    migrate.downgrade(url=url, to="0014")
    engine = open_engine(url)
    with engine.connect() as connection:
        older = connection.execute(text(OLDER)).all()
        amounts = connection.scalars(text("SELECT amount_fen FROM commission ORDER BY id")).all()
    engine.dispose()
    assert [tuple(row) for row in older] == [("received", 7, 1, 1), ("received", 7, 1, 0)]
    assert amounts == [ALICE, CAROL, ALICE, CAROL]

    migrate.upgrade(url=url)
    assert [commissions_of_line(line.order_line_id) for line in (free, waiting)] == before
    assert income_of(world.alice) == income
    assert events_of(waiting.order_line_id) == {(Milestone.RECEIVED, 0): NOON}
    assert world.accrued()
