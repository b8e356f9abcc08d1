"""Inputs that are nearly right, and what every reader of them owes: an answer or its one error, soon."""

import gc
import resource
from collections.abc import Callable
from itertools import count
from time import thread_time
from typing import Any, Final

import hypothesis
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import Tally

EXAMPLES: Final = 60
CPU_SECONDS: Final = 1.0
GROWTH_KIB: Final = 128 * 1024
Fuzz = Callable[[st.SearchStrategy[Any], Callable[[Any], object]], None]
# What parsers, numbers and pages have tripped over before, here or elsewhere.
NASTY: Final = (
    *(b"", b"\x00", b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\r\n", b"\x1b[2J"),
    *(
        b"9" * 5_000,
        b"-1",
        b"1e400",
        b"NaN",
        b"1_0",
        b"0x10",
        b"true",
        b"null",
        b"9223372036854775808",
    ),
    *("１２".encode(), "²".encode(), "\u202e".encode(), "😀".encode(), b"\\ud800", b"\\u0000"),
    *(b"[" * 5_000, b'{"a":' * 5_000, b"<xml>" * 2_000, b"]]>", b"&#0;", b"&lt;", b"<![CDATA["),
    *(
        b'<!DOCTYPE x [<!ENTITY e "e">]>',
        b"&e;",
        b"'",
        b'"',
        b",`",
        b"`",
        b"%0d%0a",
        b"../",
        b"{{7*7}}",
    ),
)


@pytest.fixture
def fuzz(request: pytest.FixtureRequest, tally: Tally) -> Fuzz:
    """Holds a check against many inputs; `--examples` says how many, `--fuzz-seed` which others.

    No input may take a second of CPU, nor all of them together 128 MiB more memory than before. What the
    tests before have left is set apart: to collect a million objects alone takes more than a second.
    """
    examples = request.config.getoption("--examples") or EXAMPLES
    seed = request.config.getoption("--fuzz-seed")

    def run(inputs: st.SearchStrategy[Any], check: Callable[[Any], object]) -> None:
        before, tried = _most_memory_kib(), count()

        @settings(
            max_examples=examples,
            derandomize=seed is None,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(inputs)
        def each(given: Any) -> None:
            next(tried)
            start = thread_time()
            check(given)
            assert thread_time() - start < CPU_SECONDS

        (each if seed is None else hypothesis.seed(seed)(each))()
        tally(next(tried))
        assert _most_memory_kib() - before < GROWTH_KIB

    gc.unfreeze()
    gc.collect()
    gc.freeze()
    return run


@st.composite
def mutated(draw: st.DrawFn, *seeds: bytes) -> bytes:
    """One of the seeds after up to four accidents: bytes lost, repeated, changed, or something nasty put in."""
    raw = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(raw)))
        end = min(len(raw), start + draw(st.sampled_from((0, 0, 1, 2, 8, 40))))
        instead = draw(st.sampled_from(NASTY) | st.binary(max_size=4) | st.just(2 * raw[start:end]))
        raw = raw[:start] + instead + raw[end:]
    return raw


def _most_memory_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
