"""What the pretend WeChat Pay books of a merchant's money."""

from simulator.pay.ledger import TRADE, move
from simulator.pay_records import Merchant
from simulator.world import World


def test_books_go_by_time_also_when_the_clock_is_moved_back() -> None:
    """A fund flow sorted by time is the account's order, or nobody could tell what it began with."""
    world, merchant = World(), Merchant("1900000001")
    for number, offset in enumerate((0, -61, 30)):
        world.move_clock(offset)
        move(world, merchant, 100, TRADE, (f"W{number}", f"P{number}"), "")
    lines = [*world.flows]
    assert [line.balance for line in sorted(lines, key=lambda line: line.at)] == [100, 200, 300]
    assert lines[0].at == lines[1].at < lines[2].at
