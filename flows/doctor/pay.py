"""The merchant: keys and serials as WeChat Pay has them, and the address of its notices."""

from collections.abc import Iterator
from typing import Final

from flows.doctor.findings import Finding, fine, left_out, todo
from flows.doctor.service import fetched
from flows.payment.address import NOTICE_PATH
from wechat.pay.error_codes import SIGNATURE_REFUSED
from wechat.transport import Response
from wx_backend.config import BadConfig, Config, unreadable_files
from wx_backend.errors import PlatformError
from wx_backend.platform import merchant, pay_client

NO_SUCH_ORDER: Final = "WXDOCTOR0000000000"


def pay_findings(config: Config, base_url: str) -> Iterator[Finding]:
    """Look at the merchant without moving money: an order nobody made is asked for."""
    if config.pay is None:
        yield left_out("WeChat Pay", "not configured: nothing can be paid")
        return
    keys = _keys(config)
    yield keys
    if keys.next_step:
        return
    yield _signed()
    yield _notices(base_url)


def _keys(config: Config) -> Finding:
    name = "WeChat Pay: key files"
    if faults := unreadable_files(config):
        return todo(name, "; ".join(faults), "put the files where pay.* says")
    try:
        known = merchant().platform_keys
    except (ValueError, BadConfig) as error:
        return todo(name, str(error), "take the files as WeChat Pay's console gave them")
    return fine(name, f"readable; WeChat Pay signs under {', '.join(sorted(known))}")


def _signed() -> Finding:
    """Our signature is believed if WeChat Pay says that it knows no such order, under its own."""
    name = "WeChat Pay: merchant key, serial and platform keys"
    try:
        pay_client().query(NO_SUCH_ORDER)
    except PlatformError as error:
        said = f"{error.code} {error.message}".strip()
        if error.code == SIGNATURE_REFUSED:
            step = "keep this machine's clock by NTP; pay.serial is the merchant certificate's, pay.mchid its owner"
            return todo(name, said, step)
        if error.code == "unverified_answer":
            return todo(name, said, "list WeChat Pay's own key under [[pay.platform_key]]")
        return todo(name, said, "let this machine reach pay.api_url; then look the code up")
    return fine(name, "a signed question was answered under a key we know")


def _notices(base_url: str) -> Finding:
    """Nothing but our refusal may come back from an unsigned notice: no login, no redirect."""
    name = "WeChat Pay: notice address"
    answer = fetched(f"{base_url}{NOTICE_PATH}", api=NOTICE_PATH)
    if isinstance(answer, Response) and answer.status == 405:
        return fine(name, f"{base_url}{NOTICE_PATH} leads here")
    said = answer if isinstance(answer, str) else f"HTTP {answer.status}"
    return todo(name, said, "let the reverse proxy pass the address on, without login or redirect")
