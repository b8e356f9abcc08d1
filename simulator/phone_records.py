"""The rows only phones know: posts in Moments, and the web view's cookies of a phone laid aside."""

from dataclasses import dataclass

from simulator.store import Row


@dataclass
class Moment(Row):
    """One post in Moments, seen by everybody; the picture in Base64, as the platform squeezed it."""

    number: int
    person: str
    at: float
    text: str = ""
    picture: str = ""
    url: str = ""
    title: str = ""

    @property
    def key(self) -> str:
        return str(self.number)


@dataclass
class Jar(Row):
    """The web view's cookies of one person's phone, kept while somebody else holds the browser."""

    person: str
    cookies: dict[str, str]

    @property
    def key(self) -> str:
        return self.person
