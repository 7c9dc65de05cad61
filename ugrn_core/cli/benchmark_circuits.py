"""``ugrn benchmark --table circuits``: the positive control, where every arrow is known."""

from __future__ import annotations

from pathlib import Path

import typer

from ugrn_core.cli.output import progress_on_stderr, say, write_csv
from ugrn_core.errors import InputError

CIRCUITS = "circuits"
WITH_CIRCUITS = ("table", "out", "seeds", "threads")
"""Options that the positive control has, too."""

MINUTES = 30
"""Of one idle core, for the default request."""


def table_of(text: str) -> int | str:
    """A table of the paper by its number, or the positive control by its name."""
    if text == CIRCUITS:
        return text
    if not (text.isascii() and text.isdigit()):
        raise InputError(f"--table is {text!r}; expected 1 to 6, a table of the paper, or {CIRCUITS}.")
    return int(text)


def run_circuits(given: typer.Context, out: Path, seeds: int) -> None:
    """The positive control; an option that it has no use for is refused."""
    from ugrn_core.benchmark.results import write_results
    from ugrn_core.circuits.control import ControlRequest, run_control
    from ugrn_core.figures.circuit_control import control_sentences, prepare_control
    from ugrn_core.store import Store

    sources = {name: given.get_parameter_source(name) for name in given.params if name not in WITH_CIRCUITS}
    useless = [name.replace("_", "-") for name, s in sources.items() if s is not None and s.name == "COMMANDLINE"]
    if useless:
        raise InputError(
            f"--table {CIRCUITS} has no --{useless[0]}: it trains a model of its own on simulated cells. It takes "
            f"{', '.join(f'--{name}' for name in WITH_CIRCUITS)}."
        )
    request = ControlRequest(seeds=seeds)
    conditions = len(request.conditions)
    say(
        f"{len(request.train)} circuits to learn from and {len(request.test)} to ask about, {request.n_cells:,} cells "
        f"each, {conditions} conditions: about {MINUTES} minutes of an idle core. What is finished is kept."
    )
    with Store() as store, progress_on_stderr() as progress:
        frame = run_control(request, store, progress=progress)
    write_results(frame, out)
    say(f"{out}: {len(frame):,} rows.")
    for sentence in control_sentences(frame):
        say(sentence)
    write_csv(prepare_control(frame).round(3))
