"""Remove what can be made again: caches, build results, the demo's data; `--all` takes `.venv` too."""

import argparse
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHES = (
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    ".import_linter_cache",
    ".hypothesis",
    "build",
    "var",
)


def main() -> None:
    """Delete and say what was deleted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="remove the environment as well")
    folders = [ROOT / name for name in CACHES]
    if parser.parse_args().all:
        folders.append(ROOT / ".venv")
    for folder in filter(Path.exists, folders):
        shutil.rmtree(folder)
        print(f"removed {folder.name}/")
    for cache in ROOT.rglob("__pycache__"):
        if ".venv" not in cache.relative_to(ROOT).parts:
            shutil.rmtree(cache)
    for file in ROOT.glob(".coverage*"):
        file.unlink()


if __name__ == "__main__":
    main()
