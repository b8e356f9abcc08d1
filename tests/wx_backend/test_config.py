"""The configuration file: every key known, every fault named at once, nothing unsafe in production."""

import tomllib
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from settlement.payouts.rules import LEAST_TRANSFER_FEN, Amounts, Limits, parted, transfers_for
from wx_backend.config import BadConfig, Config

ROOT = Path(__file__).parent.parent.parent
Tree = dict[str, Any]
Change = Callable[[Tree], None]


@pytest.fixture
def example() -> Tree:
    return tomllib.loads((ROOT / "config.example.toml").read_text("utf-8"))


@pytest.fixture
def production() -> Tree:
    """The tests' configuration as production would have it."""
    tree = tomllib.loads((ROOT / "tests" / "config.toml").read_text("utf-8"))
    tree["service"] |= {"mode": "production", "base_url": "https://mall.example.com"}
    tree["wechat"] |= {
        "api_url": "https://api.weixin.qq.com",
        "oauth_url": "https://open.weixin.qq.com",
    }
    tree["billing"]["url"] = "https://billing.example.com/api"
    tree["real_name"]["url"] = "https://real-name.example.com"
    tree["sms"]["url"] = "https://sms.example.com"
    tree["account"] = tree["account"][:1]
    tree["pay"] = {
        "mchid": "1900000109",
        "serial": "1DDE55AD98ED71D6EDD4A4A16996DE7B47773A8C",
        "private_key_file": "key.pem",
        "apiv3_key": "q7TzR4mB9xK2vN8cL5wJ1hG6fD3sA0pY",
        "platform_key": [{"serial": "PUB_KEY_ID_0119000001", "file": "public.pem"}],
    }
    return tree


def faults(tree: Tree) -> list[str]:
    with pytest.raises(BadConfig) as caught:
        Config.from_tree(tree, folder=ROOT)
    return caught.value.faults


def test_the_example_is_accepted_in_development() -> None:
    config = Config.load(ROOT / "config.example.toml")

    assert config.service.data_dir == ROOT / "var"
    assert config.account("city") is config.account_of("wx0000000000000000") is config.accounts[0]
    assert config.account("nobody") is None


def test_a_relative_database_is_one_file_wherever_a_process_starts(example: Tree) -> None:
    """Otherwise commands and web would each have a database of their own."""
    assert (
        Config.from_tree(example, folder=Path("/srv")).database.url
        == "sqlite:////srv/var/wx.sqlite"
    )
    example["database"]["url"] = "sqlite:////data/wx.sqlite"
    assert (
        Config.from_tree(example, folder=Path("/srv")).database.url == "sqlite:////data/wx.sqlite"
    )


def test_the_example_explains_every_key(example: Tree) -> None:
    """A key of a section that the example lacks is one nobody learns of."""
    from wx_backend import config_schema as schema

    text = (ROOT / "config.example.toml").read_text("utf-8")
    optional = {"owner", "previous_aes_key", "proxy", "last_share_id"}
    for name, section in (
        *(("service", schema.Service), ("database", schema.Database), ("redis", schema.Redis)),
        *(("wechat", schema.WeChat), ("privacy", schema.Privacy), ("billing", schema.Billing)),
        *(("account", schema.Account), ("pay", schema.Pay), ("share_key", schema.ShareKey)),
        *(("farming", schema.Farming), ("goods", schema.Goods), ("alerts", schema.Alerts)),
    ):
        given = example[name]
        keys = set(given[0] if isinstance(given, list) else given)
        assert set(section().fields) <= keys | optional
    assert all(key in text for key in optional)


def test_buyers_have_the_seven_days_of_the_law_at_least(production: Tree) -> None:
    assert Config.from_tree(production, folder=ROOT).returns.days == 7
    production["returns"] = {"days": 6}
    [fault] = faults(production)
    assert fault.startswith("returns.days: must be 7 to 90")


@pytest.mark.parametrize(
    ("alerts", "path"),
    [
        ({"page": ["13900139000"], "ticket": ["+8613900139000"]}, "alerts.ticket.0"),
        ({"page": ["１３９００１３９０００"]}, "alerts.page.0"),
        ({"page": ["13800138000"]}, "alerts"),
        ({"page": ["13900139000"] * 21}, "alerts.page"),
    ],
)
def test_whoever_hears_of_alerts_has_a_phone_of_his_own(
    production: Tree, alerts: Tree, path: str
) -> None:
    production["alerts"] = {"page": ["13900139000"]}
    told = Config.from_tree(production, folder=ROOT).alerts
    assert told is not None
    assert (told.page, told.ticket) == (("13900139000",), ())
    production["alerts"] = alerts
    assert [fault.partition(":")[0] for fault in faults(production)] == [path]


def test_alerts_need_a_gateway_for_texts(production: Tree) -> None:
    production["alerts"] = {"page": ["13900139000"]}
    del production["sms"]
    [fault] = faults(production)
    assert fault.startswith("alerts: needs [sms]")


@pytest.mark.parametrize(
    ("section", "key"), [("service", "modes"), ("account", "openid"), ("redis", "host"), ("", "x")]
)
def test_an_unknown_key_stops_the_start(example: Tree, section: str, key: str) -> None:
    place = example[section] if section else example
    (place[0] if isinstance(place, list) else place)[key] = "1"

    assert any(key in fault and "Unknown" in fault for fault in faults(example))


