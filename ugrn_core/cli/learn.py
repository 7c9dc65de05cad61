"""``ugrn learn``: what the Learn page needs beside the browser: worksheets, their keys, and models of circuits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ugrn_core.cli.output import progress_on_stderr, say
from ugrn_core.errors import InputError

SeedOption = Annotated[int, typer.Option(help="Seed of a student: it decides the strengths and the answers.")]
OutOption = Annotated[
    Path | None, typer.Option(metavar="FILE.html", help="Default: named by its seed, in this folder.")
]

learn = typer.Typer(no_args_is_help=True, help="Worksheets and keys of the lessons, and models of their circuits.")


@learn.command()
def train(
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Folder to write the model into.")],
    seed: SeedOption = 1,
    steps: Annotated[int, typer.Option(min=20, help="Steps of training; 800 are enough to see it work.")] = 2000,
) -> None:
    """Train a tiny model on the simulated cells of a teaching circuit.

    The folder it writes is a checkpoint like any other: give it as --backbone, or choose it in the app.
    """
    from ugrn_core.circuits.shipped import save_circuit, train_circuit

    _checked(seed)
    with progress_on_stderr() as progress:
        trained = train_circuit(seed, steps, progress=progress)
    backbone = save_circuit(trained, seed, out)
    say(f"{out}: loss {trained.losses[0]:.3f} to {trained.losses[-1]:.3f}, fingerprint {backbone.fingerprint[:12]}")


@learn.command()
def worksheet(seed: SeedOption = 1, out: OutOption = None) -> None:
    """Write the worksheet of a seed as one HTML file to print; no answer is in it."""
    from ugrn_core.figures.circuit_drawing import circuit_svg
    from ugrn_core.lessons.worksheet import worksheet as write

    _write(out or Path(f"worksheet-{seed}.html"), write(_checked(seed), circuit_svg()))


@learn.command()
def key(seed: SeedOption = 1, out: OutOption = None) -> None:
    """Write the key to the worksheet of a seed, computed anew, as one HTML file to print."""
    from ugrn_core.figures.circuit_drawing import circuit_svg
    from ugrn_core.lessons.worksheet import key as write

    _write(out or Path(f"key-{seed}.html"), write(_checked(seed), circuit_svg()))


def _checked(seed: int) -> int:
    from ugrn_core.circuits.shipped import circuit_number

    circuit_number(seed)
    return seed


def _write(file: Path, text: str) -> None:
    if file.is_dir() or not file.parent.is_dir():
        raise InputError(f"--out is {file}; there is no folder {file.parent} to write a file of that name into.")
    file.write_text(text, encoding="utf-8")
    say(f"{file}: {len(text.encode()):,} bytes. It loads nothing; print it from a browser.")
