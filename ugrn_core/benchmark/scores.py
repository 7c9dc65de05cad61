"""Scores of every pair of a test, keyed by pair hash and without labels: whoever has BEELINE can join them.

Tensors of a file: ``SET|NETWORK|hash`` (pair,) uint64, rising, and ``SET|NETWORK|METHOD`` (pair,) float32. Its metadata
says of which run it is (``run``); a folder holds the files of one run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from ugrn_core.beeline.networks import Edge, Row
from ugrn_core.errors import InputError
from ugrn_core.pair_hashes import pair_hashes
from ugrn_core.whole_files import whole_file


def scores_name(protocol_name: str, split: str, backbone: str, weights: str) -> str:
    """Name of the file with the scores of one training by one contestant."""
    name = f"{protocol_name} {split} {backbone} {weights}".replace("/", "-").replace(" ", "_")
    return f"{name.replace('(', '').replace(')', '')}.safetensors"


def write_scores(
    file: Path, pairs: Mapping[Row, Sequence[Edge]], scores: Mapping[Row, Mapping[str, np.ndarray]], run: str
) -> None:
    """Write the scores of several tests of a run; the file appears when it is whole."""
    tensors: dict[str, np.ndarray] = {}
    for row, methods in scores.items():
        hashes = pair_hashes(pairs[row])
        order = np.argsort(hashes)
        tensors[f"{row.data_set}|{row.network}|hash"] = hashes[order]
        for method, values in methods.items():
            tensors[f"{row.data_set}|{row.network}|{method}"] = values[order].astype(np.float32)
    file.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(file) as partial:
        save_file(tensors, partial, {"run": run})


def has_scores(file: Path, run: str) -> bool:
    """Whether the scores of a run are in their file; a file of another run is an InputError."""
    if not file.is_file():
        return False
    try:
        with safe_open(file, framework="numpy") as tensors:
            held = (tensors.metadata() or {}).get("run")
    except (OSError, SafetensorError) as error:
        raise InputError(f"{file} cannot be read as scores of a benchmark: {error}. Delete it.") from error
    if held != run:
        raise InputError(f"{file} holds scores of another run. Give this one a folder of its own with --scores.")
    return True


def read_scores(file: Path, row: Row, pairs: Sequence[Edge]) -> dict[str, np.ndarray]:
    """Scores (pair,) by method of the given pairs of a test, in their order; NaN for a pair the file does not hold."""
    try:
        with safe_open(file, framework="numpy") as tensors:
            prefix = f"{row.data_set}|{row.network}|"
            names = [n for n in tensors.keys() if n.startswith(prefix)]  # noqa: SIM118 (not a dict)
            held = {n.removeprefix(prefix): tensors.get_tensor(n) for n in names}
    except (OSError, SafetensorError) as error:
        raise InputError(f"{file} cannot be read as scores of a benchmark: {error}.") from error
    if "hash" not in held:
        raise InputError(f"{file} holds no scores of {row}.")
    known, wanted = held.pop("hash"), pair_hashes(pairs)
    at = np.minimum(np.searchsorted(known, wanted), max(len(known) - 1, 0))
    found = known[at] == wanted if len(known) else np.zeros(len(wanted), bool)
    return {method: np.where(found, values[at], np.nan) for method, values in held.items()}
