"""What is drawn by lot for each page, and may spell anything."""

import re
from typing import Final

_TOKEN: Final = re.compile(r'name="csrf-token" content="[^"]+"|name="csrf_token" value="[^"]+"')


def without_tokens(page: str) -> str:
    """A page without its tokens, which name the second in which they were made, and are signed."""
    return _TOKEN.sub("", page)
