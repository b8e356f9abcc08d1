"""The demo's configuration file is one the service takes, and its secrets are its own."""

import re
import tomllib
from pathlib import Path

from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from demo import configuration
from demo.identities import load_or_make
from demo.places import LONGEST_SOCKET_PATH, Places
from wx_backend.config import Config, Mode


def test_the_service_takes_the_file(tmp_path: Path) -> None:
    places = Places(data=tmp_path, port=8123, simulator_port=9123)
    configuration.write(places, load_or_make(tmp_path / "identities.json"))
    config = Config.load(places.config)
    assert config.service.mode is Mode.DEMO
    assert config.service.base_url == "http://127.0.0.1:8123"
    assert config.wechat.api_url == "http://127.0.0.1:9123"
    assert config.accounts[0].title == "示例通信营业厅"
    assert config.pay
    load_pem_private_key(config.pay.private_key_file.read_bytes(), None)
    load_pem_public_key(config.pay.platform_keys[0].file.read_bytes())


def test_a_second_start_keeps_the_secrets(tmp_path: Path) -> None:
    first = load_or_make(tmp_path / "identities.json")
    assert load_or_make(tmp_path / "identities.json") == first


def test_two_demos_share_no_secret(tmp_path: Path) -> None:
    first, second = (load_or_make(tmp_path / name) for name in ("one.json", "two.json"))
    for name in ("appid", "token", "aes_key", "secret_key", "share_secret", "phone_key"):
        assert getattr(first, name) != getattr(second, name)


def test_only_we_can_read_the_secrets(tmp_path: Path) -> None:
    places = Places(data=tmp_path)
    configuration.write(places, load_or_make(tmp_path / "identities.json"))
    for path in (places.config, tmp_path / "identities.json", tmp_path / "keys" / "merchant.pem"):
        assert path.stat().st_mode & 0o077 == 0


def test_every_key_of_the_file_stands_in_the_example(tmp_path: Path) -> None:
    places = Places(data=tmp_path)
    configuration.write(places, load_or_make(tmp_path / "identities.json"))
    example = (Path(__file__).resolve().parents[2] / "config.example.toml").read_text()
    tree = tomllib.loads(places.config.read_text())
    for section in ("service", "database", "redis", "pay", "privacy", "billing"):
        for key in tree[section]:
            assert re.search(rf"^(\[\[(pay|privacy)\.)?{key}\b", example, re.M), f"{section}.{key}"


def test_a_deep_data_folder_moves_the_socket_up(tmp_path: Path) -> None:
    deep = Places(data=tmp_path / ("d" * 60) / ("e" * 60))
    assert len(str(deep.valkey_socket)) <= LONGEST_SOCKET_PATH
    assert Places(data=Path("/srv/demo")).valkey_socket == Path("/srv/demo/valkey/valkey.sock")
