"""The shape of the configuration file: one schema per section, unknown keys refused."""

import re
from ipaddress import ip_network
from typing import Any

from marshmallow import RAISE, Schema, fields, validate, validates_schema
from marshmallow.exceptions import ValidationError

from wx_backend.config_guard import Network

_HEX_32 = re.compile(r"[0-9a-f]{64}")


SAMPLE_TOKEN = "exampletoken"  # noqa: S105 - what the example file says


def is_sample(secret: str) -> bool:
    """Whether a secret is an example value: too few different characters to be random.

    Push tokens may be short: a short secret must only not be one character over and over.
    """
    return secret == SAMPLE_TOKEN or len(set(secret)) < (8 if len(secret) >= 32 else 3)


def _url(value: str) -> None:
    if not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~/-]*)?", value):
        raise ValidationError("must be http(s)://host[:port][/path] without query or user name")
    if value.endswith("/"):
        raise ValidationError("must not end with a slash")


class Section(Schema):
    class Meta:
        unknown = RAISE


def text(pattern: str | None = None, *, low: int = 1, high: int = 200, **more: Any) -> fields.Str:
    checks: list[Any] = [validate.Length(min=low, max=high)]
    if pattern:
        shown = pattern.replace("{", "{{").replace("}", "}}")  # marshmallow formats the message
        checks.append(validate.Regexp(f"^(?:{pattern})\\Z", error=f"must match {shown}"))
    return fields.Str(required="load_default" not in more, validate=checks, **more)


def url(**more: Any) -> fields.Str:
    return fields.Str(required="load_default" not in more, validate=_url, **more)


def secret(**more: Any) -> fields.Str:
    """32 random bytes in hex."""
    return text(_HEX_32.pattern, **more)


class Service(Section):
    mode = fields.Str(required=True, validate=validate.OneOf(["demo", "development", "production"]))
    base_url = url()
    data_dir = text()
    secret_key = secret()
    number_prefix = text("[A-Z0-9]{0,4}", low=0, load_default="")
    extra_hosts = fields.List(text("[A-Za-z0-9.:-]+"), load_default=list)
    movable_clock = fields.Bool(load_default=False, truthy={True}, falsy={False})


class Database(Section):
    url = text(r"(sqlite:///|postgresql\+psycopg://).+", high=500)


class Redis(Section):
    url = text("(redis|rediss|unix)://.+", load_default=None, high=500)


class Account(Section):
    name = text("[a-z0-9-]{1,32}")
    kind = fields.Str(
        load_default="official", validate=validate.OneOf(["official", "mini_program"])
    )
    appid = text("wx[0-9a-zA-Z]{4,30}")
    secret = text("[0-9a-zA-Z]{8,64}")
    original_id = text("gh_[0-9a-zA-Z]{1,30}")
    token = text("[0-9a-zA-Z]{3,32}")
    aes_key = text("[0-9a-zA-Z]{43}")
    previous_aes_key = text("[0-9a-zA-Z]{43}", load_default=None)
    modes = fields.List(
        fields.Str(validate=validate.OneOf(["safe", "compatible", "plaintext"])),
        load_default=lambda: ["safe"],
        validate=validate.Length(min=1),
    )
    title = text(high=30, load_default="")
    default_outlet = text("[A-Za-z0-9-]{1,32}")
    owner = text("[A-Za-z0-9-]{1,32}", load_default=None)


class WeChat(Section):
    api_url = url(load_default="https://api.weixin.qq.com")
    oauth_url = url(load_default="https://open.weixin.qq.com")
    proxy = url(load_default=None)
    verification_files = fields.Dict(
        keys=text(r"(MP_verify_|WW_verify_)?[0-9A-Za-z]{8,40}\.txt"),
        values=text("[0-9A-Za-z]{8,64}"),
        load_default=dict,
    )


class PlatformKey(Section):
    serial = text("PUB_KEY_ID_[0-9]{5,50}|[0-9A-F]{40}")
    file = text()


class Pay(Section):
    mchid = text("[0-9]{6,20}")
    serial = text("[0-9A-F]{40}")
    private_key_file = text()
    apiv3_key = text("[0-9A-Za-z]{32}")
    api_url = url(load_default="https://api.mch.weixin.qq.com")
    transfer_limit_fen = fields.Int(
        strict=True,
        load_default=20_000,
        validate=validate.Range(
            min=20,
            max=100_000_000,
            error="must be {min} to {max}: the parts of a pay-out would come below WeChat Pay's least of 10 fen",
        ),
    )
    transfer_day_limit_fen = fields.Int(
        strict=True, load_default=200_000, validate=validate.Range(min=10, max=100_000_000)
    )
    transfer_duty = text(high=32, load_default="销售员")
    platform_key = fields.List(
        fields.Nested(PlatformKey), required=True, validate=validate.Length(min=1)
    )
    second_person_above_fen = fields.Int(
        strict=True, load_default=100_000, validate=validate.Range(min=0)
    )


class ShareKey(Section):
    letter = text("[0-9A-Za-z]")
    secret = secret()
    last_share_id = fields.Int(strict=True, load_default=None, validate=validate.Range(min=0))


class PrivacyKey(Section):
    name = text(r"[A-Za-z0-9_-]{1,20}")
    secret = secret()


class Privacy(Section):
    key = fields.List(fields.Nested(PrivacyKey), required=True, validate=validate.Length(min=1))
    index_key = secret()

    @validates_schema
    def _no_key_twice(self, data: dict[str, Any], **_: Any) -> None:
        for each in ("name", "secret"):
            values = [row[each] for row in data.get("key", [])]
            if len(set(values)) != len(values):
                raise ValidationError(f"{each} must be unique", "key")


