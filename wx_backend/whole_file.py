"""Files that appear whole or not at all, whoever writes them and whatever stops him."""

import secrets
from pathlib import Path


def keep_file(place: Path, content: bytes) -> None:
    """Write a file and then give it its name; of two writers at once the later one stays.

    What could not be written whole leaves nothing behind.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = place.with_name(f"{place.name}.{secrets.token_hex(4)}")
    try:
        fresh.write_bytes(content)
        fresh.replace(place)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
