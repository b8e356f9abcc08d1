"""nginx's site as nginx understands it: parsed by crossplane, directives inherited, locations chosen."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import crossplane

MAIN: Final = "events {{}}\nhttp {{\n    include {};\n}}\n"


class WouldNotStart(Exception):
    """nginx refuses the site: a directive it does not know, or not there, or not so."""


@dataclass(frozen=True, slots=True)
class Block:
    """Some directives, and the block they stand in."""

    directives: Sequence[Mapping[str, Any]]
    around: "Block | None" = None

    def own(self, name: str) -> list[list[str]]:
        """The arguments of each directive of this name, in this block itself."""
        return [each["args"] for each in self.directives if each["directive"] == name]

    def said(self, name: str) -> list[list[str]]:
        """What holds here: nginx inherits a directive only where a block has none of that name."""
        return self.own(name) or (self.around.said(name) if self.around else [])

    def value(self, name: str) -> str | None:
        """The one value that holds here; None where nothing is said."""
        found = self.said(name)
        return " ".join(found[-1]) if found else None

    def blocks(self, name: str) -> Iterator[tuple[list[str], "Block"]]:
        """The blocks of this name, each with its arguments."""
        for each in self.directives:
            if each["directive"] == name:
                yield each["args"], Block(each["block"], self)

    def everything(self) -> Iterator[Mapping[str, Any]]:
        """Every directive, however deep."""
        for each in self.directives:
            yield each
            yield from Block(each.get("block") or ()).everything()


def parsed(site: Path, folder: Path) -> Block:
    """The site as part of `http`. Raises WouldNotStart for what nginx refuses."""
    main = folder / "nginx.conf"
    main.write_text(MAIN.format(site))
    told = crossplane.parse(str(main), combine=True, strict=True)
    if told["errors"]:
        raise WouldNotStart(told["errors"])
    http = next(each for each in told["config"][0]["parsed"] if each["directive"] == "http")
    return Block(http["block"])


def location_of(server: Block, path: str) -> Block:
    """The location nginx takes for a path: the exact one, the first pattern that fits, the longest beginning."""
    plain: dict[str, Block] = {}
    patterns: list[tuple[str, Block]] = []
    for (*how, what), block in server.blocks("location"):
        if how == ["="] and what == path:
            return block
        if how == ["~"]:
            patterns.append((what, block))
        elif not how and path.startswith(what):
            plain[what] = block
    fitting = [block for pattern, block in patterns if re.search(pattern, path)]
    return fitting[0] if fitting else plain[max(plain, key=len)]
