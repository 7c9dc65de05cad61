"""The command line: ``ugrn``, also ``python -m ugrn_core``. Results go to stdout, notes and progress to stderr."""

import gc
import sys

from ugrn_core.cli.app import app
from ugrn_core.cli.output import explain_full, say

FEW_LOOKS = 100_000, 20, 50
"""New objects between two looks for circles of dead ones: a command reads hundreds of thousands of names, which live as
long as it does; by Python's 700 that takes a tenth of a network's time."""


def main() -> None:
    """Console entry ``ugrn``."""
    gc.set_threshold(*FEW_LOOKS)
    try:
        app(prog_name="ugrn")
    except OSError as error:  # of the help and the version, which the library writes
        said = explain_full(error)
        if said is None:
            raise
        say(f"ugrn: {said}")
        sys.exit(2)
