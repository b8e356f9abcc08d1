"""What is answered at once, before anything is stored."""

from dataclasses import replace

import pytest

from flows.arrival.reply import reply_to
from menus.book import RuleBook
from menus.defaults import DEFAULT_RULES
from tests.handlers.platform import text
from wechat import events
from wechat.replies import Reply, Text, TransferToCustomerService
from wx_backend.config import Account, Config


@pytest.fixture
def official(config: Config) -> Account:
    return config.accounts[0]


def reply(content: str, account: Account) -> Reply | None:
    push = events.parse({**text(content), "MsgId": "1"})
    return reply_to(push, rules=RuleBook(DEFAULT_RULES), account=account, scanned=None)


def test_an_official_account_answers_a_text(official: Account) -> None:
    assert isinstance(reply("你好", official), Text)


def test_a_mini_program_hands_people_to_customer_service_and_says_nothing_else(
    official: Account,
) -> None:
    mini = replace(official, kind="mini_program")

    assert reply("你好", mini) is None
    assert isinstance(reply("人工", mini), TransferToCustomerService)
