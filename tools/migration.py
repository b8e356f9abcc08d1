"""Write the next numbered migration: the difference between the models and what the migrations make."""

import sys
import tempfile
from pathlib import Path

from wx_backend import migrate


def main() -> None:
    """The argument says what changes ("add refund reason"); the new file's path is printed."""
    message = " ".join(sys.argv[1:]).strip()
    if not message:
        sys.exit('say what changes: make migration m="add refund reason"')
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'models.sqlite'}"
        migrate.upgrade(url=url)
        print(migrate.write(url=url, message=message))


if __name__ == "__main__":
    main()
