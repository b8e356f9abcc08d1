"""Ask whether something is known against a package of the lock file; needs the network, so no test does it.

    python -m tools.advisories [--lock requirements/dev.txt]

0 when nothing is known, 1 when something is, 3 when nobody could be asked.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Final

from tools.environment import LOCKS, ROOT
from tools.lock import uv

PIP_AUDIT: Final = "pip-audit==2.10.1"
REPORT: Final = ROOT / "build" / "advisories.json"
CLEAN, KNOWN, NOT_ASKED = 0, 1, 3


def main() -> int:
    """Have pip-audit ask, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--lock", type=Path, default=LOCKS["runtime"])
    lock = parser.parse_args().lock
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.unlink(missing_ok=True)
    errors = _ask(lock)
    report = REPORT.read_text("utf-8") if REPORT.exists() else ""
    code, said = verdict(report, errors)
    print(said)
    return code


def _ask(lock: Path) -> str:
    """Have the report written; what was complained about, uv that could not be installed too."""
    try:
        program = _command()
    except SystemExit as failed:
        return str(failed)
    asked = subprocess.run(
        (*program, "--requirement", str(lock), "--format", "json", "--output", str(REPORT)),
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stderr


def _command() -> tuple[str, ...]:
    """pip-audit in an environment of its own: it is no part of ours. It installs nothing of the lock."""
    program = (str(uv()), "tool", "run", "--from", PIP_AUDIT, "pip-audit")
    return (*program, "--require-hashes", "--disable-pip", "--progress-spinner", "off")


def verdict(report: str, errors: str) -> tuple[int, str]:
    """What a report says; without one, that nobody was asked, and why."""
    try:
        packages = json.loads(report)["dependencies"]
    except (ValueError, KeyError):
        why = errors.strip().splitlines()[-1:] or ["no answer"]
        return NOT_ASKED, f"NOBODY COULD BE ASKED ABOUT ADVISORIES: {why[0]}"
    known = [
        f"  {each['name']} {each['version']}: {one['id']}, fixed in {', '.join(one['fix_versions']) or 'none yet'}"
        for each in packages
        for one in each.get("vulns", ())
    ]
    skipped = [each["skip_reason"] for each in packages if "skip_reason" in each]
    missing = (
        [f"{len(skipped)} OF {len(packages)} PACKAGES COULD NOT BE ASKED ABOUT: {skipped[0]}"]
        if skipped
        else []
    )
    if known:
        return KNOWN, "\n".join([f"{len(known)} ADVISORIES:", *known, *missing])
    if missing:
        return NOT_ASKED, missing[0]
    return CLEAN, f"nothing is known against the {len(packages)} packages"


if __name__ == "__main__":
    sys.exit(main())
