"""The configuration file of the demo, written anew at each start from its identities and places."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from demo.identities import ACCOUNT_NAME, ACCOUNT_TITLE, DEFAULT_OUTLET, Identities
from demo.places import Places

Value = str | bool | int | Sequence[str]
# A crowd at one address, clicking as fast as it can.
MANY = {"address": 100_000, "session": 100_000}
# As a merchant may ask WeChat Pay for: what a rep earns by a crowd of ten minutes fits in one transfer.
TRANSFER_LIMIT_FEN = 2_000_000


def write(places: Places, identities: Identities) -> None:
    """Write the file and the two key files it names, readable by us alone."""
    merchant_key = places.data / "keys" / "merchant.pem"
    platform_key = places.data / "keys" / "platform.pem"
    merchant_key.parent.mkdir(parents=True, exist_ok=True)
    _write_private(merchant_key, identities.merchant_private_key)
    _write_private(platform_key, identities.platform_public_key)
    sections = (
        *_service(places, identities),
        *_wechat(places, identities),
        *_pay(places, identities, merchant_key, platform_key),
        *_keys(places, identities),
    )
    text = "\n".join(_section(header, values) for header, values in sections)
    _write_private(
        places.config, f"# Written by the demo at each start; changes are lost.\n\n{text}"
    )


Section = tuple[str, Mapping[str, Value]]


def _service(places: Places, identities: Identities) -> tuple[Section, ...]:
    service: dict[str, Value] = {
        "mode": "demo",
        "base_url": places.url,
        "data_dir": str(places.data / "files"),
        "secret_key": identities.secret_key,
        "extra_hosts": [f"localhost:{places.port}"],
        "movable_clock": True,
    }
    return (
        ("[service]", service),
        ("[database]", {"url": places.database_url}),
        ("[redis]", {"url": places.redis_url}),
    )


def _wechat(places: Places, identities: Identities) -> tuple[Section, ...]:
    account: dict[str, Value] = {
        "name": ACCOUNT_NAME,
        "kind": "official",
        "appid": identities.appid,
        "secret": identities.app_secret,
        "original_id": identities.original_id,
        "token": identities.token,
        "aes_key": identities.aes_key,
        "modes": ["safe"],
        "title": ACCOUNT_TITLE,
        "default_outlet": DEFAULT_OUTLET,
    }
    hosts = {"api_url": places.calls_url, "oauth_url": places.simulator_url}
    return ("[[account]]", account), ("[wechat]", hosts)


def _pay(
    places: Places, identities: Identities, merchant_key: Path, platform_key: Path
) -> tuple[Section, ...]:
    merchant: dict[str, Value] = {
        "mchid": identities.mchid,
        "serial": identities.merchant_serial,
        "private_key_file": str(merchant_key),
        "apiv3_key": identities.apiv3_key,
        "api_url": places.calls_url,
        "transfer_limit_fen": TRANSFER_LIMIT_FEN,
    }
    platform = {"serial": identities.platform_serial, "file": str(platform_key)}
    return ("[pay]", merchant), ("[[pay.platform_key]]", platform)


def _keys(places: Places, identities: Identities) -> tuple[Section, ...]:
    billing = {"url": f"{places.calls_url}/billing", "shared_key": identities.billing_key}
    url = f"{places.simulator_url}/realname"
    real_name = {"url": url, "shared_key": identities.real_name_key}
    return (
        ("[[share_key]]", {"letter": "A", "secret": identities.share_secret}),
        ("[privacy]", {"index_key": identities.index_key}),
        ("[[privacy.key]]", {"name": "demo", "secret": identities.phone_key}),
        ("[guard]", {"monitors": ["127.0.0.0/8"]}),
        *((f"[guard.limit.{name}]", MANY) for name in ("touch", "share", "login", "number")),
        ("[billing]", billing),
        ("[real_name]", real_name),
        ("[sms]", {"url": f"{places.calls_url}/sms"}),
    )


def _section(header: str, values: Mapping[str, Value]) -> str:
    # JSON's spelling of strings, booleans and lists of strings is TOML's as well.
    lines = (f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items())
    return "\n".join((header, *lines, ""))


def _write_private(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
