"""``ugrn genes``: what a model makes of every name of a list."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ugrn_core.cli.options import DEFAULT_BACKBONE, BackboneOption, StrictOption
from ugrn_core.cli.output import say, write_csv

if TYPE_CHECKING:
    from ugrn_core.genes.resolve import GeneReport
    from ugrn_core.types import Vocabulary

GeneFile = Annotated[Path, typer.Argument(metavar="FILE", help="Gene names: text, one column of a CSV, any separator.")]


def genes(file: GeneFile, backbone: BackboneOption = DEFAULT_BACKBONE, strict: StrictOption = False) -> None:
    """Look up every name of a gene list, as CSV.

    The names looked for are those of a model's vocabulary; every name of the list gets a line. Columns: gene, status
    (exact, alias, ortholog, ambiguous, unknown), symbol, note, suggestions.
    """
    from ugrn_core.backbones.registry import load_backbone
    from ugrn_core.genes.gene_list import read_gene_list
    from ugrn_core.genes.resolve import resolve

    names = read_gene_list(file)
    report = resolve(names, load_backbone(backbone, "cpu").vocabulary, strict=strict)
    say(report.sentence())
    write_csv(report.frame())


def read_genes(file: Path, vocabulary: Vocabulary, strict: bool) -> GeneReport:
    """Report of a gene list; what was not found or renamed is said."""
    from ugrn_core.genes.gene_list import read_gene_list
    from ugrn_core.genes.resolve import resolve

    report = resolve(read_gene_list(file), vocabulary, strict=strict)
    if any(record.status != "exact" for record in report.records):
        say(f"{file.name}: {report.sentence()}")
    return report


def read_gene(name: str, vocabulary: Vocabulary) -> str:
    """Symbol of one gene; another spelling is said, an unknown one is a GeneError."""
    from ugrn_core.genes.resolve import resolve_one

    symbol = resolve_one(name, vocabulary)
    if symbol != name:
        say(f"{name} is {symbol} here.")
    return symbol
