"""The command line: ``ugrn``, also ``python -m ugrn_core``. Results go to stdout, notes and progress to stderr."""

import sys

from ugrn_core.cli.app import app
from ugrn_core.cli.output import explain_full, say


def main() -> None:
    """Console entry ``ugrn``."""
    try:
        app(prog_name="ugrn")
    except OSError as error:  # of the help and the version, which the library writes
        said = explain_full(error)
        if said is None:
            raise
        say(f"ugrn: {said}")
        sys.exit(2)
