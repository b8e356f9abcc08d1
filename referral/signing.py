"""Share tokens under the keys of the configuration."""

from functools import lru_cache

from referral import token
from referral.token import Key, Keyring
from wx_backend.config import ShareKey
from wx_backend.platform import config


@lru_cache(maxsize=8)
def keyring(keys: tuple[ShareKey, ...]) -> Keyring:
    """The configured keys as a ring: retired ones first, the one that signs last."""
    ordered = sorted(keys, key=lambda key: key.last_share_id is None)
    return Keyring([Key(k.letter, bytes.fromhex(k.secret), k.last_share_id) for k in ordered])


def sign_share(share_id: int) -> str:
    """The 24-character token of a share."""
    return token.sign(share_id, keyring(config().share_keys))


def signed_share(text: str) -> int:
    """The share a token names; ForgedToken when it is not one of ours."""
    return token.verify(text, keyring(config().share_keys))
