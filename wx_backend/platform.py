"""The configured outside: this app's configuration, and clients for its accounts."""

import threading
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from flask import Flask, current_app

from wx_backend.config import Account, BadConfig, Config, Mode, Pay
from wx_backend.errors import NotFound, Unavailable

if TYPE_CHECKING:  # at run time they are imported when the first call is made
    from billing.client import Billing
    from billing.real_name import RealNameService
    from sms.port import SmsPort
    from wechat.client import Client
    from wechat.pay.client import PayClient
    from wechat.pay.merchant import Merchant
    from wechat.tokens import TokenKeeper
    from wechat.transport import Transport

Asked = ParamSpec("Asked")
Result = TypeVar("Result")


def config() -> Config:
    """The configuration of the app whose context we are in."""
    found: Config = current_app.extensions["wx_config"]
    return found


def in_any_thread(work: Callable[Asked, Result]) -> Callable[Asked, Result]:
    """The same for a thread of no application: it has this one there, and a session of its own."""
    context = current_app.app_context

    @wraps(work)
    def run(*args: Asked.args, **kwargs: Asked.kwargs) -> Result:
        with context():
            return work(*args, **kwargs)

    return run


def account_of(appid: str) -> Account:
    """The configured account of an appid; NotFound for any other."""
    account = config().account_of(appid)
    if account is None:
        raise NotFound("没有这个公众号", appid=appid)
    return account


def client(appid: str) -> "Client":
    """The API of one account. Make its calls with no transaction open."""
    return _clients().client(appid)


def jsapi_ticket(appid: str) -> str:
    """The JS-SDK ticket of one account; a remote call when it has lapsed."""
    return _clients().ticket_keeper(appid).token()


class PayNotConfigured(Unavailable):
    """The configuration has no [pay] section: nothing can be paid or refunded."""

    code, message = "pay_not_configured", "暂不支持在线支付"


def pay_client() -> "PayClient":
    """The merchant's payments and refunds; PayNotConfigured without one."""
    return _clients().pay_client()


class BillingNotConfigured(Unavailable):
    """The configuration has no [billing] section: nothing can be handed over."""

    code, message = "billing_not_configured", "暂不支持业务受理"


def billing() -> "Billing":
    """The operator's billing system; BillingNotConfigured without one."""
    return _clients().billing()


class RealNameNotConfigured(Unavailable):
    """The configuration has no [real_name] section: staff decide by hand."""

    code, message = "real_name_not_configured", "暂不支持在线实名认证"


def real_name() -> "RealNameService":
    """The operator's certified real-name service; RealNameNotConfigured without one."""
    from billing.real_name import RealNameService

    settings = config().real_name
    if settings is None:
        raise RealNameNotConfigured
    return RealNameService(settings.url, settings.shared_key)


class SmsNotConfigured(Unavailable):
    """The configuration has no [sms] section: no text can be sent."""

    code, message = "sms_not_configured", "暂不支持短信验证"


def sms() -> "SmsPort":
    """The operator's gateway for text messages; SmsNotConfigured without one."""
    return _clients().sms()


def merchant() -> "Merchant":
    """The merchant's keys, for reading notices; PayNotConfigured without one."""
    return _clients().merchant()


def transport() -> "Transport":
    """The process's way out, for addresses of our own."""
    return _clients().transport()


class Clients:
    """One transport and one client per account for a whole process."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._transport: Transport | None = None
        self._clients: dict[str, Client] = {}
        self._ticket_keepers: dict[str, TokenKeeper] = {}
        self._merchant: Merchant | None = None
        if self._config.pay and self._config.service.mode is Mode.PRODUCTION:
            self._require_keys()

    def transport(self) -> "Transport":
        """The one pool of connections; tests put their double here."""
        from wechat.transport import Http

        with self._lock:
            if self._transport is None:
                self._transport = Http(proxy_url=self._config.wechat.proxy)
            return self._transport

    def client(self, appid: str) -> "Client":
        found = self._clients.get(appid)
        if found is None:
            found = self._clients[appid] = self._made(account_of(appid))
        return found

    def ticket_keeper(self, appid: str) -> "TokenKeeper":
        from wechat.client import jsapi_ticket_keeper
        from wx_backend.tokens import DatabaseTokenStore

        if appid not in self._ticket_keepers:
            self._ticket_keepers[appid] = jsapi_ticket_keeper(
                caller=self.client(appid).caller,
                store=DatabaseTokenStore(self._app, f"jsapi_ticket:{appid}"),
            )
        return self._ticket_keepers[appid]

    def pay_client(self) -> "PayClient":
        from wechat.pay.calls import Calls
        from wechat.pay.client import PayClient

        base_url = self._pay.api_url
        return PayClient(Calls(self.merchant(), self.transport(), base_url))

    def billing(self) -> "Billing":
        from billing.client import Billing

        settings = self._config.billing
        if settings is None:
            raise BillingNotConfigured
        return Billing(settings.url, settings.shared_key, self.transport())

    def sms(self) -> "SmsPort":
        from sms.gateway import HttpGateway

        settings = self._config.sms
        if settings is None:
            raise SmsNotConfigured
        return HttpGateway(settings.url, self.transport())

    def merchant(self) -> "Merchant":
        from wechat.pay.merchant import Merchant

        if self._merchant is None:
            pay = self._pay
            keys = {key.serial: key.file.read_bytes() for key in pay.platform_keys}
            is_public = {serial: serial.startswith("PUB_KEY_ID_") for serial in keys}
            self._merchant = Merchant.load(
                mchid=pay.mchid,
                serial=pay.serial,
                private_key_pem=pay.private_key_file.read_bytes(),
                apiv3_key=pay.apiv3_key.encode(),
                public_keys={s: pem for s, pem in keys.items() if is_public[s]},
                certificates=[pem for s, pem in keys.items() if not is_public[s]],
            )
        return self._merchant

    def _require_keys(self) -> None:
        """Fail closed: without usable keys no notice could be believed, so nothing starts."""
        try:
            merchant = self.merchant()
        except (OSError, ValueError) as error:
            raise BadConfig([f"pay: {error}"]) from error
        if set(merchant.platform_keys) != {key.serial for key in self._pay.platform_keys}:
            raise BadConfig(["pay.platform_key: a certificate has another serial than is given"])

    @property
    def _pay(self) -> Pay:
        if self._config.pay is None:
            raise PayNotConfigured
        return self._config.pay

    @property
    def _config(self) -> Config:
        found: Config = self._app.extensions["wx_config"]
        return found

    def _made(self, account: Account) -> "Client":
        from wechat.client import Client, access_token_keeper
        from wx_backend.tokens import DatabaseTokenStore

        base_url = self._config.wechat.api_url
        keeper = access_token_keeper(
            appid=account.appid,
            secret=account.secret,
            store=DatabaseTokenStore(self._app, f"access_token:{account.appid}"),
            transport=self.transport(),
            base_url=base_url,
        )
        return Client(
            appid=account.appid,
            secret=account.secret,
            keeper=keeper,
            transport=self.transport(),
            base_url=base_url,
            open_url=self._config.wechat.oauth_url,
            is_mini_program=account.is_mini_program,
        )


def _clients() -> Clients:
    found: Clients = current_app.extensions["wx_clients"]
    return found
