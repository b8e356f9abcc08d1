"""A line was given to another rep: both read why, each in his income and on the proof, and nobody else."""

from tests.console.upheld import REASON, agree, asked_for, dispute_of
from tests.console.world import World
from tests.org.cast import hire
from tests.terminal.conftest import Phones, bound
from wx_backend.db import retried


def test_both_reps_read_what_became_of_it(phone_of: Phones, world: World) -> None:
    upheld = dispute_of(world)
    path = f"/terminal/receipts/{world.southern.receipt}"
    sue, alice = bound(phone_of, "Dave", upheld.sue_id), bound(phone_of, "Alice", world.alice_id)
    assert sue.get(path).status_code == 404
    waiting = asked_for(upheld, world.tree.south)
    assert sue.get(path).status_code == 404
    assert "改判" not in alice.get("/terminal/feed").text
    retried(lambda: agree(waiting, world.tree.south))

    income = sue.get("/terminal/income").text
    assert "累计 99.95 − 扣回 0.00 ＝ 待结 99.95" in income
    assert world.southern.receipt in income
    assert "+99.95" not in alice.get("/terminal/income").text
    for phone in (sue, alice):
        proof = phone.get(path).text
        assert "由爱丽丝改判给苏" in proof
        assert REASON in proof
        assert "本单归爱丽丝" in proof
        news = phone.get("/terminal/feed").text
        assert ("的订单改判给您" in news) == (phone is sue)
        assert ("的订单已改判给他人" in news) == (phone is alice)
    other = bound(phone_of, "Mallory", hire(world.tree.hall, "汤姆"))
    assert other.get(path).status_code == 404
