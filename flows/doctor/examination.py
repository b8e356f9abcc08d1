"""All of it, in the order in which it has to be put right."""

from collections.abc import Iterator

from flows.accounts import official_accounts
from flows.doctor.account import account_findings
from flows.doctor.findings import Finding
from flows.doctor.pay import pay_findings
from flows.doctor.service import service_findings
from flows.doctor.trial import trial_findings
from wx_backend.platform import config


def examine(base_url: str | None = None, trial_order: str | None = None) -> Iterator[Finding]:
    """Look at every setting; nothing is changed, sent or paid.

    `base_url` is tried in place of the configured one, before a domain is moved; `trial_order` is
    the number of an order that was made to see money come and go.
    """
    told = config()
    address = base_url or told.service.base_url
    yield from service_findings(told, address)
    for account in official_accounts():
        yield from account_findings(account, address)
    yield from pay_findings(told, address)
    if trial_order is not None:
        yield from trial_findings(trial_order)
