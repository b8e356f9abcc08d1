"""Whether this process lives (/healthz), can work (/readyz), and its figures (/metrics)."""

from collections.abc import Mapping
from typing import Final

from flask import Blueprint, Response, current_app, jsonify
from sqlalchemy import text

from flows.repair import TABLES
from payments.desk import count_open_exceptions
from reconciliation.differences import count_open_differences
from wechat.pay.error_codes import SIGNATURE_REFUSED
from wx_backend import backlog, clock, platform
from wx_backend.db import db
from wx_backend.stops import Line, open_stops, stopped_places

bp = Blueprint("health", __name__)

BACKED_UP: Final = "backed-up"  # deploy/backup/backup.sh touches it


@bp.get("/healthz")
def live() -> Response:
    """The process answers; nothing else is asked."""
    return jsonify(status="ok")


@bp.get("/readyz")
def ready() -> tuple[Response, int]:
    """The database answers and has the schema this version needs, or a later version's."""
    from wx_backend import migrate  # Alembic is not needed to serve

    try:
        at = db.session.scalar(text("SELECT version_num FROM alembic_version"))
    except Exception as error:  # noqa: BLE001 - any fault means not ready
        current_app.logger.warning("not ready", extra={"error": repr(error)})
        return jsonify(status="database away"), 503
    finally:
        db.session.rollback()
    if migrate.is_behind(at):
        return jsonify(status="schema is behind this version", at=at), 503
    return jsonify(status="ok"), 200


@bp.get("/metrics")
def metrics() -> Response:
    """Figures for Prometheus: this process's own, and from the database the backlog and what does not fit."""
    from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

    lines = generate_latest(REGISTRY).decode()
    asked = "".join([*_backlog(), *_money(), *_backup()])
    return Response(lines + asked, mimetype=CONTENT_TYPE_LATEST)


def _backlog() -> list[str]:
    now = clock.now()
    lines = [
        "# HELP wx_rows Rows of work by table and state\n# TYPE wx_rows gauge\n",
    ]
    ages = [
        "# HELP wx_overdue_seconds Age of the oldest due row\n# TYPE wx_overdue_seconds gauge\n"
    ]
    for label, table in TABLES.items():
        work = backlog.backlog_of(table, now)
        for status, count in (("pending", work.pending), ("dead", work.dead)):
            lines.append(f'wx_rows{{table="{label}",status="{status}"}} {count}\n')
        oldest = work.oldest_due_at
        age = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
        ages.append(f'wx_overdue_seconds{{table="{label}"}} {age:.3f}\n')
    unsigned = backlog.refused_with(SIGNATURE_REFUSED).count
    lines.append(f'wx_rows{{table="job",status="signature refused"}} {unsigned}\n')
    held = open_stops()
    stopped = ["# HELP wx_stopped Lines of outgoing work that are held\n# TYPE wx_stopped gauge\n"]
    stopped += [f'wx_stopped{{line="{line}"}} {int(line in held)}\n' for line in Line]
    stopped += [f'wx_stopped{{line="payouts_of_places"}} {int(bool(stopped_places()))}\n']
    return lines + ages + stopped


def _money() -> list[str]:
    return [
        *_counted("wx_open_exceptions", "Money that did not fit", count_open_exceptions()),
        *_counted("wx_open_differences", "Where bill and books disagree", count_open_differences()),
    ]


def _counted(name: str, what: str, counts: Mapping[str, int]) -> list[str]:
    lines = [f'{name}{{kind="{kind}"}} {count}\n' for kind, count in counts.items()]
    return [f"# HELP {name} {what}\n# TYPE {name} gauge\n", *lines]


def _backup() -> list[str]:
    """How long ago the last backup was made; without any, longer than anything."""
    name, made = "wx_backup_age_seconds", platform.config().service.data_dir / BACKED_UP
    try:
        age = f"{max(0.0, clock.now().timestamp() - made.stat().st_mtime):.0f}"
    except FileNotFoundError:
        age = "+Inf"
    return [f"# HELP {name} Age of the newest backup\n# TYPE {name} gauge\n", f"{name} {age}\n"]
