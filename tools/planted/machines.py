"""Planted bugs in what happens to machines: full disks, restored copies, restarts, rows without an order."""

from tools.planted.bug import Bug

BUGS = (
    Bug(
        "the first row of a fund flow is its first movement",
        "reconciliation/chain.py",
        "            return {next(row.before_fen for row in group if row.before_fen in begun)}\n",
        "            return {group[0].before_fen}\n",
        (
            "tests/reconciliation/test_chain.py::test_any_order_within_the_seconds_tells_the_same",
            "tests/flows/reconcile/test_days.py::test_the_order_of_rows_within_one_second_explains_nothing_away",
        ),
    ),
    Bug(
        "half a file stays where its disk was full",
        "wx_backend/whole_file.py",
        "        fresh.unlink(missing_ok=True)\n",
        "        pass\n",
        (
            "tests/wx_backend/test_whole_file.py::test_what_could_not_be_written_leaves_nothing_behind",
        ),
    ),
    Bug(
        "whoever has the number of somebody erased is erased in a restored copy",
        "flows/erased.py",
        "        if _us(identity.created_at) != each.made_us:\n",
        "        if _us(identity.created_at) == 0:\n",
        ("tests/deploy/test_backup.py::test_who_was_erased_since_is_erased_in_the_copy_again",),
    ),
    Bug(
        "a rolling restart waits for nobody",
        "deploy/rolling-restart.sh",
        '  systemctl restart "wx-door@$port.service"\n',
        '  systemctl restart "wx-door@$port.service" &\n',
        ("tests/deploy/test_rolling_restart.py::test_one_goes_after_the_other_and_nobody_notices",),
    ),
    Bug(
        "a push that could not be stored raises no alert",
        "deploy/prometheus/alerts.yml",
        'expr: increase(wx_push_answers_total{answer="not stored"}[5m]) > 0\n',
        'expr: increase(wx_push_answers_total{answer="unstored"}[5m]) > 0\n',
        ("tests/deploy/test_alerts.py::test_a_fault_raises_its_alert_and_no_other",),
    ),
    Bug(
        "whoever finds the pager wakes everybody",
        "handlers/pager.py",
        "        expect_monitor()\n",
        "        pass\n",
        ("tests/handlers/test_pager.py::test_a_stranger_sends_no_text",),
    ),
    Bug(
        "an alert that one phone missed is never told again",
        "handlers/pager.py",
        '        return _answer(f"{missed} not told", 502) if missed else _answer("told", 200)\n',
        '        return _answer(f"{missed} not told", 200) if missed else _answer("told", 200)\n',
        (
            "tests/handlers/test_pager.py::test_whom_the_gateway_missed_hears_of_it_when_it_comes_again",
        ),
    ),
)
