"""The command line: ``ugrn``, also ``python -m ugrn_core``. Results go to stdout, notes and progress to stderr."""

from ugrn_core.cli.app import app


def main() -> None:
    """Console entry ``ugrn``."""
    app(prog_name="ugrn")
