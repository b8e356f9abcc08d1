"""A file is there whole or not at all, also when its disk is full."""

import subprocess
import sys
from pathlib import Path

from wx_backend.whole_file import keep_file

ROOT = Path(__file__).parents[2]
# Past a limit of its own size a file cannot be written on, as on a full disk.
LIMITED = """
import resource, sys
from pathlib import Path
from wx_backend.whole_file import keep_file
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000))
try:
    keep_file(Path(sys.argv[1]), b"x" * 5_000)
except OSError:
    sys.exit(9)
"""


def test_what_could_not_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    place = tmp_path / "pictures" / "one.jpg"
    command = [sys.executable, "-B", "-c", LIMITED, str(place)]
    done = subprocess.run(command, cwd=ROOT, check=False)
    assert done.returncode == 9
    assert [*place.parent.iterdir()] == []
    keep_file(place, b"whole")
    assert [*place.parent.iterdir()] == [place]
