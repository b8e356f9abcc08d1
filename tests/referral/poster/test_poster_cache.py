import os
import subprocess
import sys
from pathlib import Path

import pytest

from referral.poster import PosterCache

PROGRAM = """
import hashlib, sys
from pathlib import Path
from referral.poster import PosterCache
cache = PosterCache(Path(sys.argv[1]), 50_000)
for number in range(300):
    key = hashlib.sha256(str(number % 120).encode()).hexdigest()[:32]
    jpeg = cache.poster(key, lambda: b"\\xff\\xd8" + key.encode() * 32 + b"\\xff\\xd9")
    assert jpeg[2:34] == key.encode(), key
"""


def key(number: int) -> str:
    return f"{number:032x}"


def jpeg(size: int = 1000, filling: bytes = b"x") -> bytes:
    return b"\xff\xd8" + filling * (size - 4) + b"\xff\xd9"


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_a_stored_poster_is_found_again_by_any_process(tmp_path: Path) -> None:
    PosterCache(tmp_path, 10_000).store(key(1), jpeg())
    assert PosterCache(tmp_path, 10_000).find(key(1)) == jpeg()
    assert PosterCache(tmp_path, 10_000).find(key(2)) is None


def test_a_poster_is_drawn_once(tmp_path: Path) -> None:
    cache = PosterCache(tmp_path, 10_000)
    drawn = []

    def draw() -> bytes:
        drawn.append(1)
        return jpeg()

    assert [cache.poster(key(1), draw) for _ in range(3)] == [jpeg()] * 3
    assert len(drawn) == 1


def test_what_was_used_last_is_kept_longest(tmp_path: Path) -> None:
    cache = PosterCache(tmp_path, 10_000)
    for number in range(10):
        cache.store(key(number), jpeg())
        os.utime(tmp_path / "00" / f"{key(number)}.jpg", (number, number))
    cache.find(key(0))
    cache.store(key(10), jpeg())

    kept = [number for number in range(11) if cache.find(key(number))]
    assert kept == [0, 4, 5, 6, 7, 8, 9, 10]


@pytest.mark.parametrize("damage", [b"", jpeg()[:500], b"x" * 100])
def test_a_damaged_file_is_drawn_anew(tmp_path: Path, damage: bytes) -> None:
    cache = PosterCache(tmp_path, 10_000)
    cache.store(key(1), jpeg())
    (tmp_path / "00" / f"{key(1)}.jpg").write_bytes(damage)

    assert cache.find(key(1)) is None
    assert cache.poster(key(1), jpeg) == jpeg()


def test_what_a_crash_left_half_written_goes_in_time(tmp_path: Path) -> None:
    cache = PosterCache(tmp_path, 5_000)
    cache.store(key(1), jpeg())
    left = tmp_path / "00" / "tmpcrash.partial"
    left.write_bytes(b"x" * 4_000)
    os.utime(left, (1, 1))
    cache.store(key(2), jpeg())
    assert not left.exists()


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        PosterCache(tmp_path, 5_000).store(key(1), jpeg())
    assert size_of(tmp_path) == 0


def test_a_poster_cleared_up_before_it_had_its_name_is_drawn_again_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise FileNotFoundError

    cache = PosterCache(tmp_path, 5_000)
    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", gone)
        assert cache.poster(key(1), jpeg) == jpeg()
    assert cache.find(key(1)) is None


def test_a_process_that_stands_still_in_the_middle_keeps_nobody_from_clearing_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one deletes while another has already looked counts for both; none fails over it."""
    cache, unlink = PosterCache(tmp_path, 5_000), Path.unlink
    for number in range(5):
        cache.store(key(number), jpeg())

    def meanwhile(path: Path, missing_ok: bool = False) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(Path, "unlink", unlink)
            for number in range(10, 30):
                PosterCache(tmp_path, 5_000).store(key(number), jpeg())
            assert size_of(tmp_path) <= 5_000
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", meanwhile)
    cache.store(key(5), jpeg())
    assert 0 < size_of(tmp_path) <= 5_000


@pytest.mark.parametrize("wrong", ["", "../../etc/passwd", "A" * 32, "0" * 31, f"{'0' * 32}\n"])
def test_only_content_keys_name_files(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(ValueError, match="content key"):
        PosterCache(tmp_path, 10_000).find(wrong)


def test_a_cache_without_room_makes_no_sense(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="room"):
        PosterCache(tmp_path, 0)


def test_processes_share_a_folder_without_harm(tmp_path: Path) -> None:
    workers = [subprocess.Popen([sys.executable, "-c", PROGRAM, str(tmp_path)]) for _ in range(3)]
    assert [worker.wait(timeout=60) for worker in workers] == [0, 0, 0]
    assert size_of(tmp_path) <= 50_000 * 1.2
    assert not list(tmp_path.rglob("*.partial"))
