"""What Mallory makes of a token she has seen."""


def one_letter_off(token: str, at: int) -> str:
    """The token with another letter at that place: never the same one, whatever stood there."""
    other = "A" if token[at] != "A" else "B"
    return token[:at] + other + token[at:][1:]
