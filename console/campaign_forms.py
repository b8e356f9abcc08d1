"""What was typed into the campaign editor, checked and typed."""

from datetime import datetime
from typing import Any, Final

from flask import request
from werkzeug.datastructures import MultiDict

from campaigns.guard import RULES
from campaigns.models import CampaignClass
from campaigns.operations import Plan
from console.pages import as_moment, moment_as_typed, text
from console.segment_forms import segment_as_typed, segment_typed, whole
from flows.campaign.desk import CampaignFile
from flows.campaign.texts import TEXT_MAX, Variant
from orders.buyers import SERVICE_EVENTS
from wx_backend.errors import BadInput
from wx_backend.words import printable_lines

VARIANTS: Final = ("A", "B", "C")
FIELD: Final = "field-"
RATE_MAX: Final = 500
USUAL: Final = {
    "event_days": "30",
    "rate_per_second": "50",
    "control_percent": "0",
    "cap_messages": "4",
    "cap_days": "30",
}
RULE_NAMES: Final = {rule.name: rule.says for rule in RULES}


def plan_typed() -> Plan:
    """The plan in the form. Raises BadInput naming the field at fault."""
    klass = request.form.get("campaign_class", "")
    if klass not in set(CampaignClass):
        raise BadInput("请选择活动类别", fields=["campaign_class"])
    name, purpose = text("name", request.form), _long("purpose", 200)
    if not name or not purpose:
        raise BadInput("请填写名称和目的", fields=["name", "purpose"])
    is_notice, is_mass = klass == CampaignClass.SERVICE, klass == CampaignClass.MASS
    event = text("service_event", request.form)
    if is_notice and event not in SERVICE_EVENTS:
        raise BadInput("服务通知须选择对应的服务事件", fields=["service_event"])
    return Plan(
        name=name,
        campaign_class=klass,
        purpose=purpose,
        service_event=event if is_notice else None,
        event_days=whole("event_days", 1, 365, 30),
        template_id=None if is_mass else request.form.get("template_id", "")[:64] or None,
        content=_article() if is_mass else _messages(is_notice),
        segment=segment_typed().as_json(),
        product_number=text("landing", request.form)[:32] or None,
        starts_at=_starts_at(),
        rate_per_second=whole("rate_per_second", 1, RATE_MAX, 50),
        control_bp=whole("control_percent", 0, 50, 0) * 100,
        cap_messages=whole("cap_messages", 1, 100, 4),
        cap_days=whole("cap_days", 1, 90, 30),
    )


def campaign_as_typed(file: CampaignFile | None) -> MultiDict[str, str]:
    """A campaign as the editor's fields; those of an empty one without."""
    if file is None:
        return MultiDict(USUAL)
    row, typed = file.row, segment_as_typed(file.segment)
    typed.update(
        {
            "name": row.name,
            "campaign_class": row.campaign_class,
            "purpose": row.purpose,
            "service_event": row.service_event or "",
            "event_days": str(row.event_days),
            "template_id": row.template_id or "",
            "article_id": row.content.get("media_id", ""),
            "landing": row.product_number or "",
            "starts_at": moment_as_typed(row.starts_at) if row.starts_at else "",
            "rate_per_second": str(row.rate_per_second),
            "control_percent": str(row.control_bp // 100),
            "cap_messages": str(row.cap_messages),
            "cap_days": str(row.cap_days),
        }
    )
    for each in file.variants:
        name = each.variant.name
        typed[f"text-{name}"] = each.variant.text
        typed.update({f"{FIELD}{name}-{key}": said for key, said in each.variant.fields.items()})
    return typed


def _article() -> dict[str, Any]:
    """A mass send has one article instead of texts; the flow adds what it says."""
    return {"variants": [], "media_id": request.form.get("article_id", "")[:128]}


def _messages(is_notice: bool) -> dict[str, Any]:
    return {"variants": [each.as_json() for each in _variants(is_notice)]}


def _variants(is_notice: bool) -> list[Variant]:
    """The texts that were filled in; the first one always is there."""
    found = []
    for name in VARIANTS:
        prefix = f"{FIELD}{name}-"
        typed = {
            key.removeprefix(prefix)[:40]: _long(key, 100)
            for key in request.form
            if key.startswith(prefix)
        }
        said = "" if is_notice else _long(f"text-{name}", TEXT_MAX)
        if name == VARIANTS[0] or any(typed.values()) or said:
            found.append(Variant(name, typed, said))
    return found


def _starts_at() -> datetime | None:
    """`2026-03-02T12:00` in Shanghai; empty for at once."""
    typed = text("starts_at", request.form)
    return as_moment(typed, "starts_at") if typed else None


def _long(name: str, most: int) -> str:
    """Text of several lines, cut to size, without what cannot be shown."""
    typed = request.form.get(name, "").replace("\r\n", "\n").strip()
    return printable_lines(typed)[:most]
