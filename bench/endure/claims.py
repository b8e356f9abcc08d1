"""What is stated of the service: the size and the figure, and what the runs of a commit have to say about it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bench.endure.runs import Runs


def _none(_runs: Runs) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Claim:
    """A row of the table; one without `what` is measured by another command."""

    name: str
    stated: str
    what: str
    reached: Callable[[Runs], str] = _none
    is_reached: Callable[[Runs], bool] = lambda _runs: False
    faults: Callable[[Runs], str] = _none
    other: str = ""

    @property
    def command(self) -> str:
        """How to measure it."""
        return f"`{self.other or f'make endure WHAT={self.what}'}`"


CLAIMS: Final = (
    Claim(
        "callback load held",
        "300/s for 10 min, p99 <= 300 ms, none lost, none over 5 s; 5,000 in 10 s",
        "callbacks",
        lambda runs: (
            f"{runs.least('held_a_second'):,}/s for {runs.least('held_seconds')} to "
            f"{runs.most('held_seconds')} s in one piece: p50 {runs.most('held_p50_ms')}, "
            f"p99 {runs.most('held_p99_ms')}, slowest {runs.most('held_slowest_ms')} ms; "
            f"{runs.least('burst_pushes'):,} in {runs.most('burst_seconds')} s: "
            f"p99 {runs.most('burst_p99_ms')}, slowest {runs.most('burst_slowest_ms')} ms; "
            f"{runs.sum('acknowledged'):,} acknowledged, {runs.sum('lost')} lost, "
            f"{runs.sum('over_5_seconds')} over 5 s"
        ),
        lambda runs: (
            runs.least("held_a_second") >= 300
            and runs.most("held_seconds") >= 600
            and runs.most("held_p99_ms", "burst_p99_ms") <= 300
            and runs.least("burst_pushes") >= 5_000
        ),
    ),
    Claim(
        "pay notices",
        "100/s, a fifth repeats, a tenth out of turn, p99 <= 500 ms, each one effect",
        "notices",
        lambda runs: (
            f"{runs.least('a_second')}/s: p50 {runs.most('p50_ms')}, p99 {runs.most('p99_ms')}, "
            f"slowest {runs.most('slowest_ms')} ms; {runs.sum('notices'):,} facts, "
            f"ledger, orders, messages and witness agree"
        ),
        lambda runs: runs.least("a_second") >= 100 and runs.most("p99_ms") <= 500,
        lambda runs: (
            f"{runs.sum('delivered') - runs.sum('notices'):,} repeats, "
            f"{runs.sum('delivered') // 10:,} out of turn"
        ),
    ),
    Claim(
        "order flow",
        "50/s: order, pay, settle, commission, messages",
        "",
        other="python -m bench.order",
    ),
    Claim(
        "campaign",
        "1,000,000 people, <= 2 ms each, memory flat",
        "",
        other="python -m bench.campaign 1000000 1 200 5",
    ),
    Claim(
        "flash sale",
        "500 at once on 50 units, 100 rounds, none oversold",
        "sale",
        lambda runs: (
            f"{runs.sum('rounds')} rounds: {runs.sum('buyers'):,} buyers, {runs.sum('units'):,} units, "
            f"{runs.sum('sold'):,} sold"
        ),
        lambda runs: runs.sum("rounds") >= 100 and runs.sum("sold") == runs.sum("units"),
        lambda runs: f"{runs.sum('buyers') - runs.sum('sold'):,} who came too late",
    ),
    Claim(
        "kills survived",
        "10,000 SIGKILLs of who is at work, everything once",
        "kills",
        lambda runs: f"{runs.sum('orders'):,} orders, {runs.sum('refunds'):,} refunds, each once",
        lambda runs: runs.sum("at_work") >= 10_000,
        lambda runs: f"{runs.sum('at_work'):,} at work, of {runs.sum('kills'):,} kills",
    ),
    Claim(
        "database restarts",
        "100 immediate ones, nothing acknowledged lost",
        "restarts",
        lambda runs: (
            f"{runs.sum('acknowledged_pushes'):,} pushes and {runs.sum('acknowledged_orders'):,} orders "
            f"acknowledged, 0 lost; next push taken within {runs.most('slowest_recovery_ms'):,} ms"
        ),
        lambda runs: runs.sum("restarts") >= 100,
        lambda runs: f"{runs.sum('restarts')} restarts, {runs.sum('refused')} told to come again",
    ),
    Claim(
        "failovers",
        "20, nothing acknowledged lost",
        "hosts",
        lambda runs: (
            f"{runs.sum('orders'):,} orders and {runs.sum('promises'):,} answers kept; "
            f"promoted within {runs.most('slowest_promotion_ms'):,} ms"
        ),
        lambda runs: runs.sum("failovers") >= 20,
        lambda runs: f"{runs.sum('failovers')} promotions, {runs.sum('silences')} silent hosts",
    ),
    Claim(
        "network and upstream",
        "24 h of trouble, no fact broken, well within 30 s",
        "trouble",
        lambda runs: (
            f"{runs.sum('trouble_seconds') / 3600:.2f} h of trouble: {runs.sum('paid'):,} orders paid, "
            f"{runs.sum('promises'):,} answers kept, well within {runs.most('slowest_well_ms') / 1000:.1f} s, "
            f"all work done within {runs.most('slowest_drained_ms') / 1000:.1f} s"
        ),
        lambda runs: (
            runs.sum("trouble_seconds") >= 86_400 and runs.most("slowest_well_ms") <= 30_000
        ),
        lambda runs: (
            f"{runs.sum('kills_at_work')} kills at work of {runs.sum('kills')}, "
            f"{runs.sum('faults'):,} faults in all"
        ),
    ),
    Claim(
        "duplicates",
        "1,000,000 repeated or out of turn, one effect each",
        "duplicates",
        lambda runs: f"{runs.sum('notices'):,} facts, one effect each",
        lambda runs: runs.sum("delivered") - runs.sum("notices") >= 1_000_000,
        lambda runs: f"{runs.sum('delivered') - runs.sum('notices'):,} repeats",
    ),
    Claim(
        "sends",
        "1,000,000 with kills, nobody twice, unknown <= 0.01 %",
        "sends",
        lambda runs: (
            f"{runs.sum('people'):,} people: {runs.sum('twice')} twice, {runs.sum('nothing'):,} nothing, "
            f"{runs.sum('listed'):,} of them listed; {runs.sum('unknown'):,} unknown, with a twelfth of all "
            f"answers lost or spoilt on purpose"
        ),
        lambda runs: (
            runs.sum("people") >= 1_000_000 and runs.sum("unknown") <= runs.sum("people") // 10_000
        ),
        lambda runs: (
            f"{runs.sum('kills')} kills of senders at work, {runs.sum('died')} deaths at crash points"
        ),
    ),
    Claim(
        "ledger",
        "100,000 sequences, every one adds up",
        "",
        other="make nightly",
    ),
    Claim(
        "bad inputs",
        "10,000,000 a reader, no fault",
        "fuzz",
        lambda runs: (
            f"{len(runs.sums('test_'))} fuzzers, {min(runs.sums('test_').values(), default=0):,} "
            f"inputs each at least"
        ),
        lambda runs: min(runs.sums("test_").values(), default=0) >= 10_000_000,
        lambda runs: f"{runs.sum('executions'):,} inputs",
    ),
    Claim(
        "authorisation",
        "more than 5,000 cells of route, caller and place, none wrong",
        "access",
        lambda runs: (
            f"{runs.least('cells'):,} answers (cells, drawn places, forged forms), 0 wrong"
        ),
        lambda runs: runs.least("cells") > 5_000,
    ),
    Claim("planted bugs", "25 planted, each caught by name", "", other="make planted"),
    Claim(
        "reconciliation",
        "100,000 rows, 200 differences found, none false, <= 60 s",
        "bill",
        lambda runs: (
            f"{runs.least('found')} of {runs.least('planted')} found, {runs.sum('false')} false, "
            f"{runs.most('sqlite_seconds')} s on SQLite, {runs.most('postgresql_seconds')} s on PostgreSQL"
        ),
        lambda runs: runs.most("sqlite_seconds", "postgresql_seconds") <= 60,
        lambda runs: f"{runs.sum('planted'):,} planted differences",
    ),
    Claim(
        "secrets and persons",
        "none in GBs of logs, databases, files",
        "trouble",
        lambda runs: f"none in {runs.sum('searched_mb'):,} MB of logs, database and Valkey files",
        lambda runs: runs.sum("searched_mb") >= 1_000,
    ),
    Claim(
        "no growth",
        "8 h at half a load: memory and files stay",
        "soak",
        lambda runs: (
            f"{runs.hours()}: {runs.sum('pages'):,} pages, {runs.sum('pushes'):,} pushes; "
            f"web {runs.most('web_mb_before')} to {runs.most('web_mb_after')} MB"
        ),
        lambda runs: runs.least("pages") > 0 and max(e["seconds"] for e in runs.all) >= 28_800,
    ),
    Claim(
        "recovery",
        "RPO 0; RTO <= 60 s of a process",
        "restarts",
        lambda runs: (
            f"RPO 0, RTO {runs.most('slowest_recovery_ms') / 1000:.1f} s after PostgreSQL is up"
        ),
        lambda runs: 0 < runs.most("slowest_recovery_ms") <= 60_000,
        lambda runs: f"{runs.sum('restarts')} restarts",
    ),
    Claim(
        "restore",
        "RTO <= 15 min with its checks, every row there, nothing sent",
        "restore",
        lambda runs: (
            f"{runs.least('orders'):,} orders, {runs.least('rows'):,} rows in {runs.least('tables')} tables, a dump of "
            f"{runs.most('dump_mb')} MB: backed up in {runs.most('backup_seconds')} s; pages answered "
            f"{runs.most('ready_seconds')} s after the restore began; row for row the same, and held"
        ),
        lambda runs: 0 < runs.most("ready_seconds") <= 900,
    ),
)