class Billing(Section):
    url = url()
    shared_key = secret()
    exchange_dir = text(low=0, load_default="")
    file_hour = fields.Int(strict=True, load_default=1, validate=validate.Range(min=0, max=23))


class RealName(Section):
    url = url()
    shared_key = secret()
    remind_hours = fields.List(
        fields.Int(strict=True, validate=validate.Range(min=1, max=24 * 60)),
        load_default=lambda: [2, 24],
        validate=validate.Length(max=5),
    )
    expire_days = fields.Int(strict=True, load_default=7, validate=validate.Range(min=1, max=60))


class Sms(Section):
    url = url()
    must_prove = fields.Bool(load_default=False)


def phones() -> fields.List[str]:
    """Phones of the people who have to hear of something."""
    each = fields.Str(validate=validate.Regexp(r"^1[3-9]\d{9}\Z", error="must be eleven digits"))
    return fields.List(each, load_default=list, validate=validate.Length(max=20))


class Alerts(Section):
    page = phones()
    ticket = phones()


class Goods(Section):
    second_person_above_percent = fields.Int(
        strict=True, load_default=20, validate=validate.Range(min=0, max=1_000)
    )


class Returns(Section):
    days = fields.Int(
        strict=True,
        load_default=7,
        validate=validate.Range(
            min=7, max=90, error="must be {min} to {max}: the law gives buyers online seven days"
        ),
    )


def at_least(low: int, default: int, *, high: int = 1_000_000) -> fields.Int:
    """A whole number from `low` on."""
    return fields.Int(strict=True, load_default=default, validate=validate.Range(min=low, max=high))


class Newcomers(Section):
    count = at_least(2, 300)
    minutes = at_least(1, 60, high=24 * 60)


class Refollows(Section):
    people = at_least(1, 5)
    times = at_least(2, 3)
    days = at_least(1, 30, high=400)


class Refunds(Section):
    count = at_least(1, 5)
    after_days = at_least(0, 3, high=400)
    days = at_least(1, 30, high=400)


class Farming(Section):
    newcomers = fields.Nested(Newcomers, load_default=lambda: Newcomers().load({}))
    refollows = fields.Nested(Refollows, load_default=lambda: Refollows().load({}))
    refunds = fields.Nested(Refunds, load_default=lambda: Refunds().load({}))


class NetworkField(fields.Field[Network]):
    """An address or a network, such as `10.0.0.0/8`."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Network:
        try:
            return ip_network(value)
        except ValueError as error:
            raise ValidationError("must be an address or a network") from error


def calls() -> fields.Int:
    """How many calls a minute."""
    return fields.Int(strict=True, required=True, validate=validate.Range(min=1, max=1_000_000))


class Limit(Section):
    address = calls()
    session = calls()


class Limits(Section):
    touch = fields.Nested(Limit, load_default=None)
    share = fields.Nested(Limit, load_default=None)
    login = fields.Nested(Limit, load_default=None)
    program = fields.Nested(Limit, load_default=None)
    console = fields.Nested(Limit, load_default=None)
    code = fields.Nested(Limit, load_default=None)
    phone = fields.Nested(Limit, load_default=None)
    number = fields.Nested(Limit, load_default=None)


class Guard(Section):
    trusted_proxies = fields.List(NetworkField(), load_default=list)
    monitors = fields.List(NetworkField(), load_default=list)
    monitor_token = secret(load_default=None)
    limit = fields.Nested(Limits, load_default=lambda: Limits().load({}))


class File(Section):
    service = fields.Nested(Service, required=True)
    database = fields.Nested(Database, required=True)
    redis = fields.Nested(Redis, load_default=lambda: {"url": None})
    account = fields.List(fields.Nested(Account), required=True, validate=validate.Length(min=1))
    wechat = fields.Nested(WeChat, load_default=lambda: WeChat().load({}))
    pay = fields.Nested(Pay, load_default=None)
    share_key = fields.List(fields.Nested(ShareKey), required=True, validate=validate.Length(min=1))
    privacy = fields.Nested(Privacy, required=True)
    guard = fields.Nested(Guard, load_default=lambda: Guard().load({}))
    billing = fields.Nested(Billing, load_default=None)
    real_name = fields.Nested(RealName, load_default=None)
    sms = fields.Nested(Sms, load_default=None)
    alerts = fields.Nested(Alerts, load_default=None)
    goods = fields.Nested(Goods, load_default=lambda: Goods().load({}))
    returns = fields.Nested(Returns, load_default=lambda: Returns().load({}))
    farming = fields.Nested(Farming, load_default=lambda: Farming().load({}))

    @validates_schema
    def _no_name_twice(self, data: dict[str, Any], **_: Any) -> None:
        for section, key in (("account", "name"), ("account", "appid"), ("share_key", "letter")):
            values = [row[key] for row in data.get(section, [])]
            if len(set(values)) != len(values):
                raise ValidationError(f"{key} must be unique", section)

    @validates_schema
    def _alerts_are_texts(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("alerts") and not data.get("sms"):
            raise ValidationError("needs [sms]: alerts are told by its gateway", "alerts")

    @validates_schema
    def _one_key_signs(self, data: dict[str, Any], **_: Any) -> None:
        current = [key for key in data.get("share_key", []) if key["last_share_id"] is None]
        if len(current) != 1:
            raise ValidationError(
                "exactly one key signs: all others need last_share_id", "share_key"
            )
