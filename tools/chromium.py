"""The browser of the browser tests: found on the machine, or installed when we may."""

import os
import subprocess
from pathlib import Path

from tools.outside import find

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
FONTS = "fonts-wqy-zenhei"
INSTALL_SECONDS = 600


def chromium() -> Path | None:
    """The browser's binary on this machine; None when there is none."""
    return find(*NAMES)


def ensure() -> Path | None:
    """The browser, installed first if it is missing, we are root, and there is apt-get."""
    missing = [
        package
        for package, is_there in (("chromium", chromium() is not None), (FONTS, _writes_chinese()))
        if not is_there
    ]
    apt = find("apt-get")
    if missing and apt and os.geteuid() == 0:
        _install(apt, missing)
    return chromium()


def _writes_chinese() -> bool:
    """Whether a font with Chinese characters is installed (screenshots show boxes without)."""
    if lister := find("fc-list"):
        done = subprocess.run([str(lister), ":lang=zh"], capture_output=True, check=False)
        return bool(done.stdout.strip())
    return False


def _install(apt: Path, packages: list[str]) -> None:
    print(f"installing {' '.join(packages)} with apt-get ...", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    install = ("install", "--yes", "--no-install-recommends", *packages)
    for command in (("update",), install):
        try:
            done = subprocess.run(
                [str(apt), "-qq", *command],
                env=environment,
                capture_output=True,
                text=True,
                timeout=INSTALL_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            print(f"apt-get {command[0]} did not end in {INSTALL_SECONDS} s", flush=True)
            return
        if done.returncode != 0:
            print(f"apt-get {command[0]} failed:\n{done.stderr[-1500:]}", flush=True)
