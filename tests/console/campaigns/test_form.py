"""The form of a campaign: nonsense makes none, and what was typed stays."""

import html
import re

import pytest
from sqlalchemy import select

from campaigns.models import Campaign
from campaigns.operations import Plan
from tests.console.campaigns.conftest import FORM, made, row
from tests.console.desk import Desk
from wx_backend.db import db


@pytest.mark.parametrize(
    "form",
    [
        {"name": ""},
        {"campaign_class": "spam"},
        {"service_event": "birthday"},
        {"rate_per_second": "0"},
        {"rate_per_second": "１０"},
        {"control_percent": "51"},
        {"starts_at": "tomorrow"},
        {"followed_days": "-1"},
        {"ordered": "maybe"},
        {"landing": "PD0"},
    ],
)
def test_nonsense_makes_no_campaign(writer: Desk, form: dict[str, str]) -> None:
    assert writer.post("/campaigns", **{**FORM, **form}).status_code == 400
    assert db.session.scalars(select(Campaign)).all() == []


def test_the_editor_shows_a_campaign_as_it_is(writer: Desk) -> None:
    """Whoever mends a word and saves changes nothing else: not how many are held out, nor how often people hear."""
    unusual = {
        "service_event": "order_refunded",
        "event_days": "7",
        "rate_per_second": "5",
        "control_percent": "20",
        "cap_messages": "1",
        "cap_days": "7",
        "starts_at": "2040-01-02T09:30",
        "followed_days": "11",
        "quiet_days": "45",
        "ordered": "paid",
        "is_list": "1",
    }
    path = made(writer, **unusual)
    before = Plan.of(row())
    assert (
        writer.post(f"{path}/edit", **shown_in(writer.get(f"{path}/edit").text)).status_code == 302
    )
    assert Plan.of(row()) == before
    shown = shown_in(writer.get(f"{path}/edit").text)
    assert {name: shown[name] for name in unusual} == unusual


def shown_in(page: str) -> dict[str, str]:
    """What a browser would send of the editor, saved as it was opened."""
    (form,) = re.findall(r'<form method="post" action="[^"]*/edit">.*?</form>', page, re.DOTALL)
    sent: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        has = dict(re.findall(r'(\S+?)="([^"]*)"', tag))
        if has.get("type") != "checkbox" or " checked" in tag:
            sent[has["name"]] = html.unescape(has.get("value", ""))
    for name, said in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', form):
        sent[name] = html.unescape(said)
    for name, offered in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form):
        options = re.findall(r'<option value="([^"]*)"( selected)?', offered)
        chosen = [value for value, is_chosen in options if is_chosen]
        sent[name] = (chosen or [options[0][0]])[0]
    return sent


def test_a_refused_form_comes_back_as_it_was_typed(writer: Desk) -> None:
    typed = {**FORM, "name": "写了很久的活动", "quiet_days": "45", "rate_per_second": "900"}
    refused = writer.post("/campaigns", **typed)
    assert refused.status_code == 400
    for kept in ("写了很久的活动", 'value="45"', 'value="900"', "提醒已购机客户领取发票"):
        assert kept in refused.text
    assert "应为 1 到 500 的整数" in refused.text
    assert 'aria-describedby="fault-rate_per_second"' in refused.text

    path = made(writer)
    again = writer.post(f"{path}/edit", **{**FORM, "purpose": "改过的目的", "landing": "PD0"})
    assert again.status_code == 400
    assert "改过的目的" in again.text
    assert "没有这个商品" in again.text
    assert row().purpose == FORM["purpose"]
