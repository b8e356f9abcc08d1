"""Templates of pages are compiled once for all tests: every test has its own application, but the same pages."""

from types import CodeType
from typing import Final

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket


class _Kept(BytecodeCache):
    """Code by the template it is of, and by what that template said."""

    def __init__(self) -> None:
        self._codes: Final[dict[tuple[str, str], CodeType]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._codes[bucket.key, bucket.checksum] = bucket.code


_kept: Final = _Kept()


def share_pages(app: Flask) -> None:
    """Let an application use what was compiled for those of the tests before.

    Jinja keeps compiled templates with the environment, so with the application: without this a
    fifth of the time of all tests of pages goes into compiling.
    """
    app.jinja_env.bytecode_cache = _kept
