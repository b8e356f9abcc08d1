"""The bytes of a request as they came, for whoever verifies a signature over them."""

from typing import Final

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

BODY_MAX: Final = 64 * 1024


def raw_body() -> bytes:
    """The whole body, with or without a Content-Length; answers 413 for more than `BODY_MAX`."""
    request.max_content_length = BODY_MAX + 1  # a chunked body is cut there without a word
    raw = request.get_data(cache=False)
    if len(raw) > BODY_MAX:
        raise RequestEntityTooLarge
    return raw
