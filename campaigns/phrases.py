"""Phrases looked for in a text as people read it, however it is spaced, pointed or written wide.

All in time linear in the text: each word is looked for once, and what follows it within so many letters.
"""

import unicodedata
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_UNSEEN: Final = frozenset("\u115f\u1160")  # letters to Unicode, blank to the eye
_ENDS_CLAUSE: Final = frozenset(",。;")
_ENDS_SENTENCE: Final = frozenset("。;")


@dataclass(frozen=True, slots=True)
class Text:
    """A text's letters and digits alone; for each where it stood, and in which clause and sentence."""

    raw: str
    letters: str
    places: Sequence[int]
    clauses: Sequence[int]
    sentences: Sequence[int]

    @classmethod
    def of(cls, raw: str) -> "Text":
        """Full and half width, upper and lower case are the same; blanks and signs are left out."""
        letters: list[str] = []
        places, clauses, sentences = [], [], []
        clause = sentence = 0
        for place, character in enumerate(raw):
            for each in _plain(character):
                if each.isalnum():
                    letters.append(each)
                    places.append(place)
                    clauses.append(clause)
                    sentences.append(sentence)
                clause += each in _ENDS_CLAUSE
                sentence += each in _ENDS_SENTENCE
        return cls(raw, "".join(letters), places, clauses, sentences)

    def words(self, start: int, end: int) -> str:
        """What was written from a letter up to another."""
        return self.raw[self.places[start] : self.places[end - 1] + 1]


class Words:
    """Any of some words, but where it is a part of one of `but`, which means something else."""

    def __init__(self, *words: str, but: Sequence[str] = ()) -> None:
        self._words = tuple(dict.fromkeys(words))
        self._but = [
            (longer, word, offset)
            for longer in but
            for word in self._words
            for offset in _starts(word, longer)
        ]

    def spans(self, letters: str) -> list[tuple[int, int]]:
        """Where they begin and end."""
        there = [word for word in self._words if word in letters]
        barred = self._barred(letters) if there else frozenset()
        return [
            (start, start + len(word))
            for word in there
            for start in _starts(word, letters)
            if (start, word) not in barred
        ]

    def _barred(self, letters: str) -> Set[tuple[int, str]]:
        """Where which word is a part of a longer one."""
        return {
            (start + offset, word)
            for longer, word, offset in self._but
            if longer in letters
            for start in _starts(longer, letters)
        }


class Phrase:
    """Words that follow each other, each within so many letters of the one before, in one sentence.

    `Phrase(a, 12, b)`: any word of `a`, and any of `b` after at most twelve letters. `in_clause`: a
    comma parts them, too.
    """

    def __init__(self, first: Words, *then: int | Words, in_clause: bool = False) -> None:
        gaps = [each for each in then if isinstance(each, int)]
        words = [each for each in then if isinstance(each, Words)]
        self._first, self._then = first, list(zip(gaps, words, strict=True))
        self._in_clause = in_clause

    def first_in(self, text: Text) -> str:
        """The words of the text that are the phrase, as written; empty where there are none."""
        parts = text.clauses if self._in_clause else text.sentences
        begun = _by_end(self._first.spans(text.letters))
        for gap, words in self._then:
            if not begun:
                return ""
            follow = words.spans(text.letters)
            begun = _by_end(list(_joined(begun, follow, gap, parts)))
        if not begun:
            return ""
        end = min(begun, key=lambda each: (begun[each], each))
        return text.words(begun[end], end)


def _joined(
    begun: dict[int, int], follow: list[tuple[int, int]], gap: int, parts: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """What was begun and is followed within the gap, from its first letter to its last."""
    for start, end in follow:
        for before in range(start, max(start - gap, 1) - 1, -1):
            if before in begun and parts[before - 1] == parts[start]:
                yield begun[before], end
                break


def _by_end(spans: list[tuple[int, int]]) -> dict[int, int]:
    """The longest of those that end at the same letter."""
    begun: dict[int, int] = {}
    for start, end in spans:
        begun[end] = min(start, begun.get(end, start))
    return begun


def _starts(word: str, text: str) -> Iterator[int]:
    start = text.find(word)
    while start >= 0:
        yield start
        start = text.find(word, start + 1)


@lru_cache(maxsize=8192)
def _plain(character: str) -> str:
    """A character as compared: of one width and case, without what nobody sees."""
    folded = unicodedata.normalize("NFKC", character).casefold()
    return "".join(each for each in folded if each not in _UNSEEN)
