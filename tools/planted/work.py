"""Planted bugs in how work is stored, claimed, repeated and told apart from noise."""

from tools.planted.bug import Bug

BUGS = (
    Bug(
        "a worker stopped past its lease still records",
        "wx_backend/claims.py",
        "            table.attempts == held.attempt,\n",
        "",
        ("tests/wx_backend/test_claims.py::test_finishing_under_an_old_attempt_is_refused",),
    ),
    Bug(
        "a rollback rings all the same",
        "wx_backend/bell.py",
        "    if session.in_nested_transaction():\n        return  # a savepoint: nobody else sees its rows yet\n",
        "",
        ("tests/wx_backend/test_bell.py::test_a_savepoint_that_ends_well_is_no_commit",),
    ),
    Bug(
        "a message without an answer is sent again for ever",
        "templates_msg/operations.py",
        "        if not _is_repeatable(message, now):\n",
        "        if False and not _is_repeatable(message, now):\n",
        (
            "tests/templates_msg/test_sending.py::test_what_the_platform_cannot_recognise_is_never_repeated",
        ),
    ),
    Bug(
        "a message whose sender gave up is being sent for ever",
        "flows/campaign/outcomes.py",
        "    given_up = outcomes.give_up_sending(now=now)\n",
        "    given_up = 0\n",
        (
            "tests/flows/test_messages.py::test_a_message_whose_job_gave_up_after_the_call_is_settled_nevertheless",
        ),
    ),
    Bug(
        "locked rows are the ones seen before",
        "wx_backend/db.py",
        "    fresh = held.execution_options(populate_existing=True)\n",
        "    fresh = held\n",
        (
            "tests/wx_backend/test_db.py::test_locked_is_fresh_even_for_a_row_this_transaction_has_read",
        ),
    ),
    Bug(
        "openids are written into the log",
        "wx_backend/log.py",
        '    text = _OPENID.sub("[openid]", text)\n',
        "",
        ("tests/wx_backend/test_log.py::test_people_are_masked",),
    ),
    Bug(
        "of two equal keys in JSON the last one counts",
        "wx_backend/strict.py",
        "object_pairs_hook=",
        "object_hook=None and ",
        ("tests/wx_backend/test_strict.py::test_ambiguous_or_hostile_json_is_refused",),
    ),
    Bug(
        "who falls silent in a transaction keeps his locks",
        "wx_backend/engine.py",
        'f" -c idle_in_transaction_session_timeout={IDLE_MS} -c timezone=UTC"',
        '" -c timezone=UTC"',
        (
            "tests/wx_backend/test_silent_clients.py::test_whoever_falls_silent_in_a_transaction_gives_his_locks_up",
        ),
    ),
    Bug(
        "a number larger than any row's is looked for",
        "wx_backend/row_ids.py",
        "        if number > ID_MAX:\n            raise ValidationError\n",
        "",
        (
            "tests/wx_backend/test_row_ids.py::test_a_number_no_database_could_look_for_leads_nowhere",
        ),
    ),
)
