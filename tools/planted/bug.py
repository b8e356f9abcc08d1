"""What a planted bug is: one piece of text replaced by another, and the tests that must notice."""

from dataclasses import dataclass
from pathlib import Path


class DoesNotFit(Exception):
    """The text to replace is not there exactly once: the code has changed, the bug has not."""


@dataclass(frozen=True, slots=True)
class Bug:
    """A mistake somebody could make: in `path`, `right` becomes `wrong`.

    `caught_by` are the tests (`file::name`) of which every single one must fail with it.
    """

    name: str
    path: str
    right: str
    wrong: str
    caught_by: tuple[str, ...]

    def planted(self, text: str) -> str:
        """The file's text with the bug in it; DoesNotFit unless `right` is there exactly once."""
        if text.count(self.right) != 1:
            raise DoesNotFit(f"{self.name}: {self.path} holds it {text.count(self.right)} times")
        return text.replace(self.right, self.wrong)

    def plant(self, root: Path) -> None:
        """Put the bug into the copy of the project at `root`."""
        file = root / self.path
        file.write_text(self.planted(file.read_text("utf-8")), "utf-8")
