"""``ugrn benchmark all`` and ``shipped``: the whole set of frames for a model, and those that the project ships."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ugrn_core.backbones.registry import DEFAULT_BACKBONE
from ugrn_core.cli.benchmark import SeedsOption, ThreadsOption, contestants_of, read_data, run_to_file, use_threads
from ugrn_core.cli.options import BackboneOption, DeviceOption
from ugrn_core.cli.output import say, write_table
from ugrn_core.errors import InputError
from ugrn_core.time_left import duration

if TYPE_CHECKING:
    from ugrn_core.backbones.backbone import Backbone
    from ugrn_core.benchmark.budget import Budget
    from ugrn_core.benchmark.request import BenchmarkRequest


def all_tables(
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Folder for the frames; those in it are left.")],
    backbone: BackboneOption = DEFAULT_BACKBONE,
    only: Annotated[str, typer.Option(metavar="A,B", help="Only these runs, by name, such as 1,2,1_exchanged.")] = "",
    full_context: Annotated[
        bool, typer.Option("--full-context", help="Also the cut with all genes in the virtual cell (long).")
    ] = False,
    seeds: SeedsOption = 3,
    plan: Annotated[bool, typer.Option("--plan", help="Say what there is to do and what it costs, and stop.")] = False,
    threads: ThreadsOption = 0,
    device: DeviceOption = None,
) -> None:
    """Run every table for a model: 1 to 6 as the paper, with other draws of pairs, and without the leak.

    Says first what all of it costs on this machine, by small trials. Frames that are there are left as they are, and
    a run that was stopped goes on when the same line is given again.
    """
    from ugrn_core.backbones.registry import load_backbone
    from ugrn_core.benchmark.shipped import planned_runs
    from ugrn_core.cli.benchmark import listed
    from ugrn_core.errors import InputError
    from ugrn_core.types import SweepSettings

    use_threads(threads)
    runs = planned_runs(full_context)
    wanted = listed(only)
    unknown = [name for name in wanted if name not in {r.name for r in runs}]
    if unknown:
        raise InputError(f"--only names {', '.join(unknown)}; there are {', '.join(r.name for r in runs)}.")
    model = load_backbone(backbone, device)
    settings = SweepSettings(model.card.base, model.card.grid)
    out.mkdir(parents=True, exist_ok=True)
    name = model.card.name
    todo = [r for r in runs if (not wanted or r.name in wanted) and not (out / r.file(name)).is_file()]
    total = 0.0
    for run in todo:
        costs = costs_of(model, run.request(settings, seeds))
        total += sum(c.seconds for c in costs)
        say(f"{run.file(name)}: {' '.join(c.sentence() for c in costs if c.weights != 'none')}")
    left = len([r for r in runs if not wanted or r.name in wanted]) - len(todo)
    say(
        f"{len(todo)} runs of {name} to make in {out}, {left} are there: about {duration(total)} on this machine "
        f"({model.device}) at most, as runs share the curves of pairs through the store."
    )
    for run in () if plan else todo:
        say(f"{run.file(name)}:")
        scores = out / "scores" / run.file(name).removesuffix(".csv.gz") if run.with_scores else None
        run_to_file(model, run.request(settings, seeds), out / run.file(name), "both", scores)


def costs_of(model: Backbone, request: BenchmarkRequest) -> list[Budget]:
    """What a run costs that has not begun, one a contestant; small trials are run."""
    from ugrn_core.benchmark.budget import budget
    from ugrn_core.benchmark.request import Samples
    from ugrn_core.benchmark.results import Parts
    from ugrn_core.benchmark.run import Run

    networks, expression = read_data(request, model)
    with tempfile.TemporaryDirectory() as folder:
        run = Run(request, Samples(request, networks), expression, Parts(Path(folder) / "parts", request.header()))
        return [budget(run, contestant) for contestant in contestants_of(model, "both")]


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
    from ugrn_core.cli.benchmark import listed

    steps = shipped_steps(out)
    wanted = listed(only)
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
