"""What the platform's errcodes ask of the caller."""

from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """The treatment a failed call needs."""

    token = "token"  # renew the token, repeat once  # noqa: S105 - a kind, not a secret
    transient = "transient"  # back off and repeat, with the same idempotency key
    quota = "quota"  # stop this API until the limit resets
    receiver = "receiver"  # this person cannot be reached this way; the next one can
    duplicate = "duplicate"  # it was done before: treat as done
    permanent = "permanent"  # repeating cannot help; a person must look


_CODES: Final[dict[Kind, tuple[int, ...]]] = {
    Kind.token: (40001, 40014, 41001, 42001),
    Kind.transient: (-1, 43117, 44990, 45011, 45066, 10060001, 10060012, 10060019),
    Kind.quota: (45009, 48006),
    Kind.receiver: (40003, 43004, 43019, 43101, 45015, 45047, 48002, 49003, 50005),
    Kind.duplicate: (40241, 45065, 10060002, 10060023),
}
_KINDS: Final = {code: kind for kind, codes in _CODES.items() for code in codes}

CODE_USED: Final = frozenset({40029, 40163})  # an OAuth or login code that is wrong or was used
NO_MENU: Final = 46003
NO_SUCH_MENU: Final = 65301  # a personalised one
NOT_FOLLOWING: Final = 43004
NO_SUCH_TAG: Final = 45159
NOT_SHIPPABLE: Final = 10060004  # a payment that was refunded or closed, or is complete
TEMPLATE_GONE: Final = frozenset({40037, 43116})  # not there any more, or banned: for everybody
TAG_TOO_LARGE: Final = 45057  # to be deleted: more than 100,000 followers have it
TAGS_TOO_MANY: Final = 45059  # of one person


def kind_of(code: int) -> Kind:
    """The treatment of an errcode; an unknown one is permanent, so that nobody hammers."""
    return _KINDS.get(code, Kind.permanent)


def is_permanent(code: int) -> bool:
    """Whether repeating the same call cannot help."""
    return kind_of(code) not in (Kind.token, Kind.transient, Kind.quota)
