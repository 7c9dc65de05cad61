"""``ugrn genes``: what a model makes of every name of a list."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ugrn_core.backbones.registry import DEFAULT_BACKBONE
from ugrn_core.cli.options import BackboneOption, GeneColumnOption, StrictOption
from ugrn_core.cli.output import say, write_csv

if TYPE_CHECKING:
    from ugrn_core.genes.resolve import GeneReport
    from ugrn_core.types import Vocabulary

GeneFile = Annotated[Path, typer.Argument(metavar="FILE", help="Gene names: a list or a table; -: standard input.")]


def genes(
    file: GeneFile,
    backbone: BackboneOption = DEFAULT_BACKBONE,
    gene_column: GeneColumnOption = None,
    strict: StrictOption = False,
) -> None:
    """Look up every name of a gene list, as CSV.

    The names looked for are those of a model's vocabulary; every name of the list gets a line. Columns: gene, status
    (exact, alias, ortholog, ambiguous, unknown), symbol, note, suggestions.
    """
    from ugrn_core.backbones.registry import load_backbone
    from ugrn_core.genes.gene_list import read_gene_list
    from ugrn_core.genes.resolve import resolve

    listed = read_gene_list(file, gene_column)
    report = resolve(listed.names, load_backbone(backbone, "cpu").vocabulary, strict=strict)
    for sentence in (listed.said, report.sentence()):
        if sentence:
            say(sentence)
    write_csv(report.frame())


def read_genes(
    file: Path, vocabulary: Vocabulary, strict: bool, column: str | None = None, *, regulators: bool = False
) -> GeneReport:
    """Report of a gene list; which column was read, and what was not found or renamed, is said."""
    from ugrn_core.genes.gene_list import read_gene_list
    from ugrn_core.genes.resolve import resolve

    listed = read_gene_list(file, column, regulators=regulators)
    if listed.said:
        say(f"{file.name}: {listed.said}")
    report = resolve(listed.names, vocabulary, strict=strict)
    if any(record.status != "exact" for record in report.records):
        say(f"{file.name}: {report.sentence()}")
    return report


def read_pairs_text(file: Path) -> str:
    """Text of a file of pairs or edges, of up to 100 MB; anything else is an InputError."""
    from ugrn_core.genes.text_file import MAX_EDGE_BYTES, read_text

    return read_text(file, "list of pairs", MAX_EDGE_BYTES)


def read_gene(name: str, vocabulary: Vocabulary) -> str:
    """Symbol of one gene; another spelling is said, an unknown one is a GeneError."""
    from ugrn_core.genes.resolve import resolve_one

    symbol = resolve_one(name, vocabulary)
    if symbol != name:
        say(f"{name} is {symbol} here.")
    return symbol
