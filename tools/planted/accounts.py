"""Planted bugs in what is shown and answered under an account, and in what is held."""

from tools.planted.bug import Bug

BUGS = (
    Bug(
        "a menu is published before the account's own was read",
        "flows/menus/publishing.py",
        "    if adoption_of(appid) is None:\n",
        "    if False and adoption_of(appid) is None:\n",
        (
            "tests/flows/menus/test_adopting.py::test_an_account_is_adopted_once_and_before_anything_is_published",
        ),
    ),
    Bug(
        "personal menus are made in the order they are read",
        "menus/converging.py",
        "for each in reversed(wanted.personal)]",
        "for each in wanted.personal]",
        (
            "tests/flows/menus/test_publishing.py::test_a_draft_is_published_with_its_personal_menus",
        ),
    ),
    Bug(
        "a rep who gets another tag loses his menu",
        "flows/tags/telling.py",
        "        if is_given:\n            _keep_reps_menu([*batch])\n",
        "",
        (
            "tests/flows/menus/test_rep_tags.py::test_a_rep_who_gets_another_tag_later_keeps_his_menu",
        ),
    ),
    Bug(
        "who was told of without an answer is not taken out again",
        "members/tags/models.py",
        "HAVING: Final = (There.YES, There.ASKED, There.AGAIN)\n",
        "HAVING: Final = (There.YES, There.AGAIN)\n",
        (
            "tests/flows/tags/test_telling.py::test_a_call_without_an_answer_is_made_again_and_the_tag_can_still_be_taken",
        ),
    ),
    Bug(
        "a word inside of a longer one is missed",
        "menus/words.py",
        "                self._best[child] = min(self._best[child], self._best[self._fall[child]])\n",
        "",
        ("tests/menus/test_words.py::test_the_first_word_in_rank_is_found",),
    ),
    Bug(
        "a change of the rules is not counted",
        "menus/operations.py",
        "        .values(revision=ReplyBook.revision + 1)\n",
        "        .values(revision=ReplyBook.revision)\n",
        (
            "tests/flows/test_known.py::test_changed_rules_are_in_force_within_seconds_and_read_only_then",
        ),
    ),
    Bug(
        "a restored copy goes on sending",
        "wx_backend/outbox.py",
        "where=[Job.queue == queue, *let_through])",
        "where=[Job.queue == queue])",
        (
            "tests/console/test_stops.py::test_a_stopped_line_waits_and_the_others_go_on",
            "tests/deploy/test_backup.py::test_a_restored_copy_is_whole_and_sends_nothing_until_it_is_let_go",
        ),
    ),
    Bug(
        "a price is halved by one person in many steps",
        "catalog/pricing.py",
        '            found = (event.details["from_fen"][0], event.details["from_fen"][1])\n',
        "            return found\n",
        ("tests/catalog/test_pricing.py::test_many_small_steps_are_one_large_one",),
    ),
    Bug(
        "who adds a variant to what is on the shelves offers it himself",
        "flows/product_desk.py",
        "        pricing.require_anothers(sku, by.actor)\n",
        "        pass\n",
        (
            "tests/console/test_product_editor.py::test_a_variant_added_on_the_shelves_is_offered_by_a_colleague",
        ),
    ),
    Bug(
        "who set a price lets it go on sale himself",
        "catalog/launch.py",
        "    if verdict is Verdict.APPROVED and actor in _set_prices(asked.product_id):\n",
        "    if verdict is Verdict.APPROVED and not asked.product_id:\n",
        ("tests/catalog/test_pricing.py::test_nobody_lets_a_price_go_on_sale_that_he_set_himself",),
    ),
    Bug(
        "who asked for a price agrees to it himself",
        "catalog/pricing.py",
        '    if asked.asked_by == actor:\n        raise SamePerson("不能审批自己提交的改价")\n',
        "",
        ("tests/catalog/test_pricing.py::test_nobody_changes_it_meanwhile_or_agrees_with_himself",),
    ),
)
