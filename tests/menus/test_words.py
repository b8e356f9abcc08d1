"""Many words found in one pass: the same answer as looking for each, in time linear in the text."""

from hypothesis import example, given
from hypothesis import strategies as st

from menus.words import WordIndex

LETTERS = st.text(alphabet="aab套餐", max_size=12)


@given(
    words=st.lists(st.text(alphabet="aab套餐", min_size=1, max_size=5), max_size=12), text=LETTERS
)
@example(words=["aab", "ab", "b"], text="aaab")
@example(words=["套餐", "餐套套"], text="套餐套餐")
def test_the_first_word_in_rank_is_found(words: list[str], text: str) -> None:
    ranks = [rank for rank, word in enumerate(words) if word in text]

    assert WordIndex(words).first_in(text) == (ranks[0] if ranks else None)


def test_overlapping_words_cost_nothing_more() -> None:
    steps = 0

    class Counted(dict[str, int]):
        def get(self, key: str, default: int = 0) -> int:  # type: ignore[override]  # one use
            nonlocal steps
            steps += 1
            return super().get(key, default)

    index = WordIndex(["a" * length + "b" for length in range(128)])
    index._next = [Counted(each) for each in index._next]

    assert index.first_in("a" * 5_000) is None
    assert steps == 5_000
