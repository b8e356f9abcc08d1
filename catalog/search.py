"""What a product is found by: the words of its name and subtitle, and the pinyin initials of its name."""

import unicodedata


def search_text(name: str, subtitle: str) -> str:
    """What is kept beside a product: `苹果手机` is found by 苹果, by 手机, and by `pgsj`.

    Lines of name, subtitle and initials; a search never matches across two of them.
    """
    from pypinyin import Style, lazy_pinyin  # its tables cost 0.1 s: only where a product is saved

    initials = normal("".join(lazy_pinyin(name, style=Style.FIRST_LETTER)))
    letters = "".join(letter for letter in initials if letter.isalnum())
    return "\n".join((normal(name), normal(subtitle), letters))


def search_words(text: str) -> list[str]:
    """The words of what somebody typed; each of them has to be found."""
    return normal(text).split()


def normal(text: str) -> str:
    """One spelling for capitals, small and full-width letters: `ＰＧＳＪ` -> `pgsj`."""
    return unicodedata.normalize("NFKC", text).casefold()
