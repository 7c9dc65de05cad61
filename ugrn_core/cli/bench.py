"""``ugrn bench``: how fast the sweep is on this machine, beside what it is compared with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ugrn_core.cli.output import progress_on_stderr, say, write_json
from ugrn_core.paths import bench_report
from ugrn_core.whole_files import write_whole

if TYPE_CHECKING:
    from rich.table import Table

LATEST = bench_report()
"""Report of the last run in full size."""


def bench(
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON on stdout, beside the tables.")] = False,
    threads: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Threads of torch; default: as many as it takes by itself.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Small sizes: shows that everything runs, says nothing about the goals.")
    ] = False,
) -> None:
    """Measure the sweep beside the matrix product, the official scGPT model and torch's own differentiation.

    Takes some minutes; nothing else should run on the machine meanwhile. Tables go to stderr. A run in full size
    is kept: docs/benchmarks/latest.json of a checkout, else benchmarks/latest.json of the cache folder.
    """
    from ugrn_core.bench.run import run
    from ugrn_core.bench.sizes import FULL, QUICK

    with progress_on_stderr() as progress:
        report = run(QUICK if quick else FULL, threads=threads, progress=progress)
    _show(report)
    if not quick:
        _keep(report)
    if as_json:
        write_json(report)


def _keep(report: dict[str, Any]) -> None:
    LATEST.parent.mkdir(parents=True, exist_ok=True)
    write_whole(LATEST, f"{json.dumps(report, indent=1, allow_nan=False)}\n".encode())


def _show(report: dict[str, Any]) -> None:
    from rich.console import Console

    console = Console(stderr=True)
    machine = report["machine"]
    say(
        f"{machine['processor']}, {machine['cores']} cores, {machine['threads']} threads, "
        f"torch {report['versions']['torch']}"
    )
    if machine["busy_before"]:
        say(f"Other work was on this machine before the run (load {machine['load_before']:.1f}): figures may be off.")
    if not report["full_size"]:
        say("Quick sizes: these figures say nothing about the goals.")
    for part in (report, *([report["gpu"]] if report["gpu"] else [])):
        device = part["device"]
        title = f"{device['hardware']} ({device['device']}), GEMM {part['gemm_gflops']:,.0f} Gflop/s"
        console.print(_goals(part, title))
        console.print(_profiles(part))
        console.print(_measurements(part))
        console.print(_no_gain(part))
        console.print(_precisions(part))
    console.print(_growth(report))


def _goals(part: dict[str, Any], title: str) -> Table:
    rows = [
        (g["figure"], g["says"], _number(g["value"]), f"{g['sense']} {_number(g['goal'])}", "yes" if g["met"] else "NO")
        for g in part["goals"]
    ]
    return _table(title, ("figure", "what it is", "measured", "goal", "met"), rows, numbers=(2,))


def _profiles(part: dict[str, Any]) -> Table:
    rows = [
        (g["figure"] if not i else "", spot["operation"], f"{spot['share']:.0%}", f"{spot['calls']:,}")
        for g in part["goals"]
        for i, spot in enumerate(g["profile"])
    ]
    titles = ("goal missed", "operation", "share of the time", "calls")
    return _table("Where the time goes", titles, rows, numbers=(2, 3))


def _measurements(part: dict[str, Any]) -> Table:
    rows = [
        (
            m["model"],
            m["name"],
            f"{m['batch']:,}",
            f"{m['tokens']:,}",
            f"{1e3 * m['seconds']:,.2f}",
            f"{m['spread']:.0%}",
            "" if m["gemm_fraction"] is None else f"{m['gemm_fraction']:.2f}",
        )
        for m in part["measurements"]
    ]
    titles = ("model", "work", "batch", "tokens", "ms", "spread", "share of GEMM")
    return _table("Medians of interleaved repeats", titles, rows, numbers=(2, 3, 4, 5, 6))


def _no_gain(part: dict[str, Any]) -> Table:
    said = {
        "follow_vs_reverse_mode": "background follow, all sources against all targets at one value",
        "pair_context_vs_reverse_mode": "pair context, a batch of pairs",
    }
    rows = [(said[name], _number(value)) for name, value in part["no_gain"].items()]
    titles = ("question", "times as fast as reverse mode")
    return _table("Where one dual pass does not replace a thousand backwards", titles, rows, numbers=(1,))


def _precisions(part: dict[str, Any]) -> Table:
    rows = [
        (p["model"], p["precision"], _number(p["vs_float32"]), f"{p['vvp_error']:.1e}", f"{p['gdt_error']:.1e}")
        for p in part["precision"]
    ]
    titles = ("model", "precision", "times as fast as float32", "error of VVP", "error of GDT")
    return _table("Precision (errors against float64, as a share of the largest)", titles, rows, numbers=(2, 3, 4))


def _growth(report: dict[str, Any]) -> Table:
    rows = [
        (
            f"time against {axis}",
            ", ".join(f"{n:,}" for n in g["points"]),
            f"exponent {g['exponent']:.2f}",
            f"R squared {g['r_squared']:.3f}",
        )
        for axis, g in report["growth_points"].items()
    ]
    memory = report["memory"]
    peaks = ", ".join(f"{mb:,.0f}" for mb in memory["peak_mb"])
    sources = ", ".join(f"{n:,}" for n in memory["sources"])
    rows.append(("peak memory against sources", sources, f"{peaks} MB", f"grows {memory['growth']:.2f} times"))
    return _table("Growth", ("what", "points", "measured", ""), rows)


def _table(title: str, titles: tuple[str, ...], rows: list[tuple[str, ...]], numbers: tuple[int, ...] = ()) -> Table:
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for i, name in enumerate(titles):
        table.add_column(name, justify="right" if i in numbers else "left")
    for row in rows:
        table.add_row(*row)
    return table


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
