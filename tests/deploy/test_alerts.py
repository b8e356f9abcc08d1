"""Each fault raises the alert that is named for it, and no other; without a fault there is none."""

import json
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from flask import Flask
from prometheus_client import REGISTRY

from flows.payment.address import NOTICE_PATH
from handlers.pager import create_pager
from payments.exceptions import close_exception, open_exception
from payments.models import ExceptionKind
from reconciliation.differences import end_vanished, record
from reconciliation.models import DifferenceClass
from reconciliation.values import Finding
from tests.deploy.promql import Figures, figures, holds
from tests.handlers.alertmanager import notification
from tests.handlers.conftest import Desk, desk_of, outage, platform_of
from tests.handlers.notices import with_merchant
from tests.handlers.outages import Outage
from tests.handlers.platform import text
from tests.simulator.stage import Stage
from wx_backend import bell, clock, stops
from wx_backend.claims import WorkStatus
from wx_backend.config import Alerts, Config
from wx_backend.config_guard import DEFAULTS
from wx_backend.db import db, transaction
from wx_backend.errors import TooMany
from wx_backend.health import BACKED_UP
from wx_backend.limits import hold_to
from wx_backend.outbox import CALL, Job

__all__ = ["outage"]
DEPLOY: Final = Path(__file__).parents[2] / "deploy"
ALERT: Final = re.compile(
    r"- alert: (\w+)\n\s+expr: (.+)\n(?:.+\n)*?\s+labels: \{severity: (\w+)\}"
)
ALERTS: Final = {
    name: (expression, severity)
    for name, expression, severity in ALERT.findall(
        (DEPLOY / "prometheus" / "alerts.yml").read_text("utf-8")
    )
}
PAGER: Final = "http://127.0.0.1:8121"  # wx-pager@8121
BY_PROMETHEUS: Final = {"WxDown"}  # it asks, and nobody answers


@dataclass
class Site:
    """The service, its platform, and what a monitor read first."""

    app: Flask
    config: Config
    outage: Outage
    desk: Desk
    before: Figures = field(default_factory=dict)

    def read(self) -> Figures:
        db.session.rollback()
        return figures(self.app.test_client().get("/metrics").text)

    def raised(self) -> set[str]:
        """The alerts that hold by now."""
        now = self.read()
        asked = {name: each for name, (each, _) in ALERTS.items() if name not in BY_PROMETHEUS}
        return {name for name, each in asked.items() if holds(each, self.before, now)}


@pytest.fixture
def config(config: Config, tmp_path: Path) -> Config:
    return with_merchant(config, tmp_path)


@pytest.fixture
def site(app: Flask, config: Config, outage: Outage) -> Site:
    made = Site(app, config, outage, desk_of(app))
    (config.service.data_dir / BACKED_UP).touch()
    made.before = made.read()
    return made


def database_away(site: Site) -> None:
    city = platform_of(site.config, "city")
    db.session.remove()
    with site.outage():
        assert site.desk(city.safe(text())).status_code == 503


def forged_pushes(site: Site) -> None:
    sent = platform_of(site.config, "city").safe(text())
    forged = type(sent)({**sent.query, "msg_signature": "0" * 40}, sent.body)
    for _ in range(51):
        assert site.desk(forged).status_code == 403


def forged_notices(site: Site) -> None:
    client = site.app.test_client()
    for _ in range(6):
        assert client.post(NOTICE_PATH, data=b"{}").status_code == 401


def phones_tried(site: Site) -> None:
    at = clock.now()
    with pytest.MonkeyPatch.context() as patch, site.app.test_request_context():
        patch.setattr(clock, "now", lambda: at)  # they are counted by the minute
        for _ in range(DEFAULTS["phone"].session):
            hold_to("phone", "staff:1")
        with pytest.raises(TooMany):
            hold_to("phone", "staff:1")


def bell_failed(_: Site) -> None:
    def failed() -> float | None:
        return REGISTRY.get_sample_value("wx_bell_failed_total")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bell, "PAUSE_AFTER_FAILURE_SECONDS", 0.01)
        bell.install("unix:///nowhere/valkey.sock")
        for _ring in range(6):
            before = failed()
            bell.ring("work")
            end = time.monotonic() + 30
            while failed() == before and time.monotonic() < end:
                time.sleep(0.005)
        bell.install(None)


def work_left_lying(_: Site) -> None:
    _job(due_before=timedelta(minutes=6))


def work_given_up(_: Site) -> None:
    _job(status=WorkStatus.DEAD)


def signature_refused(_: Site) -> None:
    said = "PlatformError('/v3/refund/domestic/refunds: SIGN_ERROR 签名时间戳已过期')"
    _job(due_before=-timedelta(minutes=1), last_error=said)


