"""WeChat Pay's error codes: one spelling each, and what they mean for the call.

Pages and endpoints mix spellings (ORDERCLOSED, ORDER_CLOSED) and HTTP classes; the code decides,
then the class, never the message.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Meaning:
    """`is_permanent`: repeating the same call cannot help. `is_unknown`: it may have worked."""

    code: str
    is_permanent: bool
    is_unknown: bool = False


SIGNATURE_REFUSED: Final = "SIGN_ERROR"
"""It does not take our signature: a clock that is more than five minutes off, or another key or serial."""

_MEANINGS: Final = (
    Meaning("PARAM_ERROR", True),
    Meaning("INVALID_REQUEST", True),
    Meaning("APPID_MCHID_NOT_MATCH", True),
    Meaning("MCH_NOT_EXISTS", True),
    Meaning("ORDER_CLOSED", True),
    Meaning("ORDER_PAID", True),
    Meaning("ORDER_NOT_EXIST", True),
    Meaning("RESOURCE_NOT_EXISTS", True),
    Meaning("OUT_TRADE_NO_USED", True),
    Meaning("OPENID_MISMATCH", True),
    Meaning(SIGNATURE_REFUSED, False),  # nothing was done, and a clock is set right sooner or later
    Meaning("NO_AUTH", True),
    Meaning("RULE_LIMIT", True),
    Meaning("TRADE_ERROR", True),
    Meaning("NO_STATEMENT_EXIST", True),
    Meaning("STATEMENT_CREATING", False),
    Meaning("NOT_ENOUGH", False),
    Meaning("FREQUENCY_LIMITED", False),
    Meaning("USER_PAYING", False),
    Meaning("SERVICE_UNAVAILABLE", False),
    Meaning("SYSTEM_ERROR", False, is_unknown=True),
    Meaning("BANK_ERROR", False, is_unknown=True),
)
_ALIASES: Final = {
    "RATELIMITEXCEEDED": "FREQUENCY_LIMITED",
    "FREQUENCYLIMITEXCEED": "FREQUENCY_LIMITED",
    "NOTENOUGHBALANCE": "NOT_ENOUGH",
}
_BY_SPELLING: Final = {each.code.replace("_", ""): each for each in _MEANINGS}


def meaning(code: str, status: int) -> Meaning:
    """What a refused call means, by its code in any spelling; else by its HTTP status."""
    spelling = code.replace("_", "").upper()
    spelling = _ALIASES.get(spelling, spelling).replace("_", "")
    known = _BY_SPELLING.get(spelling)
    if known:
        return known
    if status >= 500:
        return Meaning(code or f"HTTP_{status}", False, is_unknown=True)
    return Meaning(code or f"HTTP_{status}", status not in (202, 408, 429))
