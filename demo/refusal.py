"""Why the demo cannot start, in words for the person who started it."""


class CannotStart(Exception):
    """The message says what is in the way and what to do about it."""
