"""`python -m demo.chaos`: the trouble alone, without the story before it."""

import sys

from demo.chaos import disk
from demo.story.__main__ import main

if __name__ == "__main__":
    disk.enter(sys.argv[1:])
    sys.exit(main(["--chaos-only", *sys.argv[1:]]))