def _job(
    *,
    status: str = WorkStatus.PENDING,
    due_before: timedelta = timedelta(),
    last_error: str | None = None,
) -> None:
    now = clock.now()
    with transaction():
        db.session.add(
            Job(
                name="publish",
                queue=CALL,
                arguments={},
                status=status,
                created_at=now,
                due_at=now - due_before,
                attempts=0,
                last_error=last_error,
            )
        )


def line_held(_: Site) -> None:
    with transaction():
        stops.stop(line=stops.Line.REFUNDS, reason="试", by="command:it", now=clock.now())


def money_that_does_not_fit(_: Site) -> None:
    with transaction():
        open_exception(kind=ExceptionKind.MISMATCH, key="PY1", details={}, now=clock.now())


def books_that_differ(_: Site) -> None:
    found = Finding(DifferenceClass.MISSING_HERE, "payment:PY1", theirs_fen=100)
    with transaction():
        now = clock.now()
        record(on=clock.business_on(now), finding=found, owner_node_id=None, now=now)


def backups_that_stopped(site: Site) -> None:
    (site.config.service.data_dir / BACKED_UP).unlink()


DRILLS: Final[Mapping[str, Callable[[Site], None]]] = {
    "WxPushesNotStored": database_away,
    "WxPushesRefused": forged_pushes,
    "WxPayNoticesRefused": forged_notices,
    "WxPaySignatureRefused": signature_refused,
    "WxPhonesTriedOut": phones_tried,
    "WxBellFailed": bell_failed,
    "WxWorkOverdue": work_left_lying,
    "WxWorkGaveUp": work_given_up,
    "WxStopped": line_held,
    "WxMoneyDoesNotFit": money_that_does_not_fit,
    "WxBooksDiffer": books_that_differ,
    "WxBackupMissing": backups_that_stopped,
}


def test_every_alert_has_its_drill() -> None:
    assert DRILLS.keys() | BY_PROMETHEUS == ALERTS.keys()
    assert len(ALERTS) == (DEPLOY / "prometheus" / "alerts.yml").read_text("utf-8").count("alert:")


@pytest.mark.parametrize("name", DRILLS)
def test_a_fault_raises_its_alert_and_no_other(site: Site, name: str) -> None:
    assert site.raised() == set()
    DRILLS[name](site)
    assert site.raised() == {name}


def test_what_was_put_right_raises_nothing_any_more(site: Site) -> None:
    money_that_does_not_fit(site)
    books_that_differ(site)
    with transaction():
        now = clock.now()
        close_exception(
            kind=ExceptionKind.MISMATCH, key="PY1", by="staff:1", resolution="已退", now=now
        )
        end_vanished(on=clock.business_on(now), seen=(), now=now)
    assert site.raised() == set()


@pytest.mark.parametrize(("hours", "raised"), [(11, set()), (13, {"WxBackupMissing"})])
def test_two_backups_that_did_not_come_are_heard_of(
    site: Site, hours: int, raised: set[str]
) -> None:
    made = (clock.now() - timedelta(hours=hours)).timestamp()
    os.utime(site.config.service.data_dir / BACKED_UP, (made, made))
    assert site.raised() == raised


def test_every_severity_reaches_somebody() -> None:
    routes = (DEPLOY / "prometheus" / "alertmanager.yml").read_text("utf-8")
    receivers = set(re.findall(r"- name: (\w+)", routes))
    assert {severity for _, severity in ALERTS.values()} == receivers
    assert set(re.findall(r"receiver: (\w+)", routes)) == receivers
    assert re.findall(rf"url: {PAGER}/alerts/(\w+)", routes) == sorted(receivers)


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_that_is_raised_is_read_on_a_phone(
    config: Config, wechat: Stage, name: str
) -> None:
    """From what Alertmanager posts for it to the phone that `[alerts]` names for its severity."""
    phones = {"page": "13800138000", "ticket": "13900139000"}
    config = replace(config, alerts=Alerts(**{each: (phone,) for each, phone in phones.items()}))
    severity = ALERTS[name][1]
    answer = (
        create_pager(config)
        .test_client()
        .post(f"/alerts/{severity}", json=notification("what is wrong", name=name))
    )
    assert answer.status_code == 200
    (text,) = wechat.control("GET", "/sms")["sms"]
    assert text["phone"] == phones[severity]
    assert name in text["text"]


def test_every_panel_is_about_a_figure_there_is(app: Flask) -> None:
    desk_of(app)  # the push door has figures of its own, from its start
    there = {name for name, _ in figures(app.test_client().get("/metrics").text)}
    board = json.loads((DEPLOY / "grafana" / "wx-backend.json").read_text("utf-8"))
    asked = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    named = {name for each in asked for name in re.findall(r"\b(?:wx|process)_\w+", each)}
    assert len(named) >= 8
    assert named <= there
    assert {
        name for name in there if name.startswith("wx_") and not name.endswith("_created")
    } <= named
