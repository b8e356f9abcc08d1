"""Phone numbers: one strict spelling, and how much of one is shown."""

import re

from wx_backend.errors import BadInput

_SEPARATORS = str.maketrans("", "", " -")
_MOBILE = re.compile(r"(?:\+86|0086|86)?(1[3-9][0-9]{9})")


class BadPhone(BadInput):
    code, message = "bad_phone", "手机号格式不正确"


def normalised(phone: str) -> str:
    """The eleven digits of a mainland mobile number: `+86 138-0013-8000` -> `13800138000`.

    Raises BadPhone for anything else: landlines, other countries, full-width digits.
    """
    match = _MOBILE.fullmatch(phone.translate(_SEPARATORS)) if len(phone) <= 24 else None
    if match is None:
        raise BadPhone
    return match[1]


def masked(phone: str) -> str:
    """`13800138000` -> `138****8000`; what is not eleven digits is hidden whole."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) == 11 else "****"
