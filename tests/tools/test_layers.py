"""No package escapes the checks: each stands in the layers, and its lines are counted."""

import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
AROUND = {"simulator", "demo", "tools", "bench", "migrations", "tests"}


def settings() -> dict[str, Any]:
    tool: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    return tool


def packages() -> set[str]:
    """The packages of the service itself."""
    return {path.parent.name for path in ROOT.glob("*/__init__.py")} - AROUND


def test_every_package_stands_in_a_layer() -> None:
    importlinter = settings()["importlinter"]
    layers = next(row for row in importlinter["contracts"] if row["id"] == "layers")["layers"]
    named = {name.strip("() ") for layer in layers for name in layer.replace(":", "|").split("|")}
    assert packages() - {"wx_backend"} <= named
    assert packages() <= set(importlinter["root_packages"])


def test_the_rules_for_the_service_name_every_package() -> None:
    contracts = {row["id"]: row for row in settings()["importlinter"]["contracts"]}
    assert packages() <= set(contracts["service"]["source_modules"])
    outside = {"wechat", "billing", "sms"}
    assert packages() - outside <= set(contracts["network"]["source_modules"])


def test_every_package_counts_for_the_coverage() -> None:
    assert packages() <= set(settings()["slipcover"]["source"].split(","))
