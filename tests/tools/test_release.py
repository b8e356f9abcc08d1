"""The bill of materials says what the lock file says, and an unanswered question is no clean answer."""

import json
import re
from pathlib import Path

import pytest
from cyclonedx.model.bom import Bom

from tools import advisories, sbom
from tools.advisories import CLEAN, KNOWN, NOT_ASKED, verdict
from tools.environment import LOCKS
from tools.locked import NotUnderstood, pins


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_is_a_component_with_its_hashes(
    lock: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path, output = LOCKS[lock], tmp_path / "build" / "sbom.json"
    command = ["sbom", "--lock", str(path), "--output", str(output)]
    monkeypatch.setattr("sys.argv", command)
    sbom.main()
    told = json.loads(output.read_text())
    text = path.read_text()
    named = set(re.findall(r"^([a-z0-9.-]+)==([^ ;\\]+)", text, re.MULTILINE))
    assert {(each["name"], each["version"]) for each in told["components"]} == named
    hashes = [one["content"] for each in told["components"] for one in each["hashes"]]
    assert sorted(hashes) == sorted(re.findall(r"sha256:([0-9a-f]{64})", text))
    assert (told["bomFormat"], told["specVersion"]) == ("CycloneDX", "1.6")
    assert f"{len(named)} packages" in capsys.readouterr().out
    assert Bom.from_json(told).validate()  # type: ignore[attr-defined]  # put there by a decorator


def test_it_says_who_asked_for_what() -> None:
    bill = sbom.bill_of(LOCKS["runtime"])
    asked = {
        str(each.ref): {str(one.ref) for one in each.dependencies} for each in bill.dependencies
    }
    versions = {each.name: str(each.bom_ref) for each in bill.components}
    assert versions["flask"] in asked["wx-backend"]
    assert versions["werkzeug"] in asked[versions["flask"]]
    assert set.union(*asked.values()) == set(versions.values()), "nobody asked for one"


def test_a_lock_of_another_kind_is_refused_whole(tmp_path: Path) -> None:
    lock = tmp_path / "odd.txt"
    lock.write_text(
        "--index-url https://elsewhere.example/\nflask==3.1.3 \\\n    --hash=sha256:x\n"
    )
    with pytest.raises(NotUnderstood, match="index-url"):
        list(pins(lock))


@pytest.mark.parametrize(
    ("report", "errors", "code", "said"),
    [
        (
            '{"dependencies": [{"name": "flask", "version": "3", "vulns": []}]}',
            "",
            CLEAN,
            "1 packages",
        ),
        ("", "ERROR: Connection refused\n", NOT_ASKED, "NOBODY COULD BE ASKED.*Connection refused"),
        ("", "", NOT_ASKED, "NOBODY COULD BE ASKED"),
        ("[broken", "x", NOT_ASKED, "NOBODY"),
        (
            '{"dependencies": [{"name": "a", "skip_reason": "not found"},'
            ' {"name": "b", "version": "1", "vulns": []}]}',
            "",
            NOT_ASKED,
            "1 OF 2 PACKAGES COULD NOT BE ASKED ABOUT: not found",
        ),
        (
            '{"dependencies": [{"name": "b", "version": "1", "vulns":'
            ' [{"id": "PYSEC-1", "fix_versions": ["2", "3"]}, {"id": "PYSEC-2", "fix_versions": []}]}]}',
            "",
            KNOWN,
            "2 ADVISORIES:\n  b 1: PYSEC-1, fixed in 2, 3\n  b 1: PYSEC-2, fixed in none yet",
        ),
        (
            '{"dependencies": [{"name": "a", "skip_reason": "not found"}, {"name": "b", "version": "1",'
            ' "vulns": [{"id": "PYSEC-1", "fix_versions": []}]}]}',
            "",
            KNOWN,
            "1 ADVISORIES:\n  b 1: PYSEC-1, fixed in none yet\n1 OF 2 PACKAGES",
        ),
    ],
)
def test_an_answer_is_told_from_none(report: str, errors: str, code: int, said: str) -> None:
    told = verdict(report, errors)
    assert told[0] == code
    assert re.search(said, told[1])


def test_without_uv_and_without_a_network_nobody_was_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["advisories"])
    monkeypatch.setattr(advisories, "REPORT", tmp_path / "advisories.json")
    monkeypatch.setattr("tools.lock.UV", tmp_path / "uv")
    monkeypatch.setattr("sys.executable", "false")  # pip that finds no index
    assert advisories.main() == NOT_ASKED
    assert "NOBODY COULD BE ASKED ABOUT ADVISORIES: failed: false -m pip" in capsys.readouterr().out
