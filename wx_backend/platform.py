"""The configured outside: this app's configuration, and clients for its accounts."""

from flask import current_app

from wx_backend.config import Account, Config
from wx_backend.errors import NotFound


def config() -> Config:
    """The configuration of the app whose context we are in."""
    found: Config = current_app.extensions["wx_config"]
    return found


def account_of(appid: str) -> Account:
    """The configured account of an appid; NotFound for any other."""
    account = config().account_of(appid)
    if account is None:
        raise NotFound("没有这个公众号", appid=appid)
    return account
