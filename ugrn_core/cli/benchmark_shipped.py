"""``ugrn benchmark shipped``: every frame of results that the project ships, made again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from ugrn_core.cli.output import say, write_table
from ugrn_core.errors import InputError
from ugrn_core.time_left import duration


def shipped(
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Folder for the frames; those in it are left.")],
    only: Annotated[str, typer.Option(metavar="A,B", help="Only files whose names hold one of these words.")] = "",
    plan: Annotated[
        bool, typer.Option("--plan", help="List the files, their state and their lines, and stop.")
    ] = False,
) -> None:
    """Make every frame of the benchmark that is shipped again, each by the line that its own rows tell.

    A step that was stopped goes on when the same line is given again. One that cannot be made here is said, and the
    others are made; exit status 1 then.
    """
    from ugrn_core.benchmark.shipped import shipped_steps
    from ugrn_core.cli.benchmark import words

    steps = shipped_steps(out)
    wanted = words(only)
    chosen = [s for s in steps if not wanted or any(w in f for w in wanted for f in s.files)]
    if not chosen:
        raise InputError(f"--only is {only!r}, and no file that is shipped has that in its name.")
    todo = [s for s in chosen if s.state(out) != "there"]
    if plan:
        lines = [[s.files[0], s.state(out), str(s.minutes), s.command] for s in chosen]
        write_table(["file", "state", "minutes", "line"], lines)
    say(
        f"{len(todo)} of {len(chosen)} steps are to be made in {out}: about "
        f"{duration(60.0 * sum(s.minutes for s in todo))} of one idle core, less where runs share the curves of pairs."
    )
    failed = []
    for step in () if plan else todo:
        say(f"{step.files[0]}: {step.command}")
        (out / step.files[0]).parent.mkdir(parents=True, exist_ok=True)
        if subprocess.run([sys.executable, "-m", "ugrn_core", *step.words], check=False).returncode:
            failed.append(step.files[0])
    if failed:
        say(f"Not made: {', '.join(failed)}. What each lacks is said above.")
        raise typer.Exit(1)
