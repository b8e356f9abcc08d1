"""The address that was asked for, turned to another part of the same list."""

from urllib.parse import quote, urlencode

from flask import request


def same_page(**other: object) -> str:
    """The address that was asked for with other values in its query; None takes one out.

    Its names may be anything that somebody typed: `url_for` would take some of them for its own.
    """
    kept = [(name, each) for name, each in request.args.items(multi=True) if name not in other]
    kept += [(name, str(each)) for name, each in other.items() if each is not None]
    path = request.script_root + quote(request.path)
    return f"{path}?{urlencode(kept)}" if kept else path
