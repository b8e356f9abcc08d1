"""Personal QR posters: pure rendering from a template and values; no database, no network.

Light modules, safe to import while a page is served: `values`, `template`, `reading`, `wrapping`,
`content`, `cache`. Heavy ones, which load Pillow and the QR library when they are imported and
are meant for the worker: `fonts`, `pictures`, `code`, `drawing`, `proof`. A page asks the cache by
`content_key` and leaves the drawing to a job.
"""

from referral.poster.cache import PosterCache
from referral.poster.content import content_key
from referral.poster.reading import (
    TemplateInvalid,
    template_from_folder,
    template_named,
    template_names,
)
from referral.poster.template import Template
from referral.poster.values import BadPosterValues, PosterValues

__all__ = [
    "BadPosterValues",
    "PosterCache",
    "PosterValues",
    "Template",
    "TemplateInvalid",
    "content_key",
    "template_from_folder",
    "template_named",
    "template_names",
]
