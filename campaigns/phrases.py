"""Phrases looked for in a text as people read it, however it is spaced, pointed or written wide.

All in time linear in the text: each word is looked for once, and what follows it within so many letters.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

_UNSEEN: Final = frozenset("\u115f\u1160")  # letters to Unicode, blank to the eye
_ENDS_CLAUSE: Final = frozenset(",。;")
_ENDS_SENTENCE: Final = frozenset("。;")
_SIMPLIFIED: Final = str.maketrans(
    "轉發給領紅獎贈點讚贊關註賺薦請話費積減禮換現驚幫價團線級銷"
    "後見與進齊隊夥戶號優滿買時殺搶購熱僅動賣倉變傭無觀鎖兌羣單",
    "转发给领红奖赠点赞赞关注赚荐请话费积减礼换现惊帮价团线级销"
    "后见与进齐队伙户号优满买时杀抢购热仅动卖仓变佣无观锁兑群单",
)
"""Traditional characters of the words that are looked for: a few, not those of the language."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text's letters and digits alone; for each where it stood, and in which clause and sentence."""

    raw: str
    letters: str
    places: Sequence[int]
    clauses: Sequence[int]
    sentences: Sequence[int]
    _found: dict["Words", list["Span"]] = field(default_factory=dict, compare=False, repr=False)

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

    def spans(self, words: "Words") -> list["Span"]:
        """Where these words are, looked for once."""
        if words not in self._found:
            self._found[words] = words.spans(self.letters)
        return self._found[words]

    def words(self, start: int, end: int) -> str:
        """What was written from a letter up to another."""
        return self.raw[self.places[start] : self.places[end - 1] + 1]


class Span(NamedTuple):
    """Where a word begins and ends; where the longer word begins that it is a part of, or -1."""

    start: int
    end: int
    longer: int = -1


class Words:
    """Any of some words, but where it is a part of one of `but`, which means something else.

    With `opens` they follow as the first words of the next sentence, and nowhere else.
    """

    def __init__(self, *words: str, but: Sequence[str] = (), opens: bool = False) -> None:
        self.opens = opens
        self._words = tuple(dict.fromkeys(words))
        self._but = [
            (longer, word, offset)
            for longer in but
            for word in self._words
            for offset in _starts(word, longer)
        ]

    def spans(self, letters: str) -> list[Span]:
        """Where they are, those too that are a part of a longer word."""
        there = [word for word in self._words if word in letters]
        longer = self._longer(letters) if there else {}
        return [
            Span(start, start + len(word), longer.get((start, word), -1))
            for word in there
            for start in _starts(word, letters)
        ]

    def _longer(self, letters: str) -> Mapping[tuple[int, str], int]:
        """Where which word is a part of a longer one, and where that begins: the last of several."""
        found: dict[tuple[int, str], int] = {}
        for longer, word, offset in self._but:
            for start in _starts(longer, letters):
                place = (start + offset, word)
                found[place] = max(start, found.get(place, -1))
        return found


class Phrase:
    """Words that follow each other, each within so many letters of the one before, in one sentence.

    `Phrase(a, 12, b)`: any word of `a`, and any of `b` after at most twelve letters. `in_clause`: a
    comma parts them, too. A longer word that begins within the word before is none here: 转发送 is
    转发 and 送, not 发送.
    """

    def __init__(self, first: Words, *then: int | Words, in_clause: bool = False) -> None:
        gaps = [each for each in then if isinstance(each, int)]
        words = [each for each in then if isinstance(each, Words)]
        self._first, self._then = first, list(zip(gaps, words, strict=True))
        self._in_clause = in_clause

    def first_in(self, text: Text) -> str:
        """The words of the text that are the phrase, as written; empty where there are none."""
        parts = text.clauses if self._in_clause else text.sentences
        begun = _by_end(each for each in text.spans(self._first) if each.longer < 0)
        for gap, words in self._then:
            if not begun:
                return ""
            follow = text.spans(words)
            if words.opens:
                follow = [each for each in follow if parts[each.start - 1] != parts[each.start]]
            begun = _by_end(_joined(begun, follow, gap, parts, words.opens))
        if not begun:
            return ""
        end = min(begun, key=lambda each: (begun[each], each))
        return text.words(begun[end], end)


def _joined(
    begun: Mapping[int, int], follow: list[Span], gap: int, parts: Sequence[int], opens: bool
) -> Iterator[Span]:
    """What was begun and is followed within the gap, from its first letter to its last."""
    for start, end, longer in follow:
        for before in range(start, max(start - gap, longer + 1, 1) - 1, -1):
            if before in begun and parts[before - 1] == parts[start - opens]:
                yield Span(begun[before], end)
                break


def _by_end(spans: Iterable[Span]) -> dict[int, int]:
    """The longest of those that end at the same letter."""
    begun: dict[int, int] = {}
    for start, end, _ in spans:
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
    folded = unicodedata.normalize("NFKC", character).casefold().translate(_SIMPLIFIED)
    return "".join(each for each in folded if each not in _UNSEEN)
