"""`python -m tools.python <runtime|dev> ARGUMENTS`: the project's own Python, set up first if need be."""

import os
import sys

OLDEST = (3, 11)


def main(arguments):  # type: (list[str]) -> None
    """Become the environment's interpreter; says what to do when this one is too old."""
    if sys.version_info < OLDEST:
        sys.exit(
            "This project needs Python {}.{} or newer; {} is {}.\n"
            "Install one and name it: make PYTHON=/path/to/python3 ...".format(
                *OLDEST, sys.executable, sys.version.split()[0]
            )
        )
    from tools import environment

    try:
        python = str(environment.ensure(arguments[0]))
    except environment.SetUpFailed as failure:
        sys.exit(str(failure))
    os.execv(python, [python, *arguments[1:]])  # noqa: S606 - becoming it is the point


if __name__ == "__main__":
    main(sys.argv[1:])
