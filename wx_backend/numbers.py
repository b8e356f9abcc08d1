"""Public numbers: what people read out and partners store; they can be neither guessed nor counted."""

import re
import secrets
from datetime import date

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_CHARACTERS = 13  # 65 random bits

MEMBER, REP, ORDER, PAYMENT, REFUND = "MB", "RP", "OD", "PY", "RF"
RECEIPT, PRODUCT, SKU, BANNER = "RC", "PD", "SK", "BN"


def new_number(kind: str, *, on: date, prefix: str = "") -> str:
    """Prefix, two letters of kind, yymmdd, 13 random Crockford base32 characters.

    Letters and digits only, at most 25 characters: it also serves as WeChat Pay's out_trade_no
    (6 to 32 of [0-9A-Za-z]). `prefix` keeps two installations on one merchant id apart.
    """
    random = "".join(secrets.choice(CROCKFORD) for _ in range(RANDOM_CHARACTERS))
    return f"{prefix}{kind}{on:%y%m%d}{random}"


def is_of_kind(number: str, kind: str, *, prefix: str = "") -> bool:
    """Whether this installation could have made such a number; another system's look different."""
    shape = rf"{re.escape(prefix)}{kind}[0-9]{{6}}[{CROCKFORD}]{{{RANDOM_CHARACTERS}}}"
    return re.fullmatch(shape, number) is not None
