"""Sweeps in one safetensors file, written row by row, so that it may be larger than the memory.

Tensors: ``response`` (source, value, gene) and ``slope`` (source, value, gene), float32; under background ``follow``
there is no ``response``. ``response[s, t, k]`` is the change of the reconstructed gene k when source s goes from its
base to grid[t], ``slope[s, t, k]`` its derivative there. The metadata names every axis; each value is JSON text:
``sources``, ``grid`` and ``genes`` (the axes), ``base`` (one number, or one a gene), ``background``, ``backbone``,
``fingerprint``, ``unit``, ``context``, ``schema``. The same content gives the same bytes.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ugrn_core.errors import InputError
from ugrn_core.sweep import SCHEMA, SourceSweep
from ugrn_core.types import BackboneCard, Context, SweepSettings
from ugrn_core.whole_files import whole_file

ALIGNMENT = 8  # bytes; safetensors pads its header with spaces so that the data starts at a multiple


def features_metadata(
    card: BackboneCard, fingerprint: str, context: Context, sources: Iterable[str], settings: SweepSettings
) -> dict[str, Any]:
    """What a features file says of itself."""
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
