"""Whatever arrives, each reader gives a value or raises its one error: never another, never late."""

from collections.abc import Callable
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from handlers import pager
from referral.token import ForgedToken, Key, Keyring, sign, verify
from tests.fuzzing.conftest import Fuzz, mutated
from tests.handlers.alertmanager import notification
from tests.handlers.platform import event, follow, scan, text, written
from tests.wechat.pay.test_bills import FUNDS, TRADES
from wechat import events
from wechat.pay.bill_rows import fund_rows, trade_rows
from wx_backend import strict
from wx_backend.config import BadConfig, Config
from wx_backend.money import FEN_MAX, fen_from_yuan, yuan
from wx_backend.strict import Malformed

ROOT = Path(__file__).parents[2]
CHOICES = event(
    "subscribe_msg_popup_event",
    SubscribeMsgPopupEvent={
        "List": {"TemplateId": "T1", "SubscribeStatusString": "accept", "PopupScene": "1"}
    },
)
SAID = (text(), follow(), scan(), event("CLICK", EventKey="points"), CHOICES)
RING = Keyring([Key("A", b"an older secret..", 1_000), Key("B", b"the newest secret")])
TOKENS = [sign(share_id, RING) for share_id in (1, 999, 2**48 - 1)]


@pytest.mark.parametrize("form", ["xml", "json"])
def test_a_push_is_read_or_malformed(fuzz: Fuzz, form: str) -> None:
    def read(raw: bytes) -> None:
        with suppress(Malformed):
            fields = events.fields(raw)
            assert len(events.dedupe_key("wx1", fields)) == 16
            assert events.dedupe_key("wx1", fields) == events.dedupe_key("wx1", events.fields(raw))
            events.scene(events.parse(fields))

    fuzz(mutated(*(written(each, form) for each in SAID)), read)


@pytest.mark.parametrize(("bill", "rows"), [(TRADES, trade_rows), (FUNDS, fund_rows)])
def test_a_bill_is_read_or_malformed(
    fuzz: Fuzz, bill: bytes, rows: Callable[[Any], list[Any]]
) -> None:
    def read(raw: bytes) -> None:
        with suppress(Malformed):
            list(rows(StringIO(raw.decode("utf-8-sig", "replace"))))

    assert len(list(rows(StringIO(bill.decode("utf-8-sig"))))) == 2
    fuzz(mutated(bill), read)


def test_a_token_is_ours_to_the_last_character_or_forged(fuzz: Fuzz) -> None:
    def believe(raw: bytes) -> None:
        token = raw.decode("utf-8", "surrogateescape")
        with suppress(ForgedToken):
            assert sign(verify(token, RING), RING) == token

    fuzz(mutated(*(token.encode() for token in TOKENS)), believe)


def test_a_configuration_is_taken_or_its_faults_are_named(fuzz: Fuzz, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"

    def load(raw: bytes) -> None:
        path.write_bytes(raw)
        with suppress(BadConfig):
            Config.load(path)

    fuzz(mutated((ROOT / "tests/config.toml").read_bytes()), load)


@pytest.mark.parametrize("raw", [b"a = " + b"[" * 100_000, b"a = " + b"9" * 5_000, b"a = 1\xff"])
def test_a_configuration_no_parser_reads_is_a_bad_one(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(raw)
    with pytest.raises(BadConfig):
        Config.load(path)


def test_json_is_read_in_its_one_meaning_or_malformed(fuzz: Fuzz) -> None:
    seeds = (
        b'{"amount": {"total": 9900, "currency": "CNY"}, "rate": 0.25, "list": [1, -2, null]}',
        b'[true, "\\ud83d\\ude00", "\\u4e2d", 9223372036854775807, -9223372036854775808, 1.5e3]',
    )

    def read(raw: bytes) -> None:
        with suppress(Malformed):
            value = strict.loads(raw)
            assert strict.loads(strict.dumps(value)) == value

    fuzz(mutated(*seeds), read)


def test_an_alert_is_read_or_malformed(fuzz: Fuzz) -> None:
    def read(raw: bytes) -> None:
        with suppress(Malformed):
            assert pager.read(raw).text.isprintable()

    fuzz(mutated(strict.dumps(notification("a", "b"))), read)


def test_an_amount_is_exact_fen_or_refused(fuzz: Fuzz) -> None:
    def read(raw: bytes) -> None:
        with suppress(ValueError):
            fen = fen_from_yuan(raw.decode("utf-8", "replace"))
            assert abs(fen) <= FEN_MAX
            assert fen_from_yuan(yuan(fen).replace(",", "")) == fen

    fuzz(mutated(b"99.00", b"-0.01", b"1234567.8", b"0.60000"), read)


def test_a_whole_number_is_in_its_range_or_malformed(fuzz: Fuzz) -> None:
    def read(raw: bytes) -> None:
        with suppress(Malformed):
            assert 0 <= strict.whole_number(raw.decode("utf-8", "replace"), low=0, high=99) <= 99

    fuzz(mutated(b"0", b"42", b"99"), read)
