"""Finished posters kept as files under their content key, shared by all processes of a machine."""

import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

KEEP_AFTER_EVICTION = 0.8
RESCAN_AFTER = 0.05

_KEY = re.compile(r"[0-9a-f]{32}")
_JPEG_START, _JPEG_END = b"\xff\xd8", b"\xff\xd9"


class PosterCache:
    """A folder of posters bounded to about `max_bytes`; the least recently used go first.

    Several processes may use one folder: files appear whole or not at all. Each clears up for
    itself, so that none that stands still keeps the others from it; two at once go for the same
    oldest files. The bound is kept within a twentieth per process. Everything in the folder can
    be deleted at any moment; it is then drawn again.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        if max_bytes <= 0:
            raise ValueError("a poster cache needs room")
        self._folder = folder
        self._max_bytes = max_bytes
        self._written = max_bytes  # look at the folder when the first poster is stored

    def find(self, key: str) -> bytes | None:
        """The poster kept under a key, or None. A damaged file counts as absent."""
        path = self._path(key)
        try:
            jpeg = path.read_bytes()
            if jpeg.startswith(_JPEG_START) and jpeg.endswith(_JPEG_END):
                os.utime(path)
                return jpeg
            path.unlink()
        except FileNotFoundError:
            pass  # never stored, or cleared up by another process just now
        return None

    def store(self, key: str, jpeg: bytes) -> None:
        """Keep a poster; the last writer of a key wins, and all of them wrote the same."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=path.parent, suffix=".partial")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(jpeg)
            with suppress(FileNotFoundError):  # cleared up before it had its name
                os.replace(partial, path)
        except BaseException:
            Path(partial).unlink(missing_ok=True)
            raise
        self._written += len(jpeg)
        if self._written > self._max_bytes * RESCAN_AFTER:
            self._clear_up()

    def poster(self, key: str, draw: Callable[[], bytes]) -> bytes:
        """The poster kept under a key, drawn and stored first when there is none."""
        jpeg = self.find(key)
        if jpeg is None:
            jpeg = draw()
            self.store(key, jpeg)
        return jpeg

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ValueError("not a content key")
        return self._folder / key[:2] / f"{key}.jpg"

    def _clear_up(self) -> None:
        self._written = 0
        files = sorted(self._files())
        total = sum(size for _, size, _ in files)
        if total <= self._max_bytes:
            return
        for _, size, path in files:
            path.unlink(missing_ok=True)
            total -= size
            if total <= self._max_bytes * KEEP_AFTER_EVICTION:
                return

    def _files(self) -> Iterator[tuple[int, int, Path]]:
        """Last use, size and path of every file, what a crash left half-written included."""
        for path in self._folder.glob("??/*"):
            with suppress(FileNotFoundError):
                about = path.stat()
                yield about.st_mtime_ns, about.st_size, path
