"""``ugrn network``: a gene list or cells in, a predicted network out."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ugrn_core.cli.contexts import CellOptions, read_context
from ugrn_core.cli.genes import read_genes
from ugrn_core.cli.options import DEFAULT_BACKBONE, BackboneOption, DeviceOption, SchedulerOption, StrictOption
from ugrn_core.cli.output import progress_on_stderr, say
from ugrn_core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from ugrn_core.backbones.backbone import Backbone
    from ugrn_core.types import Context

DEFAULT_TRANSLATORS = {"ugrn-mini": "all-sets", "ugrn-mini-log1p": "all-sets-log1p"}
CONTEXTS = ("pair", "full")


def network(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to write into; made where it is missing.")],
    genes: Annotated[Path | None, typer.Option("--genes", metavar="FILE", help="Genes of the network.")] = None,
    h5ad: Annotated[str | None, typer.Option("--h5ad", metavar="FILE|example", help="Cells instead of genes.")] = None,
    group: Annotated[str | None, typer.Option("--group", metavar="COLUMN=LEVEL", help="A group of the cells.")] = None,
    sources: Annotated[
        Path | None, typer.Option("--sources", metavar="FILE", help="Sources; default: the factors among the genes.")
    ] = None,
    translator: Annotated[
        str | None, typer.Option("--translator", metavar="NAME|FILE", help="Default: the model's own of all sets.")
    ] = None,
    backbone: BackboneOption = DEFAULT_BACKBONE,
    context: Annotated[
        str, typer.Option(metavar="pair|full", help="Two genes alone, or all genes (with --h5ad at their means).")
    ] = "pair",
    prevalence: Annotated[float | None, typer.Option(help="Share of edges assumed; default: the card's.")] = None,
    device: DeviceOption = None,
    scheduler: SchedulerOption = None,
    strict: StrictOption = False,
) -> None:
    """Score every source against every gene, and write the network into a folder.

    edges.csv (all edges, best first), genes.csv (what became of every name), recipe.json (what made it). A run that
    was stopped goes on from the store of results. What it says is a hypothesis.
    """
    from ugrn_core.backbones.registry import load_backbone
    from ugrn_core.cluster import cluster_executor
    from ugrn_core.network.direction import direction_rule
    from ugrn_core.network.fdr import edges_within, fdr_of_top
    from ugrn_core.network.recipe import build_recipe, recipe_text
    from ugrn_core.network.request import NetworkRequest, default_sources
    from ugrn_core.network.run import finished_share, predict_network
    from ugrn_core.network.table import probabilities, write_edges
    from ugrn_core.network.tags import beeline_edges
    from ugrn_core.store import Store
    from ugrn_core.translators.library import load_translator

    if context not in CONTEXTS:
        raise InputError(f"--context is {context!r}; expected pair or full.")
    if (genes is None) == (h5ad is None):
        raise InputError("Give either --genes or --h5ad.")
    if group is not None and h5ad is None:
        raise InputError("--group chooses cells of an h5ad file: give --h5ad with it.")
    model = load_backbone(backbone, device)
    name = translator or DEFAULT_TRANSLATORS.get(model.card.name)
    if name is None:
        raise InputError(f"No translator of the project reads {model.card.name}: name one with --translator.")
    kept = load_translator(name)
    cell, report = _cell(model, genes, h5ad, group, strict)
    chosen = tuple(read_genes(sources, model.vocabulary, strict).symbols) if sources else default_sources(cell.genes)
    if not chosen:
        raise InputError("None of the genes is a transcription factor: name the sources with --sources.")
    targets = tuple(dict.fromkeys([*cell.genes, *chosen]))
    request = NetworkRequest(chosen, targets, _context(context, cell, targets, kept.card.schema.base))
    folder = _folder(out)
    with cluster_executor(scheduler) as executor, Store() as store, progress_on_stderr() as progress:
        say(f"{len(chosen):,} sources x {len(targets):,} targets with {kept.card.name}; "
            f"{finished_share(model, kept, request, store):.0%} of the pairs are stored already.")  # fmt: skip
        scores = predict_network(model, kept, request, store, executor=executor, progress=progress)
    rule = direction_rule(model, kept, scores)
    notes = (*scores.notes, *((f"No direction is called: {rule.reason}.",) if rule.reason else ()))
    known = beeline_edges()
    n = write_edges(scores, kept, rule, folder / "edges.csv", prevalence=prevalence, known=known)
    _write(folder / "genes.csv", report.to_csv(index=False, lineterminator="\n"))
    used = kept.card.prevalence if prevalence is None else prevalence
    command = _command(genes, h5ad, group, sources, name, backbone, context, used)
    recipe = build_recipe(model, kept, request, prevalence=prevalence, command=command, notes=notes)
    _write(folder / "recipe.json", recipe_text(recipe))
    for note in notes:
        say(note)
    falling = probabilities(scores, kept, prevalence)
    within, best = edges_within(falling, 0.5), float(fdr_of_top(falling)[min(99, n - 1)])
    say(f"{n:,} edges in {folder}. Probabilities assume that {used:.3g} of all pairs are edges (--prevalence).")
    say(f"At most half are expected to be wrong among the top {within:,}; among the top {min(100, n)}, {best:.0%}.")


def _cell(
    model: Backbone, genes: Path | None, h5ad: str | None, group: str | None, strict: bool
) -> tuple[Context, pd.DataFrame]:
    """Genes (of cells with their means) as a context, and the report of every name."""
    from ugrn_core.data.context import list_context
    from ugrn_core.genes.resolve import resolve

    if genes is not None:
        report = read_genes(genes, model.vocabulary, strict)
        return list_context(report, genes.name), report.frame()
    assert h5ad is not None
    cell = read_context(h5ad, CellOptions(group=group), model, strict)
    return cell, resolve(cell.genes, model.vocabulary).frame()


def _context(kind: str, cell: Context, targets: tuple[str, ...], base: float) -> Context:
    from ugrn_core.pair import with_genes
    from ugrn_core.types import Context

    if kind == "pair":
        return Context()
    whole, notes = with_genes(cell, targets, base)
    for note in notes:
        say(note)
    return whole


def _command(
    genes: Path | None, h5ad: str | None, group: str | None, sources: Path | None, translator: str, backbone: str,
    context: str, prevalence: float,
) -> str:  # fmt: skip
    """The line that makes the network again, from the folder of its inputs."""
    given = ("--genes", genes.name) if genes is not None else ("--h5ad", Path(str(h5ad)).name)
    line = ["ugrn", "network", *given, *(("--group", group) if group else ())]
    line += ["--sources", sources.name] if sources else []
    line += ["--translator", Path(translator).name, "--backbone", Path(backbone).name, "--context", context]
    return shlex.join([*line, "--prevalence", f"{prevalence:.9g}", "--out", "."])


def _folder(out: Path) -> Path:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--out is {out}, which cannot be made or is no folder: {error}.") from error
    return out


def _write(file: Path, text: str) -> None:
    partial = file.with_name(f"{file.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(file)
