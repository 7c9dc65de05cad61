"""``ugrn sweep``: every listed source against every listed gene, into one file."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ugrn_core.errors import InputError
from ugrn_core.whole_files import whole_file

if TYPE_CHECKING:
    from ugrn_core.sweep import SourceSweep
    from ugrn_core.types import BackboneCard, Context, SweepSettings
from typing import Annotated

import typer

from ugrn_core.backbones.registry import DEFAULT_BACKBONE
from ugrn_core.cli.genes import read_genes
from ugrn_core.cli.options import (
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

ALIGNMENT = 8  # bytes; safetensors pads its header with spaces so that the data starts at a multiple


def features_metadata(
    card: BackboneCard, fingerprint: str, context: Context, sources: Iterable[str], settings: SweepSettings
) -> dict[str, Any]:
    """What a features file says of itself."""
    from ugrn_core.sweep import SCHEMA

    return {
        "sources": list(sources),
        "grid": list(settings.grid),
        "genes": list(context.genes),
        "base": settings.base if context.values is None else list(context.values),
        "background": settings.background,
        "backbone": card.name,
        "fingerprint": fingerprint,
        "unit": card.unit,
        "context": context.label,
        "schema": SCHEMA,
    }


def write_features(file: Path, metadata: Mapping[str, Any], sweeps: Iterable[SourceSweep]) -> None:
    """Write ``sweeps`` (one a source of the metadata, in its order) as they come; the file appears when it is whole."""
    shape = tuple(len(metadata[axis]) for axis in ("sources", "grid", "genes"))
    names = ["response", "slope"] if metadata["background"] == "fixed" else ["slope"]
    header = _header(names, shape, metadata)
    row_bytes = 4 * shape[1] * shape[2]
    try:
        with whole_file(file) as partial, partial.open("wb") as out:
            out.write(header)
            for s, sweep in enumerate(sweeps):
                for n, name in enumerate(names):
                    out.seek(len(header) + (n * shape[0] + s) * row_bytes)
                    out.write(np.ascontiguousarray(getattr(sweep, name), dtype="<f4").tobytes())
    except OSError as error:
        raise InputError(f"Could not write {file}: {error}. Choose another place with --out.") from error


def _header(names: list[str], shape: tuple[int, ...], metadata: Mapping[str, Any]) -> bytes:
    """Length and JSON header of the safetensors format, padded to its alignment."""
    size = 4 * int(np.prod(shape))
    entries: dict[str, Any] = {"__metadata__": {k: json.dumps(v, allow_nan=False) for k, v in metadata.items()}}
    for n, name in enumerate(names):
        entries[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [n * size, (n + 1) * size]}
    text = json.dumps(entries, separators=(",", ":")).encode()
    text += b" " * (-len(text) % ALIGNMENT)
    return struct.pack("<Q", len(text)) + text


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
