"""The JS-SDK signature."""

from hashlib import sha1


def jsapi_signature(*, ticket: str, nonce: str, timestamp: int, url: str) -> str:
    """Sign a page for `wx.config`; `url` is the page's address, byte for byte.

    The part after `#` is not signed. The caller makes sure that the address is one of its own.
    """
    page = url.partition("#")[0]
    plain = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={page}"
    return sha1(plain.encode(), usedforsecurity=False).hexdigest()
