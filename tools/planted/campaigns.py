"""Planted bugs in who is written to, how often, and who agreed."""

from tools.planted.bug import Bug

RUNNING = "tests/campaigns/test_running.py"
HOLDING = "tests/campaigns/test_holding.py"
RULES = "tests/campaigns/test_rules.py"
MASS = "tests/campaigns/test_mass.py"
UNDER_WAY = "tests/campaigns/test_under_way.py"
OUTCOMES = "tests/campaigns/test_outcomes.py"
UNSENT = "tests/campaigns/test_mass_unsent.py"

BUGS = (
    Bug(
        "a send without an answer is repeated after the platform forgot it",
        "templates_msg/bulk.py",
        "not in refusing and _may_repeat(message, now)\n",
        "not in refusing and message.status != MessageStatus.SENT\n",
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
        (f"{HOLDING}::test_the_days_quota_ends_and_the_next_day_goes_on",),
    ),
    Bug(
        "the writer agrees to his own campaign",
        "campaigns/operations.py",
        "    if campaign.submitted_by == staff_id:\n        raise SamePerson\n",
        "",
        ("tests/console/campaigns/test_way.py::test_a_campaign_goes_its_way_from_draft_to_report",),
    ),
    Bug(
        "a mass send without an answer is made again after the platform forgot its mark",
        "campaigns/mass.py",
        "now - part.sent_at >= REPEAT_WITHIN",
        "part.accepted_at is not None",
        (f"{MASS}::test_after_a_day_without_an_answer_it_stays_unknown_and_is_never_sent_again",),
    ),
    Bug(
        "a mass send that the platform knows already counts as refused",
        "flows/campaign/mass_call.py",
        "if error.code == DUPLICATE:",
        "if error.code == DUPLICATE and error.unknown:",
        (f"{MASS}::test_no_answer_is_settled_by_the_number_of_the_first_call",),
    ),
    Bug(
        "a person gets a fifth mass send of the month",
        "campaigns/rules.py",
        "person.massed < MASS_A_MONTH",
        "person.massed <= MASS_A_MONTH",
        (f"{MASS}::test_four_a_month_over_all_channels_sends_by_hand_included",),
    ),
    Bug(
        "who opted out while a mass send rested for the night is written to",
        "flows/campaign/mass.py",
        "    if part.sent_at is not None:\n",
        "    if part.due_at is not None:\n",
        (
            f"{UNSENT}::test_who_opts_out_or_leaves_while_a_part_waits_for_the_next_day_gets_nothing",
        ),
    ),
    Bug(
        "a pause pressed while the draft of a mass send is made is not heeded",
        "flows/campaign/mass_call.py",
        "    if not may_send(campaign_id, run):\n        return None\n",
        "",
        (f"{UNSENT}::test_a_pause_while_the_draft_is_made_sends_nothing",),
    ),
    Bug(
        "a stopped mass send keeps the people of a call that was never made",
        "campaigns/operations.py",
        "    withdraw_unsent(campaign_id)\n",
        "",
        (
            "tests/campaigns/test_mass_held.py::test_stopped_before_the_call_its_people_are_given_back",
        ),
    ),
    Bug(
        "two chunks of one account are sent in the same time",
        "campaigns/recipients.py",
        "begins_at = max(now, pace.free_at)",
        "begins_at = now",
        (
            "tests/campaigns/test_pace.py::test_four_senders_of_whom_one_dies_keep_the_rate_together",
        ),
    ),
    Bug(
        "who opts out while his chunk is on its way is written to",
        "flows/campaign/posting.py",
        "            if letter.message.identity_id not in self.refusing:\n",
        "            if letter is not None:\n",
        (f"{UNDER_WAY}::test_who_opts_out_while_his_chunk_is_on_its_way_gets_nothing",),
    ),
    Bug(
        "a pause waits until the chunk is sent",
        "flows/campaign/posting.py",
        "    if not seen.goes_on:\n",
        "    if not seen:\n",
        (f"{UNDER_WAY}::test_a_pause_in_the_middle_of_a_chunk_stops_what_has_not_left",),
    ),
    Bug(
        "what the platform says later does not reach the person's row",
        "flows/campaign/outcomes.py",
        "    if settled is None or settled.purpose != PURPOSE:\n",
        "    if settled is None or settled.purpose:\n",
        (
            f"{OUTCOMES}::test_who_was_unknown_stands_where_the_outcome_says_that_can_only_be_his",
            f"{OUTCOMES}::test_early_or_late_a_word_means_the_same",
        ),
    ),
    Bug(
        "who is taken for his turn is counted as waiting still",
        "campaigns/counts.py",
        "    change.update(_tally(mine))\n",
        "",
        ("tests/campaigns/test_counts.py::test_the_page_of_a_running_campaign_looks_at_nobody",),
    ),
    Bug(
        "a banner of another province is changed",
        "catalog/banners.py",
        "Banner.number == number, Banner.node_id.in_(nodes))",
        "Banner.number == number)",
        (
            "tests/catalog/test_banners.py::test_an_edit_over_a_colleagues_and_of_another_place_is_refused",
            "tests/console/test_banners.py::test_everybody_keeps_those_of_his_part",
        ),
    ),
    Bug(
        "a banner is shown after its time",
        "catalog/banner_queries.py",
        "        Banner.shown_until > now,\n",
        "",
        ("tests/catalog/test_banners.py::test_a_banner_has_its_time_and_can_be_switched_off",),
    ),
)
