"""Many messages at once: what an answer may change of a message that moved on meanwhile."""

import pytest
from flask import Flask

from templates_msg.bulk import Answered, answer_all, begin_all
from templates_msg.models import MessageStatus
from templates_msg.operations import erase_texts
from tests.templates_msg.cast import CITY, NOON, bob, draft, message
from wx_backend.db import transaction


@pytest.mark.parametrize(
    "status", [MessageStatus.QUEUED, MessageStatus.UNKNOWN, MessageStatus.FAILED]
)
def test_who_was_erased_while_his_message_was_sent_stays_erased(
    app: Flask, status: MessageStatus
) -> None:
    assert app
    identity_id = bob()
    with transaction():
        (begun,) = begin_all([draft(identity_id)], now=NOON).values()
    with transaction():
        erase_texts(identity_id=identity_id, until=NOON)
    with transaction():
        answer_all(CITY, [Answered(id=begun.id, status=status, error="45009")], now=NOON)

    stands = message(begun.id)
    assert (stands.status, stands.error) == (MessageStatus.FAILED, "erased")


def test_what_the_platform_took_is_sent_whatever_was_thought_of_it(app: Flask) -> None:
    assert app
    identity_id = bob()
    with transaction():
        (begun,) = begin_all([draft(identity_id)], now=NOON).values()
    for status in (MessageStatus.UNKNOWN, MessageStatus.SENT):
        with transaction():
            answer = Answered(id=begun.id, status=status, msgid=None)
            answer_all(CITY, [answer], now=NOON)

    assert message(begun.id).status == MessageStatus.SENT
