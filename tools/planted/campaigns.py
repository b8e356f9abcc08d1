"""Planted bugs in who is written to, how often, and who agreed."""

from tools.planted.bug import Bug

RUNNING = "tests/campaigns/test_running.py"
RULES = "tests/campaigns/test_rules.py"

BUGS = (
    Bug(
        "a send without an answer is repeated after the platform forgot it",
        "templates_msg/bulk.py",
        "is_new or _may_repeat(message, now) else None",
        "is_new or message.status != MessageStatus.SENT else None",
        (
            "tests/campaigns/test_crashes.py::test_who_comes_back_after_the_window_leaves_it_at_unknown",
            "tests/campaigns/test_crashes.py::test_what_has_no_mark_is_never_sent_again_after_a_death",
        ),
    ),
    Bug(
        "promotion goes by template message",
        "campaigns/rules.py",
        "    if terms.campaign_class is CampaignClass.SERVICE:\n",
        "    if person.has_event:\n",
        (f"{RULES}::test_a_promotion_never_goes_by_template_message",),
    ),
    Bug(
        "who opted out is written to",
        "campaigns/rules.py",
        "    if person.has_opted_out:\n        return Reason.OPTED_OUT\n",
        "",
        (f"{RUNNING}::test_who_opts_out_or_leaves_during_the_run_is_left_out",),
    ),
    Bug(
        "the reserve for messages people wait for is used up",
        "campaigns/rules.py",
        "remaining - daily_limit * RESERVE_BP // 10_000",
        "remaining",
        (f"{RUNNING}::test_the_days_quota_ends_and_the_next_day_goes_on",),
    ),
    Bug(
        "the writer agrees to his own campaign",
        "campaigns/operations.py",
        "    if campaign.submitted_by == staff_id:\n        raise SamePerson\n",
        "",
        ("tests/console/test_campaigns.py::test_a_campaign_goes_its_way_from_draft_to_report",),
    ),
)
