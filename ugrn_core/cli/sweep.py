"""``ugrn sweep``: every listed source against every listed gene, into one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ugrn_core.cli.genes import read_genes
from ugrn_core.cli.options import (
    DEFAULT_BACKBONE,
    BackboneOption,
    BackgroundOption,
    BaseOption,
    DeviceOption,
    GeneColumnOption,
    GridOption,
    SourcesColumnOption,
    StrictOption,
    sweep_settings,
)
from ugrn_core.cli.output import progress_on_stderr, say
from ugrn_core.errors import InputError


def sweep(
    genes: Annotated[Path, typer.Option("--genes", metavar="FILE", help="Genes of the virtual cell.")],
    sources: Annotated[Path, typer.Option("--sources", metavar="FILE", help="Genes to sweep.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE.safetensors", help="File to write.")],
    gene_column: GeneColumnOption = None,
    sources_column: SourcesColumnOption = None,
    backbone: BackboneOption = DEFAULT_BACKBONE,
    base: BaseOption = None,
    grid: GridOption = None,
    background: BackgroundOption = "fixed",
    device: DeviceOption = None,
    strict: StrictOption = False,
) -> None:
    """Sweep listed sources against listed genes, into a file.

    The file holds response and slope, each (source, value, gene), and the names of every axis in its metadata.
    A run that was stopped goes on from the store of results when it is started again.
    """
    from ugrn_core.added_genes import with_genes
    from ugrn_core.backbones.registry import load_backbone
    from ugrn_core.cli.features_file import features_metadata, write_features
    from ugrn_core.data.context import list_context
    from ugrn_core.store import Store
    from ugrn_core.stored_sweep import stored_sources

    _check_out(out)
    model = load_backbone(backbone, device)
    settings = sweep_settings(model.card, base, grid, background)
    listed = list_context(read_genes(genes, model.vocabulary, strict, gene_column), genes.name)
    swept = read_genes(sources, model.vocabulary, strict, sources_column, regulators=True).symbols
    context, notes = with_genes(listed, swept, settings.base)
    for note in notes:
        say(note)
    metadata = features_metadata(model.card, model.fingerprint, context, swept, settings)
    with Store() as store, progress_on_stderr() as progress:
        write_features(out, metadata, stored_sources(model, context, swept, settings, store, progress=progress))
    say(f"{out}: {len(swept):,} sources x {len(settings.grid)} values x {len(context.genes):,} genes.")


def _check_out(out: Path) -> None:
    """Refuse a place that cannot be written before anything is computed."""
    if out.suffix != ".safetensors":
        raise InputError(f"--out is {out}; expected a name that ends in .safetensors.")
    if out.is_dir() or not out.parent.is_dir():
        raise InputError(f"--out is {out}; there is no folder {out.parent} to write a file of that name into.")
