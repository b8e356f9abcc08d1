"""Every job somebody may defer is known to the worker before it claims the first row."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
DECLARED = re.compile(r'^@(?:remote_)?job\("([a-z_.]+)"', re.MULTILINE)
PACKAGES = (
    *(
        "flows",
        "orders",
        "payments",
        "referral",
        "campaigns",
        "settlement",
        "templates_msg",
        "menus",
    ),
    *("members", "org", "catalog", "ledger", "handlers", "storefront", "wx_backend"),
)


def test_the_worker_knows_every_job_of_the_tree() -> None:
    declared = {
        name
        for package in PACKAGES
        for file in (ROOT / package).rglob("*.py")
        for name in DECLARED.findall(file.read_text("utf-8"))
    }
    program = (
        "import wx_backend.worker;"
        "from wx_backend.outbox import registered_jobs; print(*registered_jobs())"
    )
    known = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=True, text=True
    )

    assert declared >= {"payment.query", "identity.refresh"}
    assert set(known.stdout.split()) == declared
