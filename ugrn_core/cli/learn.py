"""``ugrn learn``: what the Learn page needs beside the browser: worksheets, their keys, and models of circuits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ugrn_core.cli.output import progress_on_stderr, say

learn = typer.Typer(no_args_is_help=True, help="Worksheets and keys of the lessons, and models of their circuits.")


@learn.command()
def train(
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Folder to write the model into.")],
    seed: Annotated[int, typer.Option(help="Circuit: the same pattern of arrows, other strengths.")] = 1,
    steps: Annotated[int, typer.Option(min=20, help="Steps of training; 800 are enough to see it work.")] = 2000,
) -> None:
    """Train a tiny model on the simulated cells of a teaching circuit.

    The folder it writes is a checkpoint like any other: give it as --backbone, or choose it in the app.
    """
    from ugrn_core.circuits.shipped import save_circuit, train_circuit

    with progress_on_stderr() as progress:
        trained = train_circuit(seed, steps, progress=progress)
    backbone = save_circuit(trained, seed, out)
    say(f"{out}: loss {trained.losses[0]:.3f} to {trained.losses[-1]:.3f}, fingerprint {backbone.fingerprint[:12]}")
