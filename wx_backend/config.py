"""One TOML file, read once, typed, and refused when anything in it is unknown or unsafe."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from marshmallow import ValidationError

from wx_backend import config_schema
from wx_backend.config_farming import Farming
from wx_backend.config_guard import Guard


class Mode(StrEnum):
    """How careful the service must be: production refuses everything meant for trying things."""

    DEMO = "demo"
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class BadConfig(Exception):
    """The file cannot be used; the text lists every fault with its path."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("configuration refused:\n" + "\n".join(f"  {fault}" for fault in faults))


@dataclass(frozen=True, slots=True, repr=False)
class Service:
    mode: Mode
    base_url: str
    data_dir: Path
    secret_key: str
    number_prefix: str
    extra_hosts: tuple[str, ...]
    movable_clock: bool


@dataclass(frozen=True, slots=True, repr=False)
class Database:
    url: str


@dataclass(frozen=True, slots=True, repr=False)
class Redis:
    url: str | None


@dataclass(frozen=True, slots=True, repr=False)
class Account:
    """One Official Account or mini-program; `name` is its part of the callback URL."""

    name: str
    kind: str
    appid: str
    secret: str
    original_id: str
    token: str
    aes_key: str
    previous_aes_key: str | None
    modes: frozenset[str]
    title: str
    default_outlet: str
    owner: str | None = None

    @property
    def is_mini_program(self) -> bool:
        """Whether it is a mini-program: no followers, menus or template messages."""
        return self.kind == "mini_program"


@dataclass(frozen=True, slots=True, repr=False)
class WeChat:
    api_url: str
    oauth_url: str
    proxy: str | None
    verification_files: Mapping[str, str]


@dataclass(frozen=True, slots=True, repr=False)
class PlatformKey:
    serial: str
    file: Path


@dataclass(frozen=True, slots=True, repr=False)
class Pay:
    mchid: str
    serial: str
    private_key_file: Path
    apiv3_key: str
    api_url: str
    platform_keys: tuple[PlatformKey, ...]
    second_person_above_fen: int = 100_000
    transfer_limit_fen: int = 20_000
    transfer_day_limit_fen: int = 200_000
    transfer_duty: str = "销售员"


@dataclass(frozen=True, slots=True, repr=False)
class ShareKey:
    letter: str
    secret: str
    last_share_id: int | None


@dataclass(frozen=True, slots=True, repr=False)
class PrivacyKey:
    """`name` is what people call it; what it sealed is known by the key itself."""

    name: str
    secret: str


@dataclass(frozen=True, slots=True, repr=False)
class Privacy:
    """The first key seals, every one opens."""

    keys: tuple[PrivacyKey, ...]
    index_key: str


@dataclass(frozen=True, slots=True, repr=False)
class Billing:
    """The operator's billing system; without an `exchange_dir` no files are exchanged."""

    url: str
    shared_key: str
    exchange_dir: Path | None
    file_hour: int


@dataclass(frozen=True, slots=True, repr=False)
class RealName:
    """The certified real-name service, and how long its word is waited for."""

    url: str
    shared_key: str
    remind_hours: tuple[int, ...]
    expire_days: int


@dataclass(frozen=True, slots=True, repr=False)
class Sms:
    """The gateway for text messages; with `must_prove` contact phones of orders must be proven."""

    url: str
    must_prove: bool


