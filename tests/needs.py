"""What forms need beside naughty texts, so that they are taken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.naughty import Form


@dataclass(frozen=True, slots=True)
class Needs:
    """What forms need beside naughty texts; `endpoint name` goes before `name`.

    `sound` is what fields take that take no words (`day` those for one); a `{}` in it is where words go.
    `chosen` is what else is chosen in a form: one time each, since not every choice reads every field.
    `most` is how much goes into one line of a field of several.
    """

    sound: Mapping[str, str] = field(default_factory=dict)
    chosen: Mapping[str, Sequence[Mapping[str, str]]] = field(default_factory=dict)
    most: Mapping[str, int] = field(default_factory=dict)
    day: str = ""

    def sound_of(self, endpoint: str, form: Form, name: str) -> str | None:
        """What a field of a form takes; None for one that takes words."""
        told = self.sound.get(f"{endpoint} {name}", self.sound.get(name))
        if told is not None or name not in form.exact:
            return told
        return form.stood[name] or (self.day if form.exact[name] == "date" else "")

    def sane(self, endpoint: str, form: Form, word: str) -> dict[str, str]:
        """The form as somebody fills it in, with this where it takes words."""
        typed = dict[str, str]()
        for name in form.texts:
            sound = self.sound_of(endpoint, form, name)
            typed[name] = ("{}" if sound is None else sound).replace("{}", word)
        return {**form.values, **typed}
