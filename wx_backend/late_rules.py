"""Routes that learn to write their addresses when the first one is asked for, not at the start.

Werkzeug compiles a function per route for that: with nearly two hundred routes most of the time it
takes to put the application together, for addresses most processes never write.
"""

from collections.abc import Callable
from functools import cache, partial

from werkzeug.routing import Rule


class LateRule(Rule):
    """Matches as any rule; what writes its addresses is compiled once, late."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled = cache(partial(super()._compile_builder, append_unknown))

        def build(rule: Rule, **values: object) -> tuple[str, str]:
            return compiled()(rule, **values)

        return build