@dataclass(frozen=True, slots=True, repr=False)
class Alerts:
    """Whose phones hear of what is wrong with the service, by severity."""

    page: tuple[str, ...]
    ticket: tuple[str, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Goods:
    """What one person alone may do to goods on the shelves."""

    second_person_above_percent: int = 20


@dataclass(frozen=True, slots=True, repr=False)
class Returns:
    """How long customers may ask in the mall to give back what reached them."""

    days: int = 7


@dataclass(frozen=True, slots=True, repr=False)
class Config:
    """Everything the service is told; no section shows itself in a repr, for the secrets' sake."""

    service: Service
    database: Database
    redis: Redis
    accounts: tuple[Account, ...]
    wechat: WeChat
    pay: Pay | None
    share_keys: tuple[ShareKey, ...]
    privacy: Privacy
    billing: Billing | None
    real_name: RealName | None = None
    sms: Sms | None = None
    alerts: Alerts | None = None
    guard: Guard = field(default_factory=Guard)
    goods: Goods = field(default_factory=Goods)
    returns: Returns = field(default_factory=Returns)
    farming: Farming = field(default_factory=Farming)

    @classmethod
    def load(cls, path: str | Path) -> "Config":
        """Read the file at `path`; BadConfig names every fault at once."""
        try:
            tree = tomllib.loads(Path(path).read_text("utf-8"))
        except FileNotFoundError as error:
            raise BadConfig(
                [f"{path}: no such file; copy config.example.toml, or name yours in WX_CONFIG"]
            ) from error
        except (OSError, ValueError, RecursionError) as error:
            raise BadConfig([f"{path}: {error}"]) from error
        return cls.from_tree(tree, folder=Path(path).resolve().parent)

    @classmethod
    def from_tree(cls, tree: Mapping[str, Any], *, folder: Path) -> "Config":
        """Check a parsed file; relative paths in it count from `folder`."""
        try:
            data = config_schema.File().load(tree)
        except ValidationError as error:
            messages = error.normalized_messages()  # type: ignore[no-untyped-call]  # marshmallow leaves it untyped
            raise BadConfig(sorted(_lines(messages))) from error
        config = _build(data, folder)
        if faults := unsafe(config):
            raise BadConfig(faults)
        return config

    def account(self, name: str) -> Account | None:
        """The account whose callback URL carries `name`."""
        return next((account for account in self.accounts if account.name == name), None)

    def account_of(self, appid: str) -> Account | None:
        return next((account for account in self.accounts if account.appid == appid), None)


def _lines(messages: Mapping[Any, Any], path: str = "") -> list[str]:
    found: list[str] = []
    for key, value in messages.items():
        here = f"{path}.{key}" if path else str(key)
        if isinstance(value, Mapping):
            found += _lines(value, here)
        else:
            found += [f"{here.removesuffix('._schema')}: {text}" for text in value]
    return found


def _build(data: Mapping[str, Any], folder: Path) -> Config:
    service, pay = data["service"], data["pay"]
    return Config(
        service=Service(
            **{
                **service,
                "mode": Mode(service["mode"]),
                "data_dir": folder / service["data_dir"],
                "extra_hosts": tuple(service["extra_hosts"]),
            }
        ),
        database=_database(data["database"], folder),
        redis=Redis(**data["redis"]),
        accounts=tuple(
            Account(**{**account, "modes": frozenset(account["modes"])})
            for account in data["account"]
        ),
        wechat=WeChat(**data["wechat"]),
        pay=_pay(pay, folder) if pay else None,
        share_keys=tuple(ShareKey(**key) for key in data["share_key"]),
        privacy=_privacy(data["privacy"]),
        guard=Guard.of(data["guard"]),
        billing=_billing(data["billing"], folder) if data["billing"] else None,
        real_name=_real_name(data["real_name"]) if data["real_name"] else None,
        sms=Sms(**data["sms"]) if data["sms"] else None,
        alerts=_alerts(data["alerts"]) if data["alerts"] else None,
        goods=Goods(**data["goods"]),
        returns=Returns(**data["returns"]),
        farming=Farming.of(data["farming"]),
    )


def _database(data: Mapping[str, Any], folder: Path) -> Database:
    """SQLite's file counts from `folder` too, whichever process opens it and from where."""
    scheme, _, path = data["url"].partition(":///")
    is_relative = scheme == "sqlite" and path[0] != "/" and path != ":memory:"
    return Database(url=f"sqlite:///{folder / path}" if is_relative else data["url"])


def _privacy(data: Mapping[str, Any]) -> Privacy:
    keys = tuple(PrivacyKey(**key) for key in data["key"])
    return Privacy(keys=keys, index_key=data["index_key"])


def _billing(data: Mapping[str, Any], folder: Path) -> Billing:
    named = data["exchange_dir"]
    return Billing(**{**data, "exchange_dir": folder / named if named else None})


def _real_name(data: Mapping[str, Any]) -> RealName:
    return RealName(**{**data, "remind_hours": tuple(data["remind_hours"])})


def _alerts(data: Mapping[str, Any]) -> Alerts:
    return Alerts(**{severity: tuple(phones) for severity, phones in data.items()})


def _pay(data: Mapping[str, Any], folder: Path) -> Pay:
    keys = tuple(
        PlatformKey(serial=key["serial"], file=folder / key["file"]) for key in data["platform_key"]
    )
    plain = {k: v for k, v in data.items() if k not in {"platform_key", "private_key_file"}}
    return Pay(**plain, private_key_file=folder / data["private_key_file"], platform_keys=keys)


SAMPLE_PHONE = "13800138000"
"""What the example file names."""


def unsafe(config: Config) -> list[str]:
    """What production must not run with; nothing in the other modes."""
    if config.service.mode is not Mode.PRODUCTION:
        return []
    faults = [
        f"{name}: production needs https and a public host, not {urlsplit(url).hostname}"
        for name, url in _urls(config)
        if not _is_public_https(url)
    ]
    faults += [
        f"account.{account.name}.modes: production takes encrypted pushes only"
        for account in config.accounts
        if "plaintext" in account.modes
    ]
    if config.service.movable_clock:
        faults.append("service.movable_clock: production's clock cannot be moved")
    if config.alerts and SAMPLE_PHONE in config.alerts.page + config.alerts.ticket:
        faults.append("alerts: still names the example's phone, which is a stranger's")
    return faults + [
        f"{name}: still has its example value; {_where_from(name)}"
        for name, secret in _secrets(config)
        if config_schema.is_sample(secret)
    ]


def _where_from(name: str) -> str:
    if name.startswith(("account.", "pay.")):
        return "take what WeChat's console shows"
    return "make a random one with `openssl rand -hex 32`"


def unreadable_files(config: Config) -> list[str]:
    """The files the configuration names that cannot be read, each with its key and the reason."""
    if config.pay is None:
        return []
    named = [("pay.private_key_file", config.pay.private_key_file)]
    named += [(f"pay.platform_key.{key.serial}", key.file) for key in config.pay.platform_keys]
    faults = []
    for name, path in named:
        try:
            path.read_bytes()
        except OSError as error:
            faults.append(f"{name}: {path} cannot be read: {error.strerror}")
    return faults


def _secrets(config: Config) -> list[tuple[str, str]]:
    """Every secret of the file with its path."""
    secrets = [
        ("service.secret_key", config.service.secret_key),
        ("privacy.index_key", config.privacy.index_key),
    ]
    secrets += [(f"privacy.key.{key.name}.secret", key.secret) for key in config.privacy.keys]
    if config.guard.monitor_token:
        secrets.append(("guard.monitor_token", config.guard.monitor_token))
    secrets += [(f"share_key.{key.letter}.secret", key.secret) for key in config.share_keys]
    for account in config.accounts:
        path = f"account.{account.name}"
        secrets += [
            (f"{path}.secret", account.secret),
            (f"{path}.token", account.token),
            (f"{path}.aes_key", account.aes_key),
        ]
        if account.previous_aes_key:
            secrets.append((f"{path}.previous_aes_key", account.previous_aes_key))
    if config.pay:
        secrets.append(("pay.apiv3_key", config.pay.apiv3_key))
    if config.billing:
        secrets.append(("billing.shared_key", config.billing.shared_key))
    if config.real_name:
        secrets.append(("real_name.shared_key", config.real_name.shared_key))
    return secrets


def _urls(config: Config) -> list[tuple[str, str]]:
    urls = [
        ("service.base_url", config.service.base_url),
        ("wechat.api_url", config.wechat.api_url),
        ("wechat.oauth_url", config.wechat.oauth_url),
    ]
    if config.pay:
        urls.append(("pay.api_url", config.pay.api_url))
    if config.billing:
        urls.append(("billing.url", config.billing.url))
    if config.real_name:
        urls.append(("real_name.url", config.real_name.url))
    if config.sms:
        urls.append(("sms.url", config.sms.url))
    return urls


def _is_public_https(url: str) -> bool:
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    return parts.scheme == "https" and not _is_this_machine(host)


def _is_this_machine(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return host.startswith("127.") or host.isdecimal()  # 127.1 and 2130706433 are 127.0.0.1 too
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_loopback or mapped.is_unspecified)
