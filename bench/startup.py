"""Start-up of the web process: what it loads, beside the same with every library loaded at once.

    python -m bench.startup [rounds]

Interleaved starts of fresh interpreters; prints medians of CPU seconds and their ratio.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.goals import tell
from wx_backend import migrate

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "tests" / "config.toml"
WEB = "import wsgi"
EVERYTHING = (
    "import wsgi, redis, rq, wechatpy, wechatpy.client, urllib3, PIL.Image, zxingcpp,"
    " cryptography.x509, alembic.command"
)


def cpu_seconds(code: str, environment: dict[str, str]) -> float:
    """User and system time of a fresh interpreter that runs `code`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/wx.sqlite"
        migrate.upgrade(url=url)
        config = Path(folder) / "config.toml"
        text = SAMPLE.read_text("utf-8").replace("sqlite:///replaced-by-the-fixture", url)
        config.write_text(text.replace('data_dir = "var"', f'data_dir = "{folder}"'), "utf-8")
        environment = os.environ | {"WX_CONFIG": str(config)}
        times = [
            (cpu_seconds(WEB, environment), cpu_seconds(EVERYTHING, environment))
            for _ in range(rounds + 1)
        ][1:]
    web = statistics.median(web for web, _ in times)
    everything = statistics.median(whole for _, whole in times)
    ratios = [web / whole for web, whole in times]
    print(f"start of web, {rounds} rounds, CPU seconds, medians")
    print(f"web application               {web:.2f}")
    print(f"the same, nothing left lazy   {everything:.2f}")
    tell("start of the web process: CPU against everything loaded", ratios)


if __name__ == "__main__":
    main()
