"""``ugrn score``: gene pairs and a translator in, an edge table out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ugrn_core.cli.genes import read_genes
from ugrn_core.cli.options import DeviceOption
from ugrn_core.cli.output import progress_on_stderr, say, write_csv
from ugrn_core.errors import InputError


def score(
    pairs: Annotated[Path, typer.Option(metavar="FILE", help="Pairs, one a line: source,target.")],
    translator: Annotated[str, typer.Option(metavar="NAME|FILE", help="A translator of `ugrn translator list`.")],
    backbone: Annotated[str | None, typer.Option(metavar="NAME|FOLDER", help="Default: the translator's.")] = None,
    context: Annotated[str, typer.Option(metavar="pair|FILE", help="The pair alone, or a gene list.")] = "pair",
    prevalence: Annotated[float | None, typer.Option(help="Share of edges assumed; default: the card's.")] = None,
    device: DeviceOption = None,
) -> None:
    """Score pairs with a translator, as a CSV of edges.

    Columns: source, target, score (logit), probability (calibrated, at the prevalence), novelty (what of the pair was
    in the training).
    """
    from ugrn_core.backbones.registry import load_backbone
    from ugrn_core.genes.gene_list import parse_pairs
    from ugrn_core.genes.resolve import resolve
    from ugrn_core.store import Store
    from ugrn_core.translation.scoring import score_pairs
    from ugrn_core.translators.library import load_translator
    from ugrn_core.types import Context

    kept = load_translator(translator)
    model = load_backbone(backbone or kept.card.schema.backbone, device)
    named = parse_pairs(read_text_file(pairs))
    report = resolve(list(dict.fromkeys(g for pair in named for g in pair)), model.vocabulary)
    symbol = {r.name: r.symbol for r in report.records}
    asked = [(s, t) for s, t in ((symbol[a], symbol[b]) for a, b in named) if s is not None and t is not None]
    if any(r.status != "exact" for r in report.records):
        say(f"{pairs.name}: {report.sentence()}")
    if len(asked) < len(named):
        say(f"{len(named) - len(asked):,} of {len(named):,} pairs are left out: a gene of theirs is unknown.")
    cell = Context()
    if context != "pair":
        genes = read_genes(Path(context), model.vocabulary, strict=False).symbols
        cell = Context("genes", tuple(dict.fromkeys([*genes, *(g for pair in asked for g in pair)])), label=context)
    with Store() as store, progress_on_stderr() as progress:
        table = score_pairs(kept, model, asked, cell, store, prevalence=prevalence, progress=progress)
    used = kept.card.prevalence if prevalence is None else prevalence
    say(f"Probabilities assume that {used:.3g} of all candidate pairs are edges (--prevalence).")
    if kept.card.calibration is None:
        say(f"{kept.card.name} is not calibrated: its probabilities are those of the networks alone.")
    write_csv(table)


def read_text_file(file: Path) -> str:
    """Text of a file of any size, UTF-8."""
    try:
        return file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file} cannot be read as text: {error}.") from error
