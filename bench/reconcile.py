"""`python -m bench.reconcile [rows] [planted]`: a day's bill with planted differences, both databases.

The day is written into the database first: orders, payments, refunds, hand-overs, postings (not
timed). Timed are reading both bills and comparing all four legs, in a process of its own whose
greatest memory is told beside what it had before. Goal for 100,000 rows with 200 planted: all
found, none false, 60 seconds.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from bench.goals import tell
from tests.postgres import PostgresServer
from tests.reconciliation.crowd import MCHID, Crowd, fill, fund_bill, trade_bill, write
from tests.reconciliation.driving import compare, found, take
from wechat.pay.bills import BillKind
from wx_backend import migrate
from wx_backend.app import create_app
from wx_backend.config import Config, Database, Pay
from wx_backend.db import db

ROOT = Path(__file__).resolve().parent.parent
ON = date(2026, 11, 20)
ROWS, PLANTED, GOAL_SECONDS = 100_000, 200, 60.0


@dataclass(frozen=True)
class Setting:
    """One run: which database, how large a day, where its bills lie."""

    url: str
    rows: int
    planted: int
    folder: Path

    def app(self) -> object:
        """The service on this database, with a merchant whose calls nobody makes."""
        sample = Config.load(ROOT / "tests" / "config.toml")
        pay = Pay(MCHID, "0" * 40, self.folder / "key.pem", "0" * 32, "http://127.0.0.1:9", ())
        service = replace(sample.service, data_dir=self.folder)
        return create_app(
            replace(sample, pay=pay, service=service, database=Database(url=self.url))
        )


def main() -> None:
    """Both databases in turn."""
    if len(sys.argv) > 3:
        _measured(Setting(sys.argv[4], int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
        return
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    planted = int(sys.argv[2]) if len(sys.argv) > 2 else PLANTED
    print(f"a day of about {rows:,} bill rows, {planted} planted differences of 8 kinds")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(PostgresServer(durable=True))
        urls = {
            "SQLite": f"sqlite:///{folder}/day.sqlite",
            "PostgreSQL": server.create_database("day"),
        }
        for name, url in urls.items():
            migrate.upgrade(url=url)
            place = folder / name
            place.mkdir()
            _prepare(Setting(url, rows, planted, place))
            arguments = [str(rows), str(planted), str(place), url]
            told = subprocess.run(
                [sys.executable, "-m", "bench.reconcile", *arguments],
                cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True,
            )  # fmt: skip
            words, _, seconds = told.stdout.rstrip().rpartition("\n")
            print(f"{name:11}{words}")
            tell(
                f"a day's bill of {rows:,} rows on {name}",
                [float(seconds)],
                at_most=GOAL_SECONDS,
                unit="s",
            )


def _crowd(setting: Setting) -> Crowd:
    return Crowd(ON, rows=setting.rows, planted=setting.planted)


def _prepare(setting: Setting) -> None:
    """Write the day and its bills, in a process that is gone afterwards."""
    child = os.fork()
    if child == 0:
        with setting.app().app_context():  # type: ignore[attr-defined]  # a Flask
            crowd = _crowd(setting)
            fill(crowd)
            write(trade_bill(crowd), setting.folder / "trade.gz")
            write(fund_bill(crowd), setting.folder / "fund.gz")
            db.session.remove()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status:
        sys.exit("the day could not be written")


def _measured(setting: Setting) -> None:
    """Read and compare, and hold what was found against what was planted."""
    with setting.app().app_context():  # type: ignore[attr-defined]  # a Flask
        before, started, busy = _peak_mb(), time.perf_counter(), time.process_time()
        take(ON, BillKind.TRADE, setting.folder / "trade.gz")
        take(ON, BillKind.FUND_FLOW, setting.folder / "fund.gz")
        read = time.perf_counter()
        compare(ON)
        ended, after, busy = time.perf_counter(), _peak_mb(), time.process_time() - busy
        crowd = _crowd(setting)
        for sale in crowd.sales():
            crowd.kind_of(sale)
        result = found(ON)
    right = sum(result.get(subject) == kind for subject, kind in crowd.plants.items())
    print(
        f"found {right} of {len(crowd.plants)}, false {len(result) - right}, "
        f"{ended - started:5.1f} s, {busy:.1f} of them our processor's (reading {read - started:.1f}, "
        f"comparing {ended - read:.1f}), peak {after:.0f} MB ({before:.0f} before)"
    )
    print(ended - started)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
