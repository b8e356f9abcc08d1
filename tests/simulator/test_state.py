"""What the pretend platform keeps in its file comes back as it was, in its order."""

from dataclasses import dataclass
from pathlib import Path

from simulator.store import Disk, Row, Table


@dataclass
class Note(Row):
    number: str

    @property
    def key(self) -> str:
        return self.number


def found(path: Path) -> list[str]:
    """What a restart finds."""
    disk, again = Disk(path), Table(Note)
    disk.load([again])
    disk.close()
    return [note.number for note in again]


def test_rows_saved_at_once_come_back_in_their_order(tmp_path: Path) -> None:
    path, table = tmp_path / "state.db", Table(Note)
    disk = Disk(path)
    numbers = [f"{number:06}" for number in range(200)]
    for number in numbers:
        table.save(Note(number))
    disk.flush([table])
    for number in reversed(numbers[:100]):
        table.save(Note(number))
    table.drop(numbers[7])
    disk.flush([table])
    disk.close()
    numbers.remove("000007")
    assert found(path) == [note.number for note in table] == numbers
