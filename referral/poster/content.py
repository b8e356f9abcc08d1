"""The digest a finished poster is cached under: same content, same key, on every machine."""

import hashlib
import json
from functools import cache
from pathlib import Path

from referral.poster.template import Template
from referral.poster.values import PosterValues

FONT = Path(__file__).with_name("fonts") / "NotoSansSC-subset.otf"

# Raised whenever the drawing code changes what a poster looks like: old copies are then redrawn.
DRAWING_VERSION = 1


def content_key(template: Template, values: PosterValues) -> str:
    """32 hexadecimal characters that change with anything one can see on the poster.

    Template, font, link and every value the template shows count; a value it does not show
    does not, so a new price leaves a poster without a price alone.
    """
    words = values.words()
    shown: dict[str, str | None] = {field: words[field] for field in template.word_fields}
    for field in template.picture_fields:
        shown[f"{field} picture"] = _digest(getattr(values, field))
    if template.shows_initial and values.avatar is None:
        shown["initial"] = values.initial()
    parts = [DRAWING_VERSION, template.digest, _font_digest(), values.link, shown]
    text = json.dumps(parts, sort_keys=True)  # ASCII only: a lone surrogate cannot break it
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:32]


def _digest(data: bytes | None) -> str | None:
    return None if data is None else hashlib.sha256(data).hexdigest()


@cache
def _font_digest() -> str:
    return hashlib.sha256(FONT.read_bytes()).hexdigest()
