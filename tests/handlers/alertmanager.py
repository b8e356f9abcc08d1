"""What Prometheus's Alertmanager posts to a webhook, as it documents it (version 4)."""

from typing import Any, Final

BEGAN: Final = "2026-03-02T08:17:05.123456789Z"


def notification(
    *summaries: str, status: str = "firing", name: str = "WxDown", began: str = BEGAN
) -> dict[str, Any]:
    """A group of alerts of one name, each with a summary of its own."""
    alerts = [
        {
            "status": status,
            "labels": {"alertname": name, "severity": "page"},
            "annotations": {"summary": each},
            "startsAt": began,
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://127.0.0.1:9090/graph",
            "fingerprint": f"{number:016x}",
        }
        for number, each in enumerate(summaries)
    ]
    return {
        "version": "4",
        "groupKey": f'{{}}/{{severity="page"}}:{{alertname="{name}"}}',
        "truncatedAlerts": 0,
        "status": status,
        "receiver": "page",
        "groupLabels": {"alertname": name},
        "commonLabels": {"alertname": name, "severity": "page"},
        "commonAnnotations": {},
        "externalURL": "http://127.0.0.1:9093",
        "alerts": alerts,
    }
