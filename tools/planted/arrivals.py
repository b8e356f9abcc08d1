"""Planted bugs in what is told to who knocks: taken when it is not, or a fault instead of a refusal."""

from tools.planted.bug import Bug

BUGS = (
    Bug(
        "a push that could not be stored is called stored",
        "handlers/messages.py",
        'return _counted(account_name, "not stored", TRY_AGAIN)',
        'return _counted(account_name, "not stored", NOTHING_TO_SAY)',
        (
            "tests/handlers/test_storing.py::test_without_the_database_the_platform_is_asked_to_come_again",
        ),
    ),
    Bug(
        "whoever waited in a lot that failed waits for ever",
        "flows/arrival/lots.py",
        "        finally:\n            _tell(lot, replies)\n",
        "        finally:\n            if replies:\n                _tell(lot, replies)\n",
        ("tests/flows/test_arrival_together.py::test_a_fault_of_ours_leaves_nobody_waiting",),
    ),
    Bug(
        "after a fault nobody gathers lots any more",
        "flows/arrival/lots.py",
        "            self._leader = None\n            _tell(self._waiting, {})",
        "            _tell(self._waiting, {})",
        ("tests/flows/test_arrival_together.py::test_a_fault_of_ours_leaves_nobody_waiting",),
    ),
    Bug(
        "more pushes than the database takes wait without an end",
        "flows/arrival/lots.py",
        "if place.until <= now]",
        "if False]",
        ("tests/flows/test_arrival_together.py::test_who_waits_longer_than_he_may_is_told_so",),
    ),
    Bug(
        "each push of a lot that took too long asks for a connection of its own",
        "flows/arrival/lots.py",
        " and len(lot) > 1:",
        " and not lot:",
        (
            "tests/flows/test_arrival_together.py"
            "::test_a_lot_that_takes_too_long_comes_again_in_smaller_ones",
        ),
    ),
    Bug(
        "a notice that could not be stored is called stored",
        "handlers/pay.py",
        'return _failed("not stored", 503)',
        "return Response(status=204)",
        ("tests/handlers/test_pay.py::test_without_the_table_the_notice_is_asked_for_again",),
    ),
    Bug(
        "an address of any length is drawn as a code",
        "storefront/sign_in.py",
        "len(target) > PATH_MAX or ",
        "",
        (
            "tests/storefront/test_sign_in.py::test_an_address_too_long_for_a_code_leads_to_the_front_page",
        ),
    ),
    Bug(
        "a configuration no parser reads ends the start with a trace",
        "wx_backend/config.py",
        "(OSError, ValueError, RecursionError)",
        "(OSError, tomllib.TOMLDecodeError)",
        ("tests/fuzzing/test_readers.py::test_a_configuration_no_parser_reads_is_a_bad_one",),
    ),
    Bug(
        "an amount in JSON may be no number",
        "wx_backend/strict.py",
        "    parse_constant=_constant,\n",
        "",
        ("tests/wx_backend/test_strict.py::test_ambiguous_or_hostile_json_is_refused",),
    ),
    Bug(
        "full-width digits are a whole number",
        "wx_backend/strict.py",
        "text.isascii() and ",
        "",
        ("tests/wx_backend/test_strict.py::test_a_whole_number_is_ascii_digits",),
    ),
    Bug(
        "a reply carries what XML cannot",
        "wechat/replies.py",
        "self.msg_type, _cleaned(self.content()))",
        "self.msg_type, self.content())",
        (
            "tests/wechat/test_replies.py::test_any_text_anywhere_survives_as_both_forms_can_hold_it",
        ),
    ),
)
