"""Many words looked for in a text at once, in time linear in the text (Aho and Corasick, 1975)."""

from collections import deque
from collections.abc import Sequence


class WordIndex:
    """Says which of its words that a text contains comes first in rank.

    Each state knows the best word that ends in it, its suffixes' included, so that however many
    words overlap, a character of the text costs the same.
    """

    def __init__(self, words: Sequence[str]) -> None:
        """`words` in order of rank, the first goes before all others."""
        self._none = len(words)
        self._next: list[dict[str, int]] = [{}]
        self._best: list[int] = [self._none]
        self._fall: list[int] = [0]
        for rank, word in enumerate(words):
            self._grow(word, rank)
        self._link()

    def first_in(self, text: str) -> int | None:
        """The rank of the first of the words that are in the text; None when none is."""
        following, fall, best = self._next, self._fall, self._best
        state, found = 0, best[0]
        for character in text:
            while state and character not in following[state]:
                state = fall[state]
            state = following[state].get(character, 0)
            if best[state] < found:
                found = best[state]
        return found if found < self._none else None

    def _grow(self, word: str, rank: int) -> None:
        state = 0
        for character in word:
            if character not in self._next[state]:
                self._next[state][character] = len(self._next)
                self._next.append({})
                self._best.append(self._none)
                self._fall.append(0)
            state = self._next[state][character]
        self._best[state] = min(self._best[state], rank)

    def _link(self) -> None:
        """Where to go on when no word goes on: the longest suffix that begins some word."""
        waiting = deque(self._next[0].values())
        while waiting:
            state = waiting.popleft()
            for character, child in self._next[state].items():
                fall = self._fall[state]
                while fall and character not in self._next[fall]:
                    fall = self._fall[fall]
                self._fall[child] = self._next[fall].get(character, 0)
                self._best[child] = min(self._best[child], self._best[self._fall[child]])
                waiting.append(child)
