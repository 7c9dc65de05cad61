"""``ugrn fetch``: published weights, pinned to the byte."""

from __future__ import annotations

from typing import Annotated

import typer

from ugrn_core.cli.output import progress_on_stderr, say


def fetch(name: Annotated[str, typer.Argument(metavar="NAME", help="Model to download, e.g. scgpt-human.")]) -> None:
    """Download published weights and verify them.

    A download that was cut off goes on where it stopped; the folder of the files is printed. Files put into that
    folder by hand are verified and used. Without a connection the command says which files belong where.
    """
    from ugrn_core.backbones import fetch as published

    checkpoint = published.pinned_checkpoint(name)
    for file in checkpoint.files:
        say(str(file))
    with progress_on_stderr() as progress:
        folder = published.fetch(name, progress)
    say(f"{name} is complete and verified. Use it with --backbone {name}.")
    typer.echo(folder)