def test_all_faults_come_at_once_each_with_its_path(example: Tree) -> None:
    example["service"]["mode"] = "prod"
    example["account"][0]["aes_key"] = "short"
    example["share_key"][0]["secret"] = "zz"
    del example["privacy"]["index_key"]
    example["database"]["url"] = "mysql://x"

    found = faults(example)

    paths = {fault.split(":")[0] for fault in found}
    assert paths == {
        *("service.mode", "account.0.aes_key", "share_key.0.secret"),
        *("privacy.index_key", "database.url"),
    }
    assert not any("short" in fault or "zz" in fault for fault in found)


@pytest.mark.parametrize(("limit", "is_taken"), [(10, False), (19, False), (20, True)])
def test_no_part_of_a_payment_comes_below_the_least_transfer(
    production: Tree, limit: int, is_taken: bool
) -> None:
    put("pay.transfer_limit_fen", limit)(production)
    if is_taken:
        for net_fen in range(LEAST_TRANSFER_FEN, 20 * limit):
            parts = parted(Amounts(net_fen, 0, 0), transfers_for(net_fen, Limits(limit, 10_000)))
            assert min(part.net_fen for part in parts) >= LEAST_TRANSFER_FEN
        assert Config.from_tree(production, folder=ROOT).pay
        return
    (fault,) = faults(production)
    assert fault.startswith("pay.transfer_limit_fen: must be 20 to 100000000")


@pytest.mark.parametrize(
    ("section", "key"), [("account", "name"), ("account", "appid"), ("share_key", "letter")]
)
def test_what_must_be_unique_is(example: Tree, section: str, key: str) -> None:
    twin = {**deepcopy(example[section][0])}
    other = {"name": "two", "appid": "wx1111111111111111", "letter": "B", "last_share_id": 1}
    fresh = {name: value for name, value in other.items() if name in twin or section == "share_key"}
    example[section].append(
        {
            **twin,
            **{k: v for k, v in fresh.items() if k != key and (k in twin or k == "last_share_id")},
        }
    )

    assert faults(example) == [f"{section}: {key} must be unique"]


def test_exactly_one_share_key_signs(example: Tree) -> None:
    example["share_key"][0]["last_share_id"] = 9
    assert any("exactly one key signs" in fault for fault in faults(example))


@pytest.mark.parametrize("same", ["name", "secret"])
def test_no_privacy_key_stands_there_twice(example: Tree, same: str) -> None:
    (key,) = example["privacy"]["key"]
    example["privacy"]["key"].append({"name": "old", "secret": "1" * 64, same: key[same]})

    assert faults(example) == [f"privacy.key: {same} must be unique"]


def test_a_file_that_is_not_there_or_no_toml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("[service")
    for name in ("bad.toml", "gone.toml"):
        with pytest.raises(BadConfig, match=name):
            Config.load(tmp_path / name)


def test_production_takes_a_safe_file(production: Tree) -> None:
    assert Config.from_tree(production, folder=ROOT).service.mode == "production"


def put(path: str, value: Any) -> Change:
    """A change of one key: `account.0.secret`."""

    def change(tree: Tree) -> None:
        *places, key = path.split(".")
        place: Any = tree
        for each in places:
            place = place[int(each) if each.isdigit() else each]
        place[key] = value

    return change


@pytest.mark.parametrize(
    ("path", "value"),
    [
        *(
            ("service.base_url", "http://mall.example.com"),
            ("service.base_url", "https://localhost"),
        ),
        *(("wechat.api_url", "https://127.0.0.1:9100"), ("wechat.api_url", "https://127.1")),
        *(("wechat.oauth_url", "https://[::1]"), ("wechat.oauth_url", "https://sim.localhost")),
        *(("billing.url", "http://billing.example.com"), ("pay.api_url", "https://0.0.0.0")),
        *(("wechat.api_url", "https://localhost."), ("wechat.api_url", "https://2130706433")),
        *(("wechat.api_url", "https://[::ffff:127.0.0.1]"), ("account.0.modes", ["plaintext"])),
        *(("service.movable_clock", True), ("service.secret_key", "0" * 64)),
        *(("privacy.key.0.secret", "0" * 64), ("privacy.index_key", "ab" * 32)),
        *(("share_key.1.secret", "0" * 64), ("account.0.secret", "0" * 32)),
        *(("account.0.token", "exampletoken"), ("account.0.aes_key", "0" * 43)),
        *(("account.0.previous_aes_key", "A" * 43), ("pay.apiv3_key", "0" * 32)),
        ("billing.shared_key", "0" * 64),
    ],
)
def test_production_refuses_what_is_for_trying_things(
    production: Tree, path: str, value: Any
) -> None:
    put(path, value)(production)

    (fault,) = faults(production)

    assert fault.startswith(path.split(".")[0])
    production["service"]["mode"] = "development"
    Config.from_tree(production, folder=ROOT)


def test_no_secret_shows_in_a_repr(production: Tree) -> None:
    config = Config.from_tree(production, folder=ROOT)
    shown = repr(config) + repr(config.accounts) + repr(config.pay) + repr(config.privacy)

    assert config.accounts[0].secret not in shown
    assert config.privacy.keys[0].secret not in shown
    assert production["pay"]["apiv3_key"] not in shown
