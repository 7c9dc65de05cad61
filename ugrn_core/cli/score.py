"""``ugrn score``: gene pairs and a translator in, an edge table out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ugrn_core.cli.genes import read_genes, read_pairs_text
from ugrn_core.cli.options import DeviceOption, GeneColumnOption, SourceColumnOption, TargetColumnOption
from ugrn_core.cli.output import progress_on_stderr, say, write_csv
from ugrn_core.errors import InputError


def score(
    pairs: Annotated[Path, typer.Option(metavar="FILE", help="Pairs, one a line, or a table.")],
    translator: Annotated[str, typer.Option(metavar="NAME|FILE", help="A translator of `ugrn translator list`.")],
    backbone: Annotated[str | None, typer.Option(metavar="NAME|FOLDER", help="Default: the translator's.")] = None,
    context: Annotated[str, typer.Option(metavar="pair|FILE", help="The pair alone, or a gene list.")] = "pair",
    prevalence: Annotated[float | None, typer.Option(help="Share of edges assumed; default: the card's.")] = None,
    source_column: SourceColumnOption = None,
    target_column: TargetColumnOption = None,
    gene_column: GeneColumnOption = None,
    device: DeviceOption = None,
) -> None:
    """Score pairs with a translator, as a CSV of edges.

    --gene-column is about the gene list of --context.

    Columns: source, target, score (logit), probability (calibrated, at the prevalence), novelty (what of the pair was
    in the training).
    """
    from ugrn_core.backbones.registry import load_backbone
    from ugrn_core.genes.pair_list import PairColumns, pair_list
    from ugrn_core.genes.resolve import resolve
    from ugrn_core.store import Store
    from ugrn_core.translation.scoring import score_pairs
    from ugrn_core.translators.library import load_translator
    from ugrn_core.types import Context

    if gene_column is not None and context == "pair":
        raise InputError("--gene-column is about the gene list of a context: give it with --context.")
    kept = load_translator(translator)
    model = load_backbone(backbone or kept.card.schema.backbone, device)
    listed = pair_list(read_pairs_text(pairs), PairColumns(source_column, target_column), labelled=False)
    if not listed.pairs:
        raise InputError(f"{pairs} holds no pair. Give some, one a line, e.g. SOX2,NANOG.")
    say(f"{pairs.name}: {listed.said}")
    report = resolve(list(dict.fromkeys(g for pair in listed.pairs for g in pair)), model.vocabulary)
    symbol = {r.name: r.symbol for r in report.records}
    known = [(s, t) for s, t in ((symbol[a], symbol[b]) for a, b in listed.pairs) if s is not None and t is not None]
    asked = list(dict.fromkeys((s, t) for s, t in known if s != t))
    if any(r.status != "exact" for r in report.records):
        say(f"{pairs.name}: {report.sentence()}")
    for n, why in (
        (len(listed.pairs) - len(known), "a gene of theirs is unknown"),
        (sum(s == t for s, t in known), "source and target are the same gene"),
    ):
        if n:
            say(f"{n:,} of {len(listed.pairs):,} pairs are left out: {why}.")
    if not asked:
        raise InputError("No pair is left to be scored: give two different genes of this model in a line.")
    cell = Context()
    if context != "pair":
        genes = read_genes(Path(context), model.vocabulary, False, gene_column).symbols
        cell = Context("genes", tuple(dict.fromkeys([*genes, *(g for pair in asked for g in pair)])), label=context)
    with Store() as store, progress_on_stderr() as progress:
        table = score_pairs(kept, model, asked, cell, store, prevalence=prevalence, progress=progress)
    used = kept.card.prevalence if prevalence is None else prevalence
    say(f"Probabilities assume that {used:.3g} of all candidate pairs are edges (--prevalence).")
    if kept.card.calibration is None:
        say(f"{kept.card.name} is not calibrated: its probabilities are those of the networks alone.")
    write_csv(table)
