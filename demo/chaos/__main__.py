"""`python -m demo.chaos`: the trouble alone, without the story before it."""

import sys

from demo import namespaces
from demo.story.__main__ import main

if __name__ == "__main__":
    namespaces.enter("demo.chaos", sys.argv[1:], "--mount")
    sys.exit(main(["--chaos-only", *sys.argv[1:]]))
