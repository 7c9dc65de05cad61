"""``ugrn network``: a gene list, cells or a recipe in, a folder with a predicted network out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ugrn_core.backbones.registry import DEFAULT_BACKBONE
from ugrn_core.cli.contexts import CellOptions
from ugrn_core.cli.options import (
    DeviceOption,
    GeneColumnOption,
    LabelColumnOption,
    LayerOption,
    SchedulerOption,
    SourceColumnOption,
    SourcesColumnOption,
    StrictOption,
    TargetColumnOption,
    VariableOption,
    pair_columns,
)
from ugrn_core.cli.output import check_print
from ugrn_core.errors import InputError

if TYPE_CHECKING:
    from ugrn_core.network.edge_filter import EdgeFilter

SAME = "--genes, --h5ad, --group, --gene-column, --between, --sources, --context and --strict"


def network(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to write into; made where it is missing.")],
    genes: Annotated[Path | None, typer.Option("--genes", metavar="FILE", help="Genes of the network.")] = None,
    h5ad: Annotated[str | None, typer.Option("--h5ad", metavar="FILE|example", help="Cells instead of genes.")] = None,
    recipe: Annotated[
        Path | None, typer.Option("--recipe", metavar="FILE", help="recipe.json of a network, to make it again.")
    ] = None,
    group: Annotated[
        str | None, typer.Option(metavar="COLUMN[=LEVEL]", help="A group of the cells; a column: each of its groups.")
    ] = None,
    between: Annotated[
        list[str] | None, typer.Option(metavar="LEVEL", help="With --group COLUMN, twice: only these, compared.")
    ] = None,
    layer: LayerOption = None,
    gene_column: GeneColumnOption = None,
    variable: VariableOption = None,
    sources: Annotated[
        Path | None, typer.Option("--sources", metavar="FILE", help="Sources; default: the factors among the genes.")
    ] = None,
    sources_column: SourcesColumnOption = None,
    translator: Annotated[
        str | None, typer.Option("--translator", metavar="NAME|FILE", help="Default: the model's own of all sets.")
    ] = None,
    backbone: Annotated[
        str | None,
        typer.Option(metavar="NAME|FOLDER", help=f"A model or checkpoint folder; default: {DEFAULT_BACKBONE}."),
    ] = None,
    context: Annotated[
        str | None, typer.Option(metavar="pair|full", help="Two genes alone, or all genes (--h5ad: means).")
    ] = None,
    prevalence: Annotated[float | None, typer.Option(help="Share of edges assumed; default: the card's.")] = None,
    known: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Known edges to look up; default: BEELINE's, where it is.")
    ] = None,
    source_column: SourceColumnOption = None,
    target_column: TargetColumnOption = None,
    label_column: LabelColumnOption = None,
    top: Annotated[int | None, typer.Option(metavar="K", help="Edges in the graph files; default: 1000.")] = None,
    fdr: Annotated[float | None, typer.Option(metavar="X", help="At most this share expected to be wrong.")] = None,
    min_probability: Annotated[float | None, typer.Option(metavar="P", help="Only edges this probable.")] = None,
    top_per_source: Annotated[int | None, typer.Option(metavar="K", help="Only the best of each source.")] = None,
    slope: Annotated[str | None, typer.Option(metavar="A,B", help="Only rises, falls, flat, not read.")] = None,
    direction: Annotated[str | None, typer.Option(metavar="A,B", help="Only edges of these directions.")] = None,
    tag: Annotated[str | None, typer.Option(metavar="A,B", help="Only edges of these tags.")] = None,
    only_sources: Annotated[str | None, typer.Option(metavar="A,B", help="Only edges of these sources.")] = None,
    only_targets: Annotated[str | None, typer.Option(metavar="A,B", help="Only edges to these targets.")] = None,
    only_genes: Annotated[str | None, typer.Option(metavar="A,B", help="Only edges from or to these genes.")] = None,
    around: Annotated[str | None, typer.Option(metavar="GENE", help="Only what edges lead to from this gene.")] = None,
    steps: Annotated[int | None, typer.Option(metavar="N", help="How far from it; default: 1.")] = None,
    evidence: Annotated[
        bool, typer.Option("--evidence", help="Of --h5ad: what the cells show of the edges, in the graph files.")
    ] = False,
    within: Annotated[str | None, typer.Option(metavar="COLUMN", help="Correlate within each of these groups.")] = None,
    donors: Annotated[str | None, typer.Option(metavar="COLUMN", help="Resample donors instead of cells.")] = None,
    best: Annotated[
        int | None, typer.Option("--best", metavar="K", help="Pairs that count as the best of the cells; default: 100.")
    ] = None,
    agree: Annotated[bool, typer.Option("--agree", help="Only edges that the cells show too.")] = False,
    surest: Annotated[bool, typer.Option("--surest", help="Edges first of which model and cells are sure.")] = False,
    report: Annotated[
        Literal["html", "pdf"] | None, typer.Option(help="A report of one page, into the folder; pdf by Chromium.")
    ] = None,
    device: DeviceOption = None,
    scheduler: SchedulerOption = None,
    strict: StrictOption = False,
) -> None:
    """Score every source against every gene, and write the network into a folder.

    edges.csv (all edges, best first), genes.csv (what became of every name), recipe.json (what made it), and the best
    edges as network.graphml, .cyjs, .sif, .gexf, .html and .h5ad; with --report a page to print. A run that was
    stopped goes on from the store of results. What it says is a hypothesis.
    """
    from ugrn_core.cli.network_evidence import EvidenceOptions
    from ugrn_core.cli.network_question import NetworkOptions
    from ugrn_core.cli.network_run import Options, make_networks

    if str(out) == "-":
        raise InputError("--out is -; a network is a folder of files, which standard output has no place for.")
    if steps is not None and around is None:
        raise InputError("--steps says how far from a gene: give --around GENE with it.")
    given = {
        "min_probability": min_probability,
        "max_fdr": fdr,
        "slope_directions": _words(slope),
        "directions": _words(direction),
        "tags": _words(tag),
        "sources": _words(only_sources),
        "targets": _words(only_targets),
        "genes": _words(only_genes),
        "near": None if around is None else (around, 1 if steps is None else steps),
        "top_per_source": top_per_source,
        "cap": top,
    }
    if report == "pdf":
        check_print()
    shown, cells_asked = _shown(given), EvidenceOptions(evidence, within, donors, best, agree, surest)
    cells_asked.check(h5ad is not None)
    cells = CellOptions(group, layer, gene_column, variable)
    asked = NetworkOptions(genes, h5ad, cells, tuple(between or ()), sources, sources_column, context, strict)
    columns = pair_columns(known, "--known", source_column, target_column, label_column)
    if recipe is None:
        asked.check()
    elif asked != NetworkOptions(None, None, CellOptions(), (), None, None, None, False):
        raise InputError(f"A recipe holds its question: {SAME} do not go with --recipe.")
    make_networks(
        asked,
        recipe,
        Options(out, translator, backbone, prevalence, known, columns, shown, device, scheduler, report, cells_asked),
    )


def _shown(given: dict[str, object]) -> EdgeFilter | None:
    """Filters that were given, None where none was."""
    from ugrn_core.network.edge_filter import EdgeFilter

    if all(value is None for value in given.values()):
        return None
    return EdgeFilter(**given)  # pyright: ignore[reportArgumentType]


def _words(text: str | None) -> tuple[str, ...] | None:
    """``A,B`` in two."""
    if text is None:
        return None
    words = tuple(word.strip() for word in text.split(",") if word.strip())
    if not words:
        raise InputError(f"Expected words between commas, got {text!r}.")
    return words
