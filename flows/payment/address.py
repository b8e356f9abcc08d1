"""Where WeChat Pay sends its notices to us."""

from wx_backend import platform

NOTICE_PATH = "/wechat/pay/notices"


def notice_url() -> str:
    """The public address of the notice door: https, no query string, no login."""
    return platform.config().service.base_url + NOTICE_PATH
