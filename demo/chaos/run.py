"""One run of trouble on a stack that runs: prepare, faults, heal, check."""

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from demo import screen
from demo.chaos import knobs
from demo.chaos.crowd import Crowd
from demo.chaos.faults import Field
from demo.chaos.ground import Ground
from demo.chaos.leads import leads, offers, stock_up
from demo.chaos.letters import Letters
from demo.chaos.marketing import WILLING, Marketing
from demo.chaos.morning import Morning
from demo.chaos.notary import Notary
from demo.chaos.schedule import VICTIMS, Event, schedule
from demo.chaos.settling import drain
from demo.story import canaries
from demo.story.checks import CHECKS
from demo.story.frame import Story, expect
from demo.story.telling import named, tell

SECONDS_PER_ORDER: Final = 12
SECONDS_PER_KILL: Final = 8
SECONDS_PER_REGRET: Final = 120  # in a minute of few orders nobody may have regretted one
LETTERS: Final = WILLING // 4  # of its campaign, in the trouble or once it was over
WELL_SECONDS: Final = 60.0
OPEN_SECONDS: Final = 3_600.0  # everything is on sale for longer than the clock is moved back


def chaos(story: Story, ground: Ground, *, seconds: float, seed: int) -> dict[str, Any]:
    """Sell and scan for so many seconds of trouble, then prove that nothing was lost.

    What the one JSON line says. Raises Contradiction, also when too little happened.
    """
    story.pass_time(OPEN_SECONDS)
    stock_up(story)
    crowd = Crowd(story, leads(story), offers(story), seed)
    field, notary = Field(story, ground), Notary(story)
    screen.say("", f"Trouble for {seconds:.0f} s, seed {seed}, {ground.means}:")
    marketing = Marketing(story, field)
    marketing.invite()
    marketing.write()
    before = _restarts(story)
    _suffer(crowd, marketing, notary, schedule(seed, seconds, ground.means))
    well, drained = _heal(crowd, marketing)
    figures = _compare_letters(story, marketing)
    figures |= _the_days_after(story, crowd, field) | _compare(story, crowd, notary)
    _expect_survival(_restarts(story) - before, field)
    _expect_enough(crowd, marketing, seconds)
    return {
        "seed": seed,
        "seconds": seconds,
        "kills": field.killed.total(),
        "kills_at_work": field.hits,
        "faults": dict(sorted(field.done.items())),
        "orders": len(crowd.orders),
        "paid": len(crowd.paid),
        "taken_back": len(crowd.taken_back),
        "scans": crowd.scans,
        "letters": marketing.at_end,
        "letters_in_trouble": marketing.letters,
        "sender_deaths": marketing.deaths,
        "promises": len(story.journal),
        "well_seconds": well,
        "drained_seconds": drained,
        "searched_mb": canaries.megabytes([*canaries.logs(story), *canaries.stores(story)]),
        "compared": figures,
    }


def _suffer(crowd: Crowd, marketing: Marketing, notary: Notary, events: Sequence[Event]) -> None:
    knobs.stir(crowd.story)
    notary.look()
    notary.start()
    crowd.start()
    marketing.begin()
    try:
        marketing.faults.play(
            events, lambda event: screen.note(event.name, f"{event.at:5.1f} s  {event.what}")
        )
        marketing.count()
    finally:
        notary.stop()


def _heal(crowd: Crowd, marketing: Marketing) -> tuple[float, float]:
    """Everything is let go and comes to its end: after how long all was well, and all work done."""
    story, healed = crowd.story, time.monotonic()
    marketing.faults.heal()
    well = round(time.monotonic() - healed, 1)
    crowd.leave()
    marketing.finish()
    drain(story)
    for number in [*crowd.unproven]:
        crowd.prove(number)
    drain(story)
    drained = round(time.monotonic() - healed, 1)
    knobs.calm(story)
    screen.done("heal", drained, f"well after {well} s, all work done; {_sums(crowd)}")
    expect(f"well within {WELL_SECONDS:.0f} s ({well})", well <= WELL_SECONDS, True)
    return well, drained


