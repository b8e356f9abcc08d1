"""The planted bugs fit the code as it is, and a garden tells a caught one from one that survived."""

import ast
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from tools.environment import ROOT
from tools.planted.__main__ import tried
from tools.planted.beds import BUGS
from tools.planted.bug import Bug, DoesNotFit
from tools.planted.garden import Garden, Gardens
from tools.planted.kept import Kept, digest_of
from tools.planted.report import Verdict, page

LOST_FEN = Bug(
    "a fen that does not divide is lost",
    "wx_backend/money.py",
    "        shares[i] += 1\n",
    "        shares[i] += 0\n",
    (
        "tests/wx_backend/test_values.py::test_every_amount_is_shared_out_to_the_last_fen",
        "tests/wx_backend/test_values.py::test_what_is_no_amount_is_refused",
    ),
)


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name.replace(" ", "-"))
def test_every_bug_can_be_planted_and_names_tests_that_exist(bug: Bug) -> None:
    clean = (ROOT / bug.path).read_text("utf-8")
    assert bug.planted(clean) != clean
    if bug.path.endswith(".py"):
        ast.parse(bug.planted(clean))
    for test in bug.caught_by:
        file, _, name = test.partition("::")
        assert f"def {name}(" in (ROOT / file).read_text("utf-8")


def test_names_of_bugs_are_their_own() -> None:
    assert len({bug.name for bug in BUGS}) == len(BUGS) >= 25


def test_a_bug_that_does_not_fit_is_said() -> None:
    with pytest.raises(DoesNotFit):
        replace(LOST_FEN, right="this stands nowhere").planted("shares[i] += 1")


def test_a_test_that_noticed_nothing_is_named() -> None:
    with Garden() as garden:
        assert garden.survived(LOST_FEN) == {LOST_FEN.caught_by[1]}
        assert not garden.failures(LOST_FEN.caught_by), "the bug was taken out again"


def test_what_cannot_be_tried_is_said_and_the_others_go_on() -> None:
    moved_on = replace(LOST_FEN, name="of another time", right="this stands nowhere")
    nameless = replace(
        LOST_FEN, name="of no test", caught_by=("tests/wx_backend/test_values.py::no",)
    )
    caught = replace(LOST_FEN, name="caught", caught_by=LOST_FEN.caught_by[:1])
    with Gardens(2) as gardens:
        (unfit,) = gardens.each(Garden.unfit, [[*caught.caught_by, *nameless.caught_by]])
        found = gardens.each(partial(tried, unfit=unfit), (moved_on, nameless, caught))
        verdicts = sorted(found, key=lambda each: [moved_on, nameless, caught].index(each.bug))
    assert [verdict.word for verdict in verdicts] == ["NOT TRIED", "NOT TRIED", "caught"]
    assert unfit.keys() == set(nameless.caught_by)
    assert "holds it 0 times" in verdicts[0].fault
    assert nameless.caught_by[0] in verdicts[1].fault
    text = page(verdicts, planned=5)
    assert "1 of 3 were caught" in text
    assert "2 are still to come" in text
    assert "**not tried**" in text


def test_a_run_goes_on_where_it_was_broken_off_on_the_same_files_alone(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("1")
    tree = digest_of(tmp_path, ["a.py"])
    kept = Kept(tree, tmp_path / "kept.jsonl")
    survived = Verdict(BUGS[1], frozenset(BUGS[1].caught_by), 1.0)
    for verdict in (Verdict(BUGS[0], frozenset(), 2.5), survived):
        kept.add(verdict)
    assert kept.caught(BUGS) == {BUGS[0]: Verdict(BUGS[0], frozenset(), 2.5)}
    (tmp_path / "a.py").write_text("2")
    changed = digest_of(tmp_path, ["a.py"])
    assert changed != tree
    assert Kept(changed, tmp_path / "kept.jsonl").caught(BUGS) == {}
    kept.forget()
    assert kept.caught(BUGS) == {}


def test_the_report_names_what_caught_each_and_what_survived() -> None:
    blind = frozenset(LOST_FEN.caught_by[1:])
    caught, survived = Verdict(BUGS[0], frozenset(), 1.0), Verdict(LOST_FEN, blind, 2.0)
    text = page([caught, survived], planned=2)
    assert "1 of 2 were caught" in text
    rows = {line.split(" | ")[0][2:]: line for line in text.splitlines() if line.startswith("| ")}
    assert all(f"`{test}`" in rows[BUGS[0].name] for test in BUGS[0].caught_by)
    assert "**survived**" in rows[LOST_FEN.name]
    assert LOST_FEN.caught_by[0] not in rows[LOST_FEN.name]
