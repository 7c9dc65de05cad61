"""What there is: ``ugrn models`` and ``ugrn fetch``, what a model knows of ``ugrn beeline``, and ``ugrn cache``."""

from __future__ import annotations

from typing import Annotated

import typer

from ugrn_core.backbones.registry import DEFAULT_BACKBONE
from ugrn_core.cli.options import BackboneOption, DeviceOption, GeneSetOption
from ugrn_core.cli.output import progress_on_stderr, say, write_csv, write_json, write_table


def models(
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
) -> None:
    """List the models and say which can be used now."""
    from ugrn_core.backbones.registry import status

    found = status()
    if as_json:
        write_json(
            [
                {
                    "name": s.name,
                    "label": s.label,
                    "origin": s.origin,
                    "kind": s.kind,
                    "available": s.available,
                    "folder": None if s.folder is None else str(s.folder),
                    "note": s.note,
                }
                for s in found
            ]
        )
        return
    rows = [[s.name, s.kind, "ready" if s.available else "not here", f"{s.label}; {s.note or s.origin}"] for s in found]
    write_table(["name", "kind", "state", "what it is"], rows)


def fetch(
    name: Annotated[str, typer.Argument(metavar="NAME", help="scgpt-human, beeline or beeline-expression.")],
) -> None:
    """Download published weights, or the networks or the expression of BEELINE, and verify them.

    A download that was cut off goes on where it stopped; the folder of the files is printed. Files put into that
    folder by hand are verified and used. Without a connection the command says which files belong where.
    """
    from ugrn_core.backbones import registry
    from ugrn_core.beeline.expression import fetch_expression
    from ugrn_core.beeline.registry import fetch_networks

    if name == "beeline":
        with progress_on_stderr() as progress:
            folder = fetch_networks(progress=progress)
        say("The BEELINE networks are complete and verified. Use them with ugrn benchmark.")
        typer.echo(folder)
        return
    if name == "beeline-expression":
        with progress_on_stderr() as progress:
            folder = fetch_expression(progress)
        say("The expression of BEELINE's data sets is complete. Run ugrn benchmark again: Pert and Attn now score.")
        typer.echo(folder)
        return
    checkpoint = registry.pinned_checkpoint(name)
    for file in checkpoint.files:
        say(str(file))
    with progress_on_stderr() as progress:
        folder = registry.fetch(name, progress)
    say(f"{name} is complete and verified. Use it with --backbone {name}.")
    typer.echo(folder)


def beeline(
    backbone: BackboneOption = DEFAULT_BACKBONE,
    gene_set: GeneSetOption = "TFs+500",
    device: DeviceOption = None,
) -> None:
    """Say what of every BEELINE network a model knows, as CSV.

    One line a network: genes and edges kept, the genes lost by name, the share of edges that run both ways, density.
    """
    from ugrn_core.backbones.registry import load_backbone
    from ugrn_core.beeline.networks import ROWS, load_network
    from ugrn_core.beeline.report import report_frame

    model = load_backbone(backbone, device)
    report = report_frame([load_network(*row, gene_set) for row in ROWS], model.vocabulary)
    say(
        f"{model.card.name} knows {report['genes_kept'].sum() / report['genes'].sum():.1%} of the genes and "
        f"{report['edges_kept'].sum() / report['edges'].sum():.1%} of the edges of {len(report)} networks."
    )
    write_csv(report)


def cache(
    clear: Annotated[bool, typer.Option("--clear", help="Remove every stored result; downloads stay.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
) -> None:
    """Show the store of computed results, or clear it."""
    from ugrn_core.store import Store
    from ugrn_core.time_left import byte_words

    with Store() as store:
        if clear:
            say(f"{store.clear():,} results removed.")
        stats = store.stats()
    if as_json:
        write_json(
            {
                "folder": str(stats.folder),
                "results": stats.entries,
                "bytes": stats.size,
                "limit_bytes": stats.limit,
                "left_aside": [file.name for file in stats.left_aside],
            }
        )
        return
    write_table(
        ["store of results", str(stats.folder)],
        [
            ["results", f"{stats.entries:,}"],
            ["size", byte_words(stats.size)],
            ["limit", f"{byte_words(stats.limit)} (UGRN_CACHE_LIMIT)"],
            *(["left aside", f"{file.name}, damaged or of another version"] for file in stats.left_aside),
        ],
    )
