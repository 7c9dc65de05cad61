"""``ugrn gene``: one gene against the whole vocabulary; the Gene page without a browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ugrn_core.backbones.registry import DEFAULT_BACKBONE
from ugrn_core.cli.options import (
    BackboneOption,
    BackgroundOption,
    BaseOption,
    ContextGroupOption,
    DeviceOption,
    GeneColumnOption,
    GridOption,
    LayerOption,
    StrictOption,
    VariableOption,
    sweep_settings,
)
from ugrn_core.cli.output import in_a_folder, progress_on_stderr, report_kind, say, write_file
from ugrn_core.cli.pair import LONG

if TYPE_CHECKING:
    import pandas as pd

    from ugrn_core.backbones.backbone import Backbone
    from ugrn_core.gene_effects.effects import GeneEffects
    from ugrn_core.neighbourhood.run import NeighbourhoodRequest, Side
    from ugrn_core.neighbourhood.table import Rank
    from ugrn_core.store import Store
    from ugrn_core.types import Progress

Sides = Literal["source", "target", "both"]


def gene(
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="The gene that is asked about.")],
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="CSV to write.")] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A report of one page to write: .html, or .pdf by Chromium.")
    ] = None,
    sides: Annotated[Sides, typer.Option("--as", help="source: what moves when it moves; target: what moves it.")] = (
        "both"
    ),
    top: Annotated[int, typer.Option(metavar="N", min=0, help="Best rows of each side; 0: all.")] = 0,
    rank: Annotated[
        Literal["specific", "response", "score"] | None,
        typer.Option(help="Pair-specific response, response as predicted, or score; default: score with a translator."),
    ] = None,
    translator: Annotated[
        str | None, typer.Option(metavar="NAME|FILE", help="A translator of `ugrn translator list`: adds its score.")
    ] = None,
    only_tfs: Annotated[bool, typer.Option("--tfs", help="Transcription factors only.")] = False,
    backbone: BackboneOption = DEFAULT_BACKBONE,
    context: Annotated[
        str,
        typer.Option(
            metavar="pair|FILE|DATA.h5ad",
            help="Two genes alone (the whole vocabulary), a gene list, or genes and means of cells.",
        ),
    ] = "pair",
    group: ContextGroupOption = None,
    layer: LayerOption = None,
    gene_column: GeneColumnOption = None,
    variable: VariableOption = None,
    base: BaseOption = None,
    grid: GridOption = None,
    background: BackgroundOption = "fixed",
    device: DeviceOption = None,
    strict: StrictOption = False,
) -> None:
    """Everything a model links to one gene, as source and as target, into a CSV, a report of one page, or both.

    One row another gene: pair-specific response and its percentile among random pairs, response, slope, what the
    translator makes of it, and the response at every virtual value. Nothing of it is a measurement.
    """
    from ugrn_core.added_genes import with_genes
    from ugrn_core.backbones.registry import load_backbone
    from ugrn_core.cli.contexts import CellOptions, read_context
    from ugrn_core.cli.genes import read_gene
    from ugrn_core.figures.report import report_file
    from ugrn_core.figures.report_gene import gene_report
    from ugrn_core.neighbourhood.export import gene_command, gene_csv
    from ugrn_core.neighbourhood.run import SIDES, NeighbourhoodRequest
    from ugrn_core.neighbourhood.table import edges_by_gene, filtered, neighbour_table, ranked, translator_scores
    from ugrn_core.store import Store
    from ugrn_core.translators.library import load_translator

    kept = None if translator is None else load_translator(translator)
    model = load_backbone(backbone, device)
    chosen = rank or ("score" if kept else "specific")
    _check(chosen, kept is not None, out, report)
    kind = None if report is None else report_kind(report)
    name = read_gene(symbol, model.vocabulary)
    settings = sweep_settings(model.card, base, grid, background)
    cell = read_context(context, CellOptions(group, layer, gene_column, variable), model, strict)
    whole, notes = with_genes(cell, [name], settings.base)
    reach = "factors" if only_tfs or whole.kind != "pair" else "all"
    request = NeighbourhoodRequest(name, whole, settings, reach)
    for note in notes:
        say(note)
    with Store() as store, progress_on_stderr() as progress:
        found = _compute(model, request, chosen, store, progress)
    everything = edges_by_gene()
    edges = None if everything is None else everything.get(name, {})
    tables: dict[Side, pd.DataFrame] = {}
    for side in SIDES if sides == "both" else (sides,):
        scores = None if kept is None else translator_scores(kept, model, found, side)
        table = neighbour_table(found, side, scores=scores, translator=kept, known=edges)
        table = ranked(filtered(table, factors=only_tfs), chosen)
        tables[side] = table.head(top) if top else table
    if report is not None and kind is not None:
        line = gene_command(
            request,
            backbone,
            chosen,
            side=None if sides == "both" else sides,
            translator=translator,
            factors=only_tfs,
            context=context,
            more=CellOptions(group, layer, gene_column, variable).cli_args(),
        )
        made = gene_report(model, found, tables, chosen, command=line, notes=notes)
        write_file(report, report_file(made, kind), "--report")
        say(f"{report}: a report by {chosen}.")
    said = " and ".join(f"{len(table):,} rows as {side}" for side, table in tables.items())
    if out is not None:
        write_file(out, gene_csv(found, list(tables.values())).encode(), "--out")
        say(f"{out}: {said}, by {chosen}; {model.card.name}.")


def _check(rank: Rank, scored: bool, out: Path | None, report: Path | None) -> None:
    """Refuse what cannot come to an end before anything is computed."""
    from ugrn_core.errors import InputError

    if rank == "score" and not scored:
        raise InputError("--rank score needs a translator: name one with --translator (see `ugrn translator list`).")
    if out is None and report is None:
        raise InputError("Name a file to write: --out FILE.csv for all rows, --report FILE.html for a page, or both.")
    if out is not None and not in_a_folder(out):
        raise InputError(f"--out is {str(out)!r}; expected the name of a file in a folder that is there.")


def _compute(model: Backbone, request: NeighbourhoodRequest, rank: Rank, store: Store, progress: Progress):
    """The neighbourhood, with gene-level effects where they are shipped or the rank asks for them."""
    from ugrn_core.gene_effects.effects import estimate_effects, gene_effects
    from ugrn_core.gene_effects.shipped import shipped_effects
    from ugrn_core.neighbourhood.run import estimate_neighbourhood, neighbourhood, with_effects
    from ugrn_core.time_left import duration

    cost = estimate_neighbourhood(model, request, store)
    if cost.seconds >= LONG:
        say(f"This takes about {duration(cost.seconds)} on {model.device} ({cost.passes:,} passes).")
    found = neighbourhood(model, request, store, progress=progress)
    if request.context.kind != "pair":
        return found
    effects: GeneEffects | None = shipped_effects(model, request.settings)
    if effects is None and rank == "specific":
        cost = estimate_effects(model, request.settings, store)
        if cost.seconds >= LONG:
            say(
                f"What every gene does to others takes about {duration(cost.seconds)} more, once for this model and "
                "these values (--rank response goes without)."
            )
        effects = gene_effects(model, request.settings, store, progress=progress)
    return found if effects is None else with_effects(found, effects)
