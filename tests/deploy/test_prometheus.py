"""Prometheus as it is set up finds every process, is answered by it, and knows our rules."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from wx_backend.config import Config

ROOT: Final = Path(__file__).parents[2]
CURRENT: Final = "/opt/wx-backend/current/"
TOKEN: Final = "5e" * 32
SETTINGS: Final = (ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text("utf-8")
JOB: Final = SETTINGS.partition("scrape_configs:")[2]
TARGETS: Final = re.findall(r'"([\d.]+:\d+)"', JOB)


@pytest.fixture
def config(config: Config) -> Config:
    """As operations.md says: the token, and the host that is asked for."""
    return replace(
        config,
        guard=replace(config.guard, monitors=(), monitor_token=TOKEN),
        service=replace(config.service, extra_hosts=("127.0.0.1",)),
    )


def asked(app: Flask, target: str, token: str) -> TestResponse:
    headers = {"Authorization": f"Bearer {token}"}
    return app.test_client().get("/metrics", base_url=f"http://{target}", headers=headers)


def test_every_process_there_is_is_asked() -> None:
    site = (ROOT / "deploy" / "nginx" / "wx-backend.conf").read_text("utf-8")
    assert sorted(TARGETS) == sorted(re.findall(r"^\s+server (127\.\S+) ", site, re.MULTILINE))


def test_each_is_answered_by_the_host_it_is_asked_for(app: Flask) -> None:
    for target in TARGETS:
        assert "wx_overdue_seconds" in asked(app, target, TOKEN).text
        assert asked(app, target, TOKEN[::-1]).status_code == 403
    assert asked(app, "10.0.0.11:8101", TOKEN).status_code == 400


def test_the_rules_are_there_and_know_the_job() -> None:
    files = re.findall(r"^  - (/\S+)$", SETTINGS, re.MULTILINE)
    rules = [(ROOT / name.removeprefix(CURRENT)).read_text("utf-8") for name in files]
    assert len(rules) == 1
    jobs = set(re.findall(r"job_name: (\S+)", JOB))
    assert set(re.findall(r'job="([^"]+)"', rules[0])) == jobs == {"wx-backend"}