def _the_days_after(story: Story, crowd: Crowd, field: Field) -> dict[str, str]:
    """The bill of the day, and what was earned paid out; what each found."""
    people = {lead.number: lead.person for lead in crowd.leads}
    morning = Morning(field, people)
    told = tell(story, named([morning.bills_agree, morning.income_is_paid_once]))
    drain(story)
    return {name: each.found for name, each in told.items()}


def _compare_letters(story: Story, marketing: Marketing) -> dict[str, str]:
    """What the campaign did; what each comparison found."""
    letters = Letters(marketing)
    facts = (
        *(letters.nobody_was_written_to_twice, letters.whoever_got_nothing_is_listed),
        *(letters.the_campaign_ended_by_itself, letters.its_report_says_what_its_rows_say),
    )
    return {name: each.found for name, each in tell(story, named(facts)).items()}


def _compare(story: Story, crowd: Crowd, notary: Notary) -> dict[str, str]:
    """Every comparison, a line each; what each found."""

    def credited(story: Story) -> str:
        """Every order belongs to the rep whose link its buyer came by."""
        return _credited(story, crowd)

    told = tell(story, named([*CHECKS, credited, notary.rows_stay_as_they_were]))
    return {name: each.found for name, each in told.items()}


def _credited(story: Story, crowd: Crowd) -> str:
    rows = story.rows(
        "SELECT sales_order.number, order_line.developer_rep_id AS rep FROM order_line"
        " JOIN sales_order ON sales_order.id = order_line.order_id"
    )
    found = {row["number"]: row["rep"] for row in rows if row["number"] in crowd.orders}
    nobodys = {number for number in crowd.unclear if found.get(number) is None}
    wrong = {
        number: (rep, found.get(number))
        for number, rep in crowd.orders.items()
        if found.get(number) != rep and number not in nobodys
    }
    expect("orders of somebody else", wrong, {})
    paid = story.rows("SELECT number FROM sales_order WHERE paid_at IS NOT NULL")
    expect("paid, not known as paid", crowd.paid - {row["number"] for row in paid}, set())
    back = story.rows("SELECT number FROM sales_order WHERE status = 'refunded'")
    refunded = {row["number"] for row in back}
    expect("taken back, not refunded", crowd.taken_back - refunded, set())
    return f"{len(found)} orders, {len(crowd.taken_back)} of them taken back"


def _restarts(story: Story) -> Counter[str]:
    """How often each program was started again so far."""
    supervisor = story.stack.supervisor
    return Counter({name: supervisor.restarts(name) for name in supervisor.names()})


def _expect_enough(crowd: Crowd, marketing: Marketing, seconds: float) -> None:
    field = marketing.faults
    orders, enough = int(seconds // SECONDS_PER_ORDER), int(seconds // SECONDS_PER_KILL)
    killed, regrets = field.killed.total(), int(seconds // SECONDS_PER_REGRET)
    back = len(crowd.taken_back)
    expect(f"at least {orders} orders paid ({len(crowd.paid)})", len(crowd.paid) >= orders, True)
    expect(f"at least {regrets} orders taken back ({back})", back >= regrets, True)
    expect(f"at least {enough} processes killed ({killed})", killed >= enough, True)
    expect(f"some of them at work ({field.hits})", field.hits * 10 >= killed, True)
    expect("somebody scanned", crowd.scans > 0, True)
    gone = f"at least {LETTERS} letters of the campaign ({marketing.at_end})"
    expect(gone, marketing.at_end >= LETTERS, True)
    expect("its sender died meanwhile", marketing.deaths > 0, True)


def _expect_survival(restarts: Counter[str], field: Field) -> None:
    """Nothing of ours ended that was not killed: not for want of Valkey, nor of the database."""
    ours = Counter({name: count for name, count in restarts.items() if name in VICTIMS})
    expect("programs that ended by themselves", dict(ours - field.killed), {})


def _sums(crowd: Crowd) -> str:
    sold = f"{len(crowd.orders)} orders, {len(crowd.paid)} paid"
    return f"{sold}, {len(crowd.taken_back)} taken back, {crowd.scans} scans"
